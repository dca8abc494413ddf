// SPDX-License-Identifier: Apache-2.0
#include "core/tiling/unroll_by_intensity.h"

#include <gtest/gtest.h>

#include "tests/tiling/random_unroll.h"

namespace st {
namespace {

using test::copies;
using test::lecture_example;
using test::problems_of;
using test::random_unroll;
using Lines = std::vector<std::string>;

int64_t latency(const UnrollProblem& problem, const UnrollSolution& solution, size_t node) {
  return intensity(problem, static_cast<int>(node)) / copies(solution.unroll[node]);
}

int64_t slowest(const UnrollProblem& problem, const UnrollSolution& solution) {
  int64_t most = 0;
  for (size_t n = 0; n < problem.nodes.size(); ++n)
    most = std::max(most, latency(problem, solution, n));
  return most;
}

int64_t all_copies(const UnrollSolution& solution) {
  int64_t sum = 0;
  for (const std::vector<int64_t>& factors : solution.unroll) sum += copies(factors);
  return sum;
}

UnrollSolution solved_by_intensity(const UnrollProblem& problem, int64_t size,
                                   bool connection_aware = true) {
  Result<UnrollSolution> solution = unroll_by_intensity(problem, size, connection_aware);
  EXPECT_TRUE(solution.ok());
  EXPECT_EQ(problems_of(verify(problem, *solution, {.connection_aware = connection_aware})),
            Lines{});
  EXPECT_LE(all_copies(*solution), size);
  return *solution;
}

TEST(UnrollByIntensity, TheSlowestGrowsFirst) {
  const UnrollProblem problem = lecture_example();
  EXPECT_EQ(solved_by_intensity(problem, 3).unroll, (UnrollTable{{1, 1}, {1, 1}, {1, 1, 1}}));
  EXPECT_EQ(solved_by_intensity(problem, 4).unroll, (UnrollTable{{1, 1}, {1, 1}, {1, 2, 1}}));
  EXPECT_EQ(solved_by_intensity(problem, 6).unroll, (UnrollTable{{1, 1}, {1, 1}, {2, 2, 1}}));
  EXPECT_EQ(solved_by_intensity(problem, 10).unroll, (UnrollTable{{1, 1}, {1, 1}, {2, 4, 1}}));
  // node0 and node2 take 512 cycles each now; the first one is first.
  EXPECT_EQ(solved_by_intensity(problem, 11).unroll, (UnrollTable{{1, 2}, {1, 1}, {2, 4, 1}}));
}

TEST(UnrollByIntensity, AStepThatDoesNotFitLeavesTheRestToOthers) {
  // node2 would need 8 more copies, and 5 are left: node0 and node1 share them.
  const UnrollSolution solution = solved_by_intensity(lecture_example(), 16);
  EXPECT_EQ(solution.unroll, (UnrollTable{{2, 2}, {2, 2}, {2, 4, 1}}));
  EXPECT_EQ(solution.banks, (UnrollTable{{4, 2}, {2, 4}, {2, 4}}));
  EXPECT_EQ(all_copies(solution), 16);
}

TEST(UnrollByIntensity, NodesOfAnExternalArrayGrowTogether) {
  UnrollProblem problem;
  problem.arrays = {{"x", {16}, true}};
  problem.nodes = {{"slow", {{"j", 2}, {"i", 16}}, {{0, {{1}}}}},
                   {"fast", {{"i", 16}}, {{0, {{0}}}}}};
  // The inner loop comes first, but its step costs a copy of each node.
  EXPECT_EQ(solved_by_intensity(problem, 3).unroll, (UnrollTable{{2, 1}, {1}}));
  EXPECT_EQ(solved_by_intensity(problem, 4).unroll, (UnrollTable{{1, 2}, {2}}));
}

TEST(UnrollByIntensity, RefusesASizeBelowOneCopyPerNode) {
  EXPECT_EQ(unroll_by_intensity(lecture_example(), 2).errors().at(0).message,
            "an overall unroll size of 2 is too small for 3 nodes");
  EXPECT_TRUE(unroll_by_intensity({}, 0).ok());
}

TEST(UnrollByIntensity, RandomProblemsStayWithinTheSizeAndNeverGetSlower) {
  int64_t steps = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    // Half of them without external arrays: with them, a step that one node takes may be what
    // makes a larger one not fit.
    const UnrollProblem problem =
        random_unroll(seed, {.powers_of_two = seed % 4 == 0, .external = seed % 2 == 1});
    const auto nodes = static_cast<int64_t>(problem.nodes.size());
    const int64_t unrolled_by_one = slowest(problem, solved_by_intensity(problem, nodes));
    int64_t before = unrolled_by_one;
    for (int64_t size = nodes; size < nodes + 40; size += 1 + size / 8) {
      const UnrollSolution solution = solved_by_intensity(problem, size, seed % 3 != 0);
      const int64_t now = slowest(problem, solution);
      EXPECT_LE(now, seed % 2 == 0 ? before : unrolled_by_one) << "size " << size;
      steps += now < before ? 1 : 0;
      before = now;
    }
  }
  EXPECT_GT(steps, 200);  // so that the problems test something
}

TEST(UnrollByIntensity, NoStepOfTheSlowestIsLeft) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    const UnrollProblem problem = random_unroll(seed, {.powers_of_two = true, .external = false});
    const int64_t size = static_cast<int64_t>(problem.nodes.size()) + 10;
    const UnrollSolution solution = solved_by_intensity(problem, size);
    const int64_t most = slowest(problem, solution);
    for (size_t n = 0; n < problem.nodes.size(); ++n) {
      if (latency(problem, solution, n) < most) continue;
      for (size_t l = 0; l < problem.nodes[n].loops.size(); ++l) {
        UnrollSolution more = solution;
        more.unroll[n][l] *= 2;
        more.banks = banks_of(problem, more.unroll);
        EXPECT_TRUE(all_copies(more) > size || !verify(problem, more, {}).ok())
            << "node " << n << " loop " << l;
      }
    }
  }
}

}  // namespace
}  // namespace st
