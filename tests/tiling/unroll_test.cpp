// SPDX-License-Identifier: Apache-2.0
#include "core/tiling/unroll.h"

#include <gtest/gtest.h>

#include <optional>

#include "tests/tiling/random_unroll.h"

namespace st {
namespace {

using test::copies;
using test::lecture_example;
using test::problems_of;
using test::Random;
using test::random_unroll;
using Lines = std::vector<std::string>;

/// Banks of each array in all.
std::vector<int64_t> products(const UnrollTable& banks) {
  std::vector<int64_t> result;
  for (const std::vector<int64_t>& factors : banks) result.push_back(product_of_banks(factors));
  return result;
}

UnrollSolution solved(const UnrollProblem& problem, const UnrollOptions& options) {
  Result<UnrollSolution> solution = unroll(problem, options);
  EXPECT_TRUE(solution.ok());
  EXPECT_EQ(problems_of(verify(problem, *solution, options)), Lines{});
  return *solution;
}

// The columns of HIDA's table, on its example.

TEST(Unroll, TableWithIntensityAndConnections) {
  const UnrollSolution solution = solved(lecture_example(), {true, true});
  EXPECT_EQ(solution.unroll, (UnrollTable{{4, 1}, {1, 2}, {4, 8, 1}}));
  EXPECT_EQ(solution.banks, (UnrollTable{{8, 1}, {1, 8}, {4, 8}}));
  EXPECT_EQ(products(solution.banks), (std::vector<int64_t>{8, 8, 32}));
}

TEST(Unroll, TableWithIntensityAlone) {
  const UnrollSolution solution = solved(lecture_example(), {true, false});
  EXPECT_EQ(solution.unroll, (UnrollTable{{2, 2}, {1, 2}, {4, 8, 1}}));
  // The slide has [2,8] and 16 banks for B, which its own factors [1,2] of node1 do not ask for.
  EXPECT_EQ(solution.banks, (UnrollTable{{8, 2}, {1, 8}, {4, 8}}));
  EXPECT_EQ(products(solution.banks), (std::vector<int64_t>{16, 8, 32}));
}

TEST(Unroll, TableWithConnectionsAlone) {
  const UnrollSolution solution = solved(lecture_example(), {false, true});
  EXPECT_EQ(solution.unroll, (UnrollTable{{8, 4}, {4, 8}, {4, 8, 1}}));
  EXPECT_EQ(solution.banks, (UnrollTable{{8, 4}, {4, 8}, {4, 8}}));
  EXPECT_EQ(products(solution.banks), (std::vector<int64_t>{32, 32, 32}));
}

TEST(Unroll, TableNaive) {
  const UnrollSolution solution = solved(lecture_example(), {false, false});
  EXPECT_EQ(solution.unroll, (UnrollTable{{4, 8}, {4, 8}, {4, 8, 1}}));
  // The slide has [8,8] and 64 banks for B; the factors [4,8] of node1 are those of the column
  // before, where it has 32.
  EXPECT_EQ(solution.banks, (UnrollTable{{8, 8}, {4, 8}, {4, 8}}));
  EXPECT_EQ(products(solution.banks), (std::vector<int64_t>{64, 32, 32}));
}

TEST(Unroll, PrimesOtherThanTwoStayWithinTheParallelFactor) {
  UnrollProblem problem;
  problem.nodes = {{"n", {{"i", 3 * 4}}, {}}};
  const auto factor = [&](int64_t most_parallel) {
    problem.most_parallel = most_parallel;
    return solved(problem, {}).unroll[0][0];
  };
  EXPECT_EQ(factor(2), 2);
  EXPECT_EQ(factor(3), 4);  // a doubling may exceed
  EXPECT_EQ(factor(11), 4);
  EXPECT_EQ(factor(12), 12);
  problem.nodes[0].loops[0].trip = 50257;  // the vocabulary of GPT-2: 29 * 1733
  EXPECT_EQ(factor(28), 1);
  EXPECT_EQ(factor(1000), 29);
}

TEST(Unroll, NodesOnAnExternalArrayGetEqualFactorsAndGrowTheRestAnew) {
  // The first node has most connections, and takes its loops i and j by two each. The second is
  // larger and walks i of x only: it takes i to 16, and the first one, queued again, leaves j.
  UnrollProblem problem;
  problem.arrays = {{"x", {16}, true}, {"y", {16}}};
  problem.nodes = {{"small", {{"i", 16}, {"j", 16}}, {{0, {{0}}}, {1, {{1}}}}},
                   {"large", {{"i", 16}, {"r", 64, true}}, {{0, {{0}}}}},
                   {"tail", {{"j", 16}}, {{1, {{0}}}}}};
  problem.most_parallel = 16;
  EXPECT_EQ(parallel_factor(problem, 0, {}), 4);
  EXPECT_EQ(solved(problem, {}).unroll, (UnrollTable{{16, 1}, {16, 1}, {1}}));
  problem.arrays[0].external = false;
  EXPECT_EQ(solved(problem, {}).unroll[0], (std::vector<int64_t>{2, 2}));
}

TEST(Unroll, BoundsOfCopiesAndBanksHold) {
  UnrollProblem problem = lecture_example();
  problem.most_unroll = 8;
  EXPECT_EQ(copies(solved(problem, {}).unroll[2]), 8);
  problem = lecture_example();
  problem.most_banks = 4;
  const UnrollSolution solution = solved(problem, {});
  for (const int64_t banks : products(solution.banks)) EXPECT_LE(banks, 4);
  // A has 4 banks for the step of two that i * 2 makes, and C has 2 x 2.
  EXPECT_EQ(solution.unroll[2], (std::vector<int64_t>{2, 2, 1}));
}

TEST(Unroll, RefusesABrokenProblem) {
  UnrollProblem problem = lecture_example();
  problem.most_parallel = 0;
  EXPECT_EQ(unroll(problem).errors().at(0).code, "E0320");
}

TEST(Unroll, NoDoublingIsLeftBelowTheParallelFactor) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    // Elsewhere a neighbour that grows later may make a step legal that was not.
    const UnrollProblem problem = random_unroll(seed, {.powers_of_two = true, .external = false});
    const UnrollOptions options{seed % 2 == 0, seed % 4 < 2};
    const UnrollSolution solution = solved(problem, options);
    for (size_t n = 0; n < problem.nodes.size(); ++n) {
      if (copies(solution.unroll[n]) >= parallel_factor(problem, static_cast<int>(n), options))
        continue;
      for (size_t l = 0; l < problem.nodes[n].loops.size(); ++l) {
        UnrollSolution more = solution;
        more.unroll[n][l] *= 2;
        more.banks = banks_of(problem, more.unroll);
        EXPECT_FALSE(verify(problem, more, options).ok()) << "node " << n << " loop " << l;
      }
    }
  }
}

