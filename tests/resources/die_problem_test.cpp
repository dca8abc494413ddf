// SPDX-License-Identifier: Apache-2.0
#include "core/resources/die_problem.h"

#include <gtest/gtest.h>

#include <cmath>

namespace st {
namespace {

using Lines = std::vector<std::string>;

/// Two SLRs with 100 of each resource and 600 wires between them, the memory next to the upper one.
DieProblem two_dies() {
  DieProblem problem;
  const ResourceCounts budget{100, 100, 100, 100, 100};
  problem.slrs = {{"SLR0", budget}, {"SLR1", budget}};
  problem.boundary_wires = {2000};
  problem.kernels = {{"load", {10, 0, 0, 0, 0}, {1}}, {"a", {60, 0, 0, 0, 0}, {}}, {"b", {60}, {}}};
  problem.streams = {{0, 1, 512}, {1, 2, 128}, {0, 2, 32}};
  return problem;
}

/// "code message @ where" per problem.
Lines problems_of(const Status& status) {
  EXPECT_FALSE(status.ok());
  Lines lines;
  if (status.ok()) return lines;
  for (const Diagnostic& problem : status.errors()) {
    lines.push_back(problem.code + " " + problem.message +
                    (problem.where.empty() ? "" : " @ " + problem.where));
  }
  return lines;
}

DieSolution solution_of(const DieProblem& problem, const std::vector<int>& die) {
  return {die, use_of(problem, die).cost, 0};
}

TEST(DieProblem, CostCountsWiresPortsAndImbalance) {
  const DieProblem problem = two_dies();
  // b is below: 128 + 32 wires. LUT: 60 % below, 70 % above.
  EXPECT_NEAR(use_of(problem, {1, 1, 0}).cost, 128 + 32 + ImbalanceWires * 0.1, 1e-9);
  // The loader is below: its port crosses as well. LUT: 10 % below, 120 % above.
  const DieUse use = use_of(problem, {0, 1, 1});
  EXPECT_EQ(use.crossing, std::vector<int64_t>{1024 + 512 + 32});
  EXPECT_NEAR(use.cost, 1024 + 512 + 32 + ImbalanceWires * 1.1, 1e-9);
  EXPECT_EQ(use.used[1].lut, 120);
}

TEST(DieProblem, StreamsTakeWiresAtEachBoundaryTheyCross) {
  DieProblem problem = two_dies();
  problem.slrs.push_back({"SLR2", {}});
  problem.boundary_wires = {2000, 2000};
  problem.kernels[0].memory_ports = {0};
  EXPECT_EQ(use_of(problem, {2, 0, 1}).crossing,
            (std::vector<int64_t>{1024 + 512 + 128, 1024 + 512 + 32}));
}

TEST(DieProblem, EachPortCrossesToTheSlrOfItsOwnChannel) {
  DieProblem problem = two_dies();
  problem.slrs.push_back({"SLR2", {}});
  problem.boundary_wires = {20'000, 20'000};
  problem.streams.clear();
  problem.kernels[0].memory_ports = {0, 2, 2};
  EXPECT_EQ(use_of(problem, {1, 0, 0}).crossing, (std::vector<int64_t>{1024, 2048}));
  EXPECT_EQ(use_of(problem, {2, 0, 0}).crossing, (std::vector<int64_t>{1024, 1024}));
  EXPECT_EQ(use_of(problem, {0, 0, 0}).crossing, (std::vector<int64_t>{2048, 2048}));
}

TEST(DieProblem, ASingleDieHasNoBoundary) {
  const DieProblem problem = die_problem_of(*find_target("kv260"));
  EXPECT_EQ(problem.slrs.size(), 1u);
  EXPECT_TRUE(problem.boundary_wires.empty());
  EXPECT_TRUE(problem.check().ok());
}

TEST(DieProblem, TargetsGiveBudgetsWiresAndTheMemorysPlace) {
  const Target target = *find_target("u280");
  const DieProblem problem = die_problem_of(target);
  ASSERT_EQ(problem.slrs.size(), 3u);
  EXPECT_EQ(problem.slrs[2].name, "SLR2");
  EXPECT_EQ(problem.slrs[1].budget, (ResourceCounts{233100, 337500, 2301, 748, 256}));
  EXPECT_EQ(problem.boundary_wires, (std::vector<int64_t>{18000, 18000}));
  EXPECT_TRUE(problem.check().ok());
}

TEST(DieProblem, CheckNamesAllThatIsOutOfRange) {
  DieProblem problem = two_dies();
  problem.kernels[0].memory_ports = {2, 1};
  problem.kernels[0].need.dsp = -1;
  problem.kernels[1].memory_ports.assign(1025, 0);
  problem.streams[1].target = 3;
  problem.streams[2].wires = -1;
  problem.boundary_wires = {-5};
  EXPECT_EQ(problems_of(problem.check()),
            (Lines{"E0320 wires -5 is not in 0..4294967296 @ boundary 0",
                   "E0320 DSP -1 is not in 0..4294967296 @ kernel 'load'",
                   "E0320 SLR of a memory port 2 is not in 0..1 @ kernel 'load'",
                   "E0320 memory ports 1025 is not in 0..1024 @ kernel 'a'",
                   "E0320 target 3 is not in 0..2 @ stream 1",
                   "E0320 wires -1 is not in 0..16777216 @ stream 2"}));
  problem = two_dies();
  problem.boundary_wires.clear();
  EXPECT_EQ(problems_of(problem.check()), Lines{"E0320 number of boundaries 0 is not in 1..1"});
  problem = DieProblem{};
  EXPECT_EQ(problems_of(problem.check()).at(0), "E0320 number of SLRs 0 is not in 1..64");
}

TEST(DieVerify, AcceptsWhatFits) {
  const DieProblem problem = two_dies();
  EXPECT_TRUE(verify(problem, solution_of(problem, {1, 1, 0})).ok());
}

TEST(DieVerify, NamesTheResourceAndTheSlr) {
  DieProblem problem = two_dies();
  EXPECT_EQ(problems_of(verify(problem, solution_of(problem, {0, 1, 1}))),
            Lines{"E0403 LUT on SLR1: needs 120 (predicted), the budget is 100: 20 too many"});
  problem.kernels[2].need = {0, 101, 102, 103, 104};
  EXPECT_EQ(problems_of(verify(problem, solution_of(problem, {1, 1, 0}))),
            (Lines{"E0403 FF on SLR0: needs 101 (predicted), the budget is 100: 1 too many",
                   "E0403 DSP on SLR0: needs 102 (predicted), the budget is 100: 2 too many",
                   "E0403 BRAM18 on SLR0: needs 103 (predicted), the budget is 100: 3 too many",
                   "E0403 URAM on SLR0: needs 104 (predicted), the budget is 100: 4 too many"}));
}

TEST(DieVerify, NamesTheBoundary) {
  DieProblem problem = two_dies();
  problem.boundary_wires = {159};
  EXPECT_EQ(
      problems_of(verify(problem, solution_of(problem, {1, 1, 0}))),
      Lines{"E0403 wires between SLR0 and SLR1: needs 160 (predicted), there are 159: 1 too many"});
  problem.boundary_wires = {160};
  EXPECT_TRUE(verify(problem, solution_of(problem, {1, 1, 0})).ok());
}

TEST(DieVerify, RefusesWhatIsNoSolution) {
  const DieProblem problem = two_dies();
  DieSolution solution = solution_of(problem, {1, 1, 0});
  solution.cost = 160;
  EXPECT_EQ(problems_of(verify(problem, solution)),
            Lines{"E0320 the cost is 166.400000 wires, not 160.000000"});
  solution.cost = NAN;
  EXPECT_EQ(problems_of(verify(problem, solution)).size(), 1u);
  solution = solution_of(problem, {1, 1, 0});
  solution.bound = 167;
  EXPECT_EQ(problems_of(verify(problem, solution)),
            Lines{"E0320 the bound of 167.000000 wires is above the cost of 166.400000"});
  solution.die = {1, 1};
  EXPECT_EQ(problems_of(verify(problem, solution)),
            Lines{"E0320 the solution is for another design"});
  solution.die = {1, 2, -1};
  EXPECT_EQ(
      problems_of(verify(problem, solution)),
      (Lines{"E0320 there is no SLR 2 @ kernel 'a'", "E0320 there is no SLR -1 @ kernel 'b'"}));
}

}  // namespace
}  // namespace st
