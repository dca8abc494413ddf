// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>

#include "core/resources/fifo_problem.h"

namespace st {
namespace {

using Numbers = std::vector<int64_t>;

FifoSolution solved(const FifoProblem& problem) {
  const auto solution = size_fifos(problem);
  EXPECT_TRUE(solution.ok()) << (solution.ok() ? "" : solution.errors().at(0).message);
  return solution.ok() ? *solution : FifoSolution{};
}

Numbers delays_of(const FifoProblem& problem, const FifoSolution& solution) {
  Numbers delays;
  for (const FifoProblem::Edge& edge : problem.edges) {
    delays.push_back(solution.start.at(edge.target) - solution.start.at(edge.source));
  }
  return delays;
}

/// What the program minimises, before rounding and without the cap at T: bits beyond what is free.
double cost_of_starts(const FifoProblem& problem, const Numbers& start) {
  double cost = 0;
  for (const FifoProblem::Edge& edge : problem.edges) {
    const Depth depth = depth_for(problem, edge, start[edge.target] - start[edge.source]);
    cost += static_cast<double>(depth.tokens * edge.width_bits);
  }
  return cost;
}

TEST(SizeFifos, FigureEightNeedsThree) {
  FifoProblem problem;
  problem.tasks = {{"source", 7, 3}, {"target", 9, 1}};
  problem.edges = {{0, 1, 5, 32, 0}};
  const FifoSolution solution = solved(problem);
  EXPECT_EQ(solution.start, (Numbers{0, 3}));
  EXPECT_EQ(solution.depth, Numbers{3});
  EXPECT_EQ(solution.reason.at(0), DepthReason::SourceFaster);
}

/// Figure 8(f): 0 -> 1 -> 2 and 0 -> 2.
TEST(SizeFifos, ThreeKernelsHaveTheDelaysOfThePaper) {
  FifoProblem problem;
  problem.tasks = {{"0", 20, 4}, {"1", 24, 8}, {"2", 17, 1}};
  problem.edges = {{0, 1, 16, 32, 0}, {1, 2, 16, 32, 0}, {0, 2, 16, 32, 0}};
  EXPECT_EQ(delays_of(problem, solved(problem)), (Numbers{4, 8, 12}));
}

/// A block of 16 tokens beside a shortcut, with D at the rate of its input: a depth of 16 is the
/// least that runs, 5 (from D of the block alone) deadlocks.
TEST(SizeFifos, RateAwareDelayHoldsAWholeBlock) {
  FifoProblem problem;
  problem.tasks = {{"slow", 4 + 63 * 4, 4}, {"block", 65 + 63 * 4, 65}, {"join", 64, 1}};
  problem.edges = {{0, 1, 64, 8, 0}, {1, 2, 64, 8, 0}, {0, 2, 64, 8, 0}};
  const FifoSolution solution = solved(problem);
  EXPECT_EQ(delays_of(problem, solution), (Numbers{4, 65, 69}));
  EXPECT_EQ(solution.depth[2], 17);
}

/// No path joins the two sources, but both begin at once: what is ready first waits for the other.
TEST(SizeFifos, IndependentRootsAreTiedTogether) {
  FifoProblem problem;
  problem.tasks = {{"late", 400 + 63, 400}, {"slow", 1 + 63 * 8, 1}, {"join", 64, 1}};
  problem.edges = {{0, 2, 64, 8, 0}, {1, 2, 64, 8, 0}};
  const FifoSolution solution = solved(problem);
  EXPECT_EQ(solution.start, (Numbers{0, 0, 400}));
  EXPECT_EQ(solution.depth[1], 50);  // pushes in cycles 1, 9, ..., 393
  EXPECT_EQ(solution.reason[1], DepthReason::SourceSlower);
}

/// The slack of the short branch may lie before or behind `narrow`; it belongs where tokens are
/// small.
TEST(SizeFifos, SlackGoesToTheNarrowStream) {
  FifoProblem problem;
  problem.tasks = {{"fork", 101, 1}, {"long", 150, 50}, {"narrow", 101, 1}, {"join", 100, 1}};
  problem.edges = {{0, 1, 100, 8, 0}, {1, 3, 100, 8, 0}, {0, 2, 100, 512, 0}, {2, 3, 100, 32, 0}};
  EXPECT_EQ(delays_of(problem, solved(problem)), (Numbers{1, 50, 1, 50}));
  std::swap(problem.edges[2].width_bits, problem.edges[3].width_bits);
  const Numbers delays = delays_of(problem, solved(problem));
  EXPECT_EQ(delays[2] + delays[3], 51);
  EXPECT_LE(delays[3], 3);  // a depth of LeastDepth is free
}

TEST(SizeFifos, SlackGoesWhereAFloorHasPaidForIt) {
  FifoProblem problem;
  problem.tasks = {{"fork", 101, 1}, {"long", 150, 50}, {"narrow", 101, 1}, {"join", 100, 1}};
  problem.edges = {{0, 1, 100, 8, 0}, {1, 3, 100, 8, 0}, {0, 2, 100, 512, 60}, {2, 3, 100, 32, 0}};
  const FifoSolution solution = solved(problem);
  EXPECT_EQ(solution.depth[2], 60);
  EXPECT_EQ(solution.reason[2], DepthReason::Floor);
  EXPECT_EQ(solution.depth[3], 2);
}

/// Storage alone would start `wait` late, beside the long branch that it feeds; `tail` would then
/// end last.
TEST(SizeFifos, StorageIsNotSavedAtTheCostOfTime) {
  FifoProblem problem;
  problem.tasks = {
      {"root", 101, 1}, {"long", 150, 50}, {"wait", 101, 1}, {"join", 100, 1}, {"tail", 180, 1}};
  problem.edges = {{0, 1, 100, 8, 0},
                   {1, 3, 100, 8, 0},
                   {0, 2, 100, 8, 0},
                   {2, 3, 100, 512, 0},
                   {2, 4, 100, 8, 0}};
  const FifoSolution solution = solved(problem);
  EXPECT_EQ(cycles_of(problem, solution.start), cycles_of(problem, earliest_starts(problem)));
}

TEST(SizeFifos, NetworksWithoutEdgesAreFine) {
  EXPECT_TRUE(size_fifos({}).ok());
  FifoProblem problem;
  problem.tasks = {{"alone", 5, 1}};
  EXPECT_EQ(solved(problem).start, Numbers{0});
}

TEST(SizeFifos, BadProblemsAreErrors) {
  FifoProblem problem;
  problem.tasks = {{"a", 5, 1}, {"b", 5, 1}};
  problem.edges = {{0, 1, 1, 8, 0}, {1, 0, 1, 8, 0}};
  const auto solution = size_fifos(problem);
  ASSERT_FALSE(solution.ok());
  EXPECT_EQ(solution.errors().at(0).code, "E0320");
}

/// A random network without cycles. `scale` multiplies all times.
FifoProblem random_problem(std::mt19937& random, int tasks, int64_t scale) {
  const auto pick = [&](int low, int high) {
    return low + static_cast<int>(random() % static_cast<unsigned>(high - low + 1));
  };
  FifoProblem problem;
  for (int i = 0; i < tasks; ++i) {
    const int64_t delay = pick(0, 40) * scale + pick(0, 3);
    problem.tasks.push_back({"t" + std::to_string(i), delay + pick(1, 100) * scale, delay});
  }
  for (int i = 1; i < tasks; ++i) {
    const int inputs = pick(0, 2);
    for (int k = 0; k < inputs; ++k) {
      problem.edges.push_back({pick(std::max(0, i - 12), i - 1), i,
                               pick(1, 30) * std::max<int64_t>(1, scale / 7), 8 * pick(1, 64),
                               pick(0, 5) == 0 ? pick(1, 20) : 0});
    }
  }
  return problem;
}

TEST(SizeFifos, RandomNetworksHaveVerifiedSolutions) {
  constexpr unsigned Seed = 7;
  std::mt19937 random(Seed);
  for (int trial = 0; trial < 300; ++trial) {
    const int64_t scale = std::vector<int64_t>{1, 50, 1'000'000, 1'000'000'000}[trial % 4];
    const FifoProblem problem = random_problem(random, 2 + trial % 60, scale);
    const auto solution = size_fifos(problem);
    ASSERT_TRUE(solution.ok()) << "seed " << Seed << ", trial " << trial << ": "
                               << solution.errors().at(0).message;
    ASSERT_TRUE(verify(problem, *solution).ok());
    const FifoSolution again = solved(problem);
    ASSERT_EQ(again.start, solution->start);
    ASSERT_EQ(again.depth, solution->depth);
  }
}

TEST(SizeFifos, LargeNetworkIsQuick) {
  std::mt19937 random(11);
  const FifoProblem problem = random_problem(random, 1500, 100);
  EXPECT_TRUE(verify(problem, solved(problem)).ok());
}

/// All whole schedules of small networks: none needs fewer bits than the solution, but for rounding
/// of tokens, which the program leaves out.
TEST(SizeFifos, NoOtherScheduleIsSmaller) {
  constexpr unsigned Seed = 3;
  std::mt19937 random(Seed);
  for (int trial = 0; trial < 200; ++trial) {
    FifoProblem problem;
    const auto pick = [&](int low, int high) {
      return low + static_cast<int>(random() % static_cast<unsigned>(high - low + 1));
    };
    // Many tokens, so that no depth is capped; one token per cycle, so that nothing is rounded.
    for (int i = 0; i < 4; ++i) {
      const int64_t delay = pick(0, 6);
      problem.tasks.push_back({"t", delay + 63, delay});
    }
    for (int i = 1; i < 4; ++i) {
      for (int j = 0; j < i; ++j) {
        if (pick(0, 2) != 0) problem.edges.push_back({j, i, 64, 8 * pick(1, 9), pick(0, 6)});
      }
    }
    const FifoSolution solution = solved(problem);
    const int64_t cycles = cycles_of(problem, earliest_starts(problem));
    double best = cost_of_starts(problem, solution.start);
    const double found = best;
    Numbers start(4, 0);
    const std::function<void(size_t)> visit = [&](size_t task) {
      if (task == start.size()) {
        best = std::min(best, cost_of_starts(problem, start));
        return;
      }
      int64_t least = 0;
      bool root = true;
      for (const FifoProblem::Edge& edge : problem.edges) {
        if (edge.target != static_cast<int>(task)) continue;
        root = false;
        least = std::max(least, start[edge.source] + problem.tasks[edge.source].initial_delay);
      }
      const int64_t most = root ? 0 : cycles - problem.tasks[task].latency;
      for (start[task] = least; start[task] <= most; ++start[task]) visit(task + 1);
    };
    visit(0);
    ASSERT_EQ(found, best) << "seed " << Seed << ", trial " << trial;
  }
}

}  // namespace
}  // namespace st