/// A change after which a solution is none, or nothing if this kind does not apply.
std::optional<UnrollSolution> mutated(const UnrollProblem& problem, UnrollSolution solution,
                                      int kind, const UnrollOptions& options, Random& random) {
  const auto n = static_cast<size_t>(random.below(static_cast<int64_t>(problem.nodes.size())));
  const auto l =
      static_cast<size_t>(random.below(static_cast<int64_t>(problem.nodes[n].loops.size())));
  const auto a = static_cast<size_t>(random.below(static_cast<int64_t>(problem.arrays.size())));
  const int64_t trip = problem.nodes[n].loops[l].trip;
  int64_t& factor = solution.unroll[n][l];
  switch (kind) {
    case 0:  // no divisor
      factor = random.pick<int64_t>({0, -1, -factor, trip + 1, 2 * trip, trip - 1 - trip / 2});
      if (factor > 0 && trip % factor == 0) return std::nullopt;
      solution.banks = banks_of(problem, solution.unroll);
      return solution;
    case 1:  // more or fewer banks
      solution.banks[a][random.below(static_cast<int64_t>(solution.banks[a].size()))] +=
          random.pick<int64_t>({-1, 1, 7});
      return solution;
    case 2:  // more copies than are allowed
      for (size_t i = 0; i < solution.unroll[n].size(); ++i)
        solution.unroll[n][i] = problem.nodes[n].loops[i].trip;
      if (copies(solution.unroll[n]) <= problem.most_unroll) return std::nullopt;
      solution.banks = banks_of(problem, solution.unroll);
      return solution;
    case 3: {  // banks that belong to other factors
      const UnrollTable banks = solution.banks;
      factor = random.chance(0.5) ? 1 : trip;
      if (banks_of(problem, solution.unroll) == banks) return std::nullopt;
      return solution;
    }
    case 4:  // a missing row or number
      if (random.chance(0.5)) {
        solution.unroll[n].pop_back();
      } else {
        solution.banks.pop_back();
      }
      return solution;
    default:  // loops that must fit each other do not
      for (const Connection& connection : connections(problem)) {
        const bool external = problem.arrays[connection.array].external;
        for (const Connection::Loops& loops : connection.loops) {
          int64_t& of_a = solution.unroll[connection.a][loops.a];
          const int64_t of_b = solution.unroll[connection.b][loops.b], old = of_a;
          for (of_a = 1; of_a <= problem.nodes[connection.a].loops[loops.a].trip; ++of_a) {
            const int64_t reach_a = of_a * loops.stride_a, reach_b = of_b * loops.stride_b;
            const bool apart = reach_a % reach_b != 0 && reach_b % reach_a != 0;
            if (problem.nodes[connection.a].loops[loops.a].trip % of_a == 0 &&
                ((external && of_a != of_b) ||
                 (options.connection_aware && loops.binding() && apart))) {
              solution.banks = banks_of(problem, solution.unroll);
              return solution;
            }
          }
          of_a = old;
        }
      }
      return std::nullopt;
  }
}

TEST(Unroll, RandomProblemsAreSolvedAndMutationsRefused) {
  constexpr int Kinds = 6;
  std::vector<int> refused(Kinds, 0);
  int64_t unrolled = 0, reached = 0, nodes = 0;
  for (uint64_t seed = 0; seed < 2'000; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    const UnrollProblem problem = random_unroll(seed, {.powers_of_two = seed % 3 == 0});
    ASSERT_EQ(problems_of(problem.check()), Lines{});
    const UnrollOptions options{seed % 5 != 0, seed % 7 != 0};
    const UnrollSolution solution = solved(problem, options);
    for (size_t n = 0; n < problem.nodes.size(); ++n) {
      const int64_t goal = parallel_factor(problem, static_cast<int>(n), options);
      unrolled += copies(solution.unroll[n]) > 1 ? 1 : 0;
      reached += copies(solution.unroll[n]) >= goal ? 1 : 0;
      ++nodes;
    }
    Random random(seed);
    for (int kind = 0; kind < Kinds; ++kind) {
      const auto bad = mutated(problem, solution, kind, options, random);
      if (!bad) continue;
      EXPECT_FALSE(verify(problem, *bad, options).ok()) << "kind " << kind;
      ++refused[kind];
    }
  }
  // So that the random problems test something.
  EXPECT_GT(unrolled, nodes / 2);
  EXPECT_GT(reached, nodes / 2);
  for (int kind = 0; kind < Kinds; ++kind) EXPECT_GT(refused[kind], 400) << "kind " << kind;
}

}  // namespace
}  // namespace st
