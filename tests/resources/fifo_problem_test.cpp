// SPDX-License-Identifier: Apache-2.0
#include "core/resources/fifo_problem.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace st {
namespace {

/// Figure 8(a) of the paper: 5 tokens; the source has D = 3 and a push per cycle, the target pulls
/// every second cycle.
FifoProblem figure_8() {
  FifoProblem problem;
  problem.tasks = {{"source", 7, 3}, {"target", 9, 1}};
  problem.edges = {{0, 1, 5, 32, 0}};
  return problem;
}

/// Runs source and target cycle by cycle, without any bound, and returns the most slots in use. The
/// source pushes evenly and rather early, the target pulls evenly and rather late, and is put off
/// by each token that it has to wait for. Within a cycle the push comes first and needs a slot of
/// its own.
int64_t simulated_peak(const EdgeRates& rates, int64_t delay) {
  const int64_t steps = std::max<int64_t>(1, rates.tokens - 1);
  const auto push_at = [&](int64_t k) { return rates.first_push + k * rates.push_cycles / steps; };
  const auto pull_at = [&](int64_t k) { return (k * rates.pull_cycles + steps - 1) / steps; };
  int64_t pushed = 0;
  int64_t pulled = 0;
  int64_t next_pull = delay;
  int64_t peak = 0;
  for (int64_t cycle = 0; pulled < rates.tokens; ++cycle) {
    if (pushed < rates.tokens && push_at(pushed) == cycle) ++pushed;
    peak = std::max(peak, pushed - pulled);
    if (cycle >= next_pull && pushed > pulled) {
      ++pulled;
      next_pull = cycle + pull_at(pulled) - pull_at(pulled - 1);
    }
  }
  return peak;
}

std::vector<std::string> messages_of(const Status& status) {
  std::vector<std::string> messages;
  if (status.ok()) return messages;
  for (const Diagnostic& problem : status.errors()) {
    EXPECT_EQ(problem.code, "E0320");
    messages.push_back(problem.message);
  }
  return messages;
}

using Lines = std::vector<std::string>;

TEST(TokenEquations, FigureEightHoldsThreeTokens) {
  const FifoProblem problem = figure_8();
  const EdgeRates rates = rates_of(problem, problem.edges[0]);
  EXPECT_EQ(rates.push_cycles, 4);
  EXPECT_EQ(rates.pull_cycles, 8);
  EXPECT_TRUE(rates.source_faster());
  EXPECT_EQ(tokens_held(rates, 3), 3);
  EXPECT_EQ(tokens_held(rates, 4), 4);  // the simulation needs 3: Eq. 1 may be one too high
  EXPECT_EQ(simulated_peak(rates, 3), 3);
  EXPECT_EQ(simulated_peak(rates, 4), 3);
}

TEST(TokenEquations, SlowSourceCountsAPushThatMeetsAPull) {
  FifoProblem problem;
  problem.tasks = {{"source", 2 + 9 * 4, 2}, {"target", 10, 1}};
  problem.edges = {{0, 1, 10, 32, 0}};
  const EdgeRates rates = rates_of(problem, problem.edges[0]);
  EXPECT_FALSE(rates.source_faster());
  EXPECT_EQ(tokens_held(rates, 2), 1);   // the paper's ceil gives 0
  EXPECT_EQ(tokens_held(rates, 10), 3);  // pushes in cycles 2, 6 and 10; the paper's ceil gives 2
  EXPECT_EQ(simulated_peak(rates, 10), 3);
}

/// L / T as interval of the source would call this source slow and give a depth of 1.
TEST(TokenEquations, LateBurstIsNotTakenForASlowSource) {
  FifoProblem problem;
  problem.tasks = {{"source", 104, 100}, {"target", 10, 1}};
  problem.edges = {{0, 1, 5, 32, 0}};
  const EdgeRates rates = rates_of(problem, problem.edges[0]);
  EXPECT_TRUE(rates.source_faster());
  EXPECT_EQ(tokens_held(rates, 110), 5);
  EXPECT_EQ(simulated_peak(rates, 110), 5);
}

/// ceil(L / T) as interval of the target would hold half of the run.
TEST(TokenEquations, PipelineDepthOfTheTargetIsNotItsRate) {
  FifoProblem problem;
  problem.tasks = {{"source", 1002, 3}, {"target", 1029, 30}};
  problem.edges = {{0, 1, 1000, 32, 0}};
  const EdgeRates rates = rates_of(problem, problem.edges[0]);
  EXPECT_EQ(tokens_held(rates, 3), 1);
  EXPECT_EQ(simulated_peak(rates, 3), 1);
}

/// A target that reads over its whole run says so.
TEST(TokenEquations, PullsCanBeGivenByTheCaller) {
  FifoProblem problem = figure_8();
  problem.edges[0].pull_cycles = 16;
  EXPECT_EQ(rates_of(problem, problem.edges[0]).pull_cycles, 16);
  EXPECT_EQ(depth_for(problem, problem.edges[0], 3).tokens, 4);
}

/// The depth never stalls the source, whatever the rates, and is hardly more than needed.
TEST(TokenEquations, DepthIsEnoughInSimulation) {
  constexpr unsigned Seed = 20240817;
  std::mt19937 random(Seed);
  const auto pick = [&](int low, int high) {
    return static_cast<int64_t>(low) +
           static_cast<int64_t>(random() % static_cast<unsigned>(high - low + 1));
  };
  int slower = 0;
  int whole = 0;
  for (int trial = 0; trial < 20'000; ++trial) {
    const int64_t tokens = pick(1, 40);
    const int64_t first = pick(0, 60);
    const bool even = trial % 2 == 0;
    const int64_t pushes = even ? (tokens - 1) * pick(1, 8) : pick(0, 300);
    const int64_t pulls = even ? (tokens - 1) * pick(1, 8) : pick(0, 300);
    FifoProblem problem;
    problem.tasks = {{"source", std::max<int64_t>(1, first + pushes), first},
                     {"target", pulls + 1, 1}};
    problem.edges = {{0, 1, tokens, 8, 0}};
    ASSERT_TRUE(problem.check().ok());
    const EdgeRates rates = rates_of(problem, problem.edges[0]);
    const int64_t delay = first + pick(0, 120);
    const int64_t held = tokens_held(rates, delay);
    const int64_t peak = simulated_peak(rates, delay);
    ASSERT_GE(std::max(held, LeastDepth), peak) << "seed " << Seed << ", trial " << trial;
    ASSERT_LE(held, tokens);
    ASSERT_LE(held, peak + 1 + rates.jitter()) << "seed " << Seed << ", trial " << trial;
    slower += rates.source_faster() ? 0 : 1;
    whole += rates.jitter() == 0 ? 1 : 0;
  }
  EXPECT_GT(slower, 5000);
  EXPECT_GT(whole, 5000);
}

TEST(TokenEquations, DepthHonoursFloorMinimumAndRun) {
  FifoProblem problem = figure_8();
  EXPECT_EQ(depth_for(problem, problem.edges[0], 3).tokens, 3);
  EXPECT_EQ(depth_for(problem, problem.edges[0], 3).reason, DepthReason::SourceFaster);
  EXPECT_EQ(depth_for(problem, problem.edges[0], 900).tokens, 5);
  EXPECT_EQ(depth_for(problem, problem.edges[0], 900).reason, DepthReason::WholeRun);
  problem.edges[0].floor = 4;
  EXPECT_EQ(depth_for(problem, problem.edges[0], 3).tokens, 4);
  EXPECT_EQ(depth_for(problem, problem.edges[0], 3).reason, DepthReason::Floor);
  problem.edges[0].floor = 100;
  EXPECT_EQ(depth_for(problem, problem.edges[0], 3).tokens, 5);
  problem.edges[0].tokens = 1;
  EXPECT_EQ(depth_for(problem, problem.edges[0], 3).tokens, 2);
  EXPECT_EQ(depth_for(problem, problem.edges[0], 3).reason, DepthReason::Minimum);
}

TEST(FifoProblem, ReportsEverythingThatIsInconsistent) {
  FifoProblem problem;
  problem.tasks = {{"a", 0, 0}, {"c", 5, -1}, {"d", 5, 9}};
  problem.edges = {{0, 3, 1, 8, 0}, {-1, 1, 0, 8, 0}, {0, 1, 1, 0, -2}};
  EXPECT_EQ(messages_of(problem.check()),
            (Lines{"latency 0 is not in 1..1125899906842624",
                   "initial delay -1 is not in 0..1125899906842624", "target 3 is not in 0..2",
                   "source -1 is not in 0..2", "token count 0 is not in 1..1099511627776",
                   "width 0 is not in 1..16777216", "floor -2 is not in 0..1099511627776"}));
}

TEST(FifoProblem, ReportsSumsThatOverflow) {
  FifoProblem problem;
  problem.tasks.assign(3, {"a", int64_t{1} << 50, 1});
  EXPECT_EQ(messages_of(problem.check()),
            Lines{"all latencies and initial delays add up to more than 1125899906842624"});
}

TEST(FifoProblem, ReportsCycles) {
  FifoProblem problem;
  problem.tasks = {{"free", 5, 1}, {"a", 5, 1}, {"b", 5, 1}};
  problem.edges = {{0, 1, 1, 8, 0}, {1, 2, 1, 8, 0}, {2, 1, 1, 8, 0}};
  const Status status = problem.check();
  EXPECT_EQ(messages_of(status), Lines{"the tasks form a cycle"});
  EXPECT_EQ(status.errors().at(0).details, Lines{"in or behind the cycle: 'a', 'b'"});
  problem.edges = {{1, 1, 1, 8, 0}};
  EXPECT_FALSE(problem.check().ok());
}

/// A chain beside a shortcut: good is start 0, 3, 8.
struct VerifierTest : testing::Test {
  VerifierTest() {
    problem.tasks = {{"a", 12, 3}, {"b", 15, 5}, {"c", 10, 1}};
    problem.edges = {{0, 1, 10, 8, 0}, {1, 2, 10, 8, 4}, {0, 2, 10, 8, 0}};
    good.start = {0, 3, 8};
    for (const FifoProblem::Edge& edge : problem.edges) {
      const Depth depth =
          depth_for(problem, edge, good.start[edge.target] - good.start[edge.source]);
      good.depth.push_back(depth.tokens);
      good.reason.push_back(depth.reason);
    }
  }
  Lines problems_of(const FifoSolution& solution) { return messages_of(verify(problem, solution)); }
  FifoProblem problem;
  FifoSolution good;
};

TEST_F(VerifierTest, AcceptsTheGoodSolution) {
  EXPECT_EQ(problems_of(good), Lines{});
  EXPECT_EQ(good.depth, (std::vector<int64_t>{3, 4, 6}));
  EXPECT_EQ(describe(problem, good, 0),
            "Eq. 1: faster than its target (delay 3, 9 cycles of pushes, 10 of pulls)");
  EXPECT_EQ(describe(problem, good, 1), "the least depth without deadlock");
}

TEST_F(VerifierTest, AcceptsDeeperFifos) {
  ++good.depth[2];
  EXPECT_EQ(problems_of(good), Lines{});
}

TEST_F(VerifierTest, RejectsShallowFifos) {
  for (size_t i = 0; i < good.depth.size(); ++i) {
    FifoSolution bad = good;
    --bad.depth[i];
    EXPECT_EQ(problems_of(bad), Lines{"depth " + std::to_string(bad.depth[i]) + " is not in " +
                                      std::to_string(good.depth[i]) + "..10"});
  }
}

TEST_F(VerifierTest, RejectsFifosLargerThanARun) {
  good.depth[0] = 11;
  EXPECT_EQ(problems_of(good), Lines{"depth 11 is not in 3..10"});
}

TEST_F(VerifierTest, RejectsTargetsThatStartBeforeTheirInput) {
  good.start[1] = 2;
  EXPECT_EQ(problems_of(good), Lines{"delay 2 is below the initial delay 3"});
}

TEST_F(VerifierTest, RejectsRootsThatWait) {
  FifoProblem other;
  other.tasks = {{"a", 10, 1}, {"alone", 3, 1}};
  EXPECT_EQ(messages_of(verify(other, {{0, 5}, {}, {}})),
            Lines{"a task without inputs starts in cycle 5, not at once"});
}

TEST_F(VerifierTest, RejectsSchedulesThatCostTime) {
  good.start[2] = 9;
  good.depth = {10, 10, 10};
  EXPECT_EQ(problems_of(good), Lines{"ends after cycle 18, the end of the fastest schedule"});
}

TEST_F(VerifierTest, RejectsForeignAndImpossibleSolutions) {
  EXPECT_EQ(problems_of({}), Lines{"the solution is for another network"});
  good.start[1] = -1;
  EXPECT_EQ(problems_of(good), Lines{"starts in cycle -1"});
}

}  // namespace
}  // namespace st
