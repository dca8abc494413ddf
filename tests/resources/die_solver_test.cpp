// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "tests/resources/random_designs.h"

namespace st {
namespace {

using test::DesignRandom;
using test::Loading;

/// What an assignment costs, written down again; infinite if it does not fit.
double cost_again(const DieProblem& problem, const std::vector<int>& die) {
  const size_t dies = problem.slrs.size();
  double wires = 0;
  for (size_t b = 0; b + 1 < dies; ++b) {
    int64_t here = 0;
    const auto crosses = [&](int x, int y) {
      return (x <= static_cast<int>(b)) != (y <= static_cast<int>(b));
    };
    for (const auto& s : problem.streams)
      here += crosses(die[s.source], die[s.target]) ? s.wires : 0;
    for (size_t k = 0; k < die.size(); ++k) {
      for (const int slr : problem.kernels[k].memory_ports) here += crosses(die[k], slr) ? 1024 : 0;
    }
    if (here > problem.boundary_wires[b]) return HUGE_VAL;
    wires += static_cast<double>(here);
  }
  for (const ResourceKind& kind : ResourceKinds) {
    double least = HUGE_VAL, most = 0;
    for (size_t d = 0; d < dies; ++d) {
      int64_t used = 0;
      for (size_t k = 0; k < die.size(); ++k) {
        if (die[k] == static_cast<int>(d)) used += problem.kernels[k].need.*kind.count;
      }
      const int64_t budget = problem.slrs[d].budget.*kind.count;
      if (used > budget) return HUGE_VAL;
      const double share =
          budget == 0 ? 0 : static_cast<double>(used) / static_cast<double>(budget);
      least = std::min(least, share);
      most = std::max(most, share);
    }
    wires += 64 * (most - least);
  }
  return wires;
}

/// The least cost of all assignments.
double least_cost(const DieProblem& problem) {
  std::vector<int> die(problem.kernels.size(), 0);
  double least = HUGE_VAL;
  const std::function<void(size_t)> visit = [&](size_t k) {
    if (k == die.size()) {
      least = std::min(least, cost_again(problem, die));
      return;
    }
    for (die[k] = 0; die[k] < static_cast<int>(problem.slrs.size()); ++die[k]) visit(k + 1);
  };
  visit(0);
  return least;
}

DieProblem small_problem(DesignRandom& random) {
  DieProblem problem;
  const auto dies = random.between(2, 3);
  for (int64_t d = 0; d < dies; ++d) {
    const int64_t size = random.between(80, 120);
    problem.slrs.push_back({"SLR" + std::to_string(d),
                            {size, size, random.between(0, 9) == 0 ? 0 : size, size, size}});
  }
  const bool few_wires = random.between(0, 3) == 0;
  problem.boundary_wires.assign(dies - 1, few_wires ? random.between(500, 3000) : 18000);
  // Memory is beside one SLR, or its channels are beside several.
  const bool spread = random.between(0, 1) == 0;
  const auto beside = [&] { return static_cast<int>(random.between(0, dies - 1)); };
  const int memory_slr = beside();
  const auto kernels = random.between(2, 8);
  const int64_t most = random.between(30, 90);
  for (int64_t k = 0; k < kernels; ++k) {
    DieProblem::Kernel kernel;
    kernel.name = "k" + std::to_string(k);
    for (const ResourceKind& kind : ResourceKinds)
      kernel.need.*kind.count = std::max<int64_t>(0, random.between(-20, most));
    for (int64_t ports = random.between(-4, 2); ports > 0; --ports)
      kernel.memory_ports.push_back(spread ? beside() : memory_slr);
    problem.kernels.push_back(kernel);
    for (int64_t other = std::max<int64_t>(0, k - 3); other < k; ++other) {
      if (random.between(0, 1) == 0)
        problem.streams.push_back(
            {static_cast<int>(other), static_cast<int>(k), int64_t{8} << random.between(0, 6)});
    }
  }
  return problem;
}

TEST(AssignDies, EqualsExhaustiveSearch) {
  constexpr uint64_t Seed = 5;
  DesignRandom random(Seed);
  int solved = 0, infeasible = 0;
  const DieEffort effort{.moves = 200, .kicks = 4, .rounds = 10};
  for (int trial = 0; trial < 300; ++trial) {
    const DieProblem problem = small_problem(random);
    const double least = least_cost(problem);
    const auto solution = assign_dies(problem, effort);
    if (least == HUGE_VAL) {
      ++infeasible;
      ASSERT_FALSE(solution.ok()) << "seed " << Seed << ", trial " << trial;
      EXPECT_EQ(solution.errors().at(0).code, "E0403");
      continue;
    }
    ++solved;
    ASSERT_TRUE(solution.ok()) << "seed " << Seed << ", trial " << trial << ": "
                               << solution.errors().at(0).message;
    ASSERT_NEAR(solution->cost, least, 1e-6) << "seed " << Seed << ", trial " << trial;
    ASSERT_LE(solution->bound, least + 1e-6) << "seed " << Seed << ", trial " << trial;
    // Branch and bound ends on problems as small as these: what is found is proven.
    ASSERT_GE(solution->bound, least * (1 - 1e-5) - 1e-6) << "seed " << Seed << ", trial " << trial;
  }
  EXPECT_GT(solved, 100);
  EXPECT_GT(infeasible, 20);
}

TEST(AssignDies, KeepsAnIslandTogether) {
  // Two chains of two, joined by a thin stream; each SLR holds one chain.
  DieProblem problem;
  problem.slrs = {{"SLR0", {100, 1, 1, 1, 1}}, {"SLR1", {100, 1, 1, 1, 1}}};
  problem.boundary_wires = {1000};
  problem.kernels = {{"a", {50}, {0}}, {"b", {50}, {}}, {"c", {50}, {}}, {"d", {50}, {}}};
  problem.streams = {{0, 1, 256}, {1, 2, 8}, {2, 3, 256}};
  const auto solution = assign_dies(problem);
  ASSERT_TRUE(solution.ok());
  EXPECT_EQ(solution->die, (std::vector<int>{0, 0, 1, 1}));
  EXPECT_EQ(solution->cost, 8);
}

TEST(AssignDies, PortsStayNearTheMemory) {
  DieProblem problem;
  problem.slrs = {{"SLR0", {100, 1, 1, 1, 1}}, {"SLR1", {100, 1, 1, 1, 1}}};
  problem.boundary_wires = {1000};
  problem.kernels = {{"load", {60}, {1}}, {"work", {60}, {}}};
  problem.streams = {{0, 1, 512}};
  const auto solution = assign_dies(problem);
  ASSERT_TRUE(solution.ok());
  EXPECT_EQ(solution->die, (std::vector<int>{1, 0}));
}

TEST(AssignDies, OneDieAndNoKernelsAreFine) {
  DieProblem problem;
  problem.slrs = {{"SLR0", {10, 10, 10, 10, 10}}};
  EXPECT_TRUE(assign_dies(problem).ok());
  problem.kernels = {{"a", {1, 1, 1, 1, 1}, {0}}, {"b", {2, 2, 2, 2, 2}, {}}};
  problem.streams = {{0, 1, 32}};
  const auto solution = assign_dies(problem);
  ASSERT_TRUE(solution.ok());
  EXPECT_EQ(solution->cost, 0);
}

TEST(AssignDies, TwoHundredKernelsComeWithinTenPercentOfTheBound) {
  const DieProblem problem = test::random_design(4, 200, 65, Loading::PerLayer);
  ASSERT_GE(problem.kernels.size(), 200u);
  const auto solution = assign_dies(problem);
  ASSERT_TRUE(solution.ok()) << solution.errors().at(0).message;
  EXPECT_TRUE(verify(problem, *solution).ok());
  EXPECT_NEAR(solution->cost, cost_again(problem, solution->die), 1e-6 * solution->cost);
  EXPECT_GT(solution->cost, 1000);
  EXPECT_LE(solution->cost, 1.1 * solution->bound);
}

TEST(AssignDies, IsDeterministic) {
  const DieProblem problem = test::random_design(3, 60, 68, Loading::Dealt);
  const auto first = assign_dies(problem), second = assign_dies(problem);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(first->die, second->die);
  EXPECT_EQ(first->bound, second->bound);
}

/// The first problem of a design that does not fit, with its details.
std::vector<std::string> message_of(const DieProblem& problem) {
  const auto solution = assign_dies(problem);
  EXPECT_FALSE(solution.ok());
  if (solution.ok()) return {};
  const Diagnostic& first = solution.errors().at(0);
  EXPECT_EQ(first.code, "E0403");
  EXPECT_NE(first.help, "");
  std::vector<std::string> lines = {first.message};
  lines.insert(lines.end(), first.details.begin(), first.details.end());
  return lines;
}

DieProblem three_halves() {
  DieProblem problem;
  problem.slrs = {{"SLR0", {100, 100, 100, 100, 100}}, {"SLR1", {100, 100, 100, 100, 100}}};
  problem.boundary_wires = {5000};
  for (const char* name : {"a", "b", "c"}) {
    DieProblem::Kernel kernel;
    kernel.name = name;
    kernel.need.dsp = 60;
    problem.kernels.push_back(kernel);
  }
  return problem;
}

using Lines = std::vector<std::string>;

TEST(AssignDies, NamesTheKernelThatFitsNoSlr) {
  DieProblem problem = three_halves();
  problem.kernels[1].need.uram = 101;
  EXPECT_EQ(message_of(problem),
            (Lines{"kernel 'b' fits no SLR",
                   "URAM on SLR0: needs 101 (predicted), the budget is 100: 1 too many",
                   "URAM on SLR1: needs 101 (predicted), the budget is 100: 1 too many"}));
}

TEST(AssignDies, NamesTheResourceOfWhichAllSlrsHaveTooLittle) {
  DieProblem problem = three_halves();
  for (auto& kernel : problem.kernels) kernel.need.bram18 = 70;
  EXPECT_EQ(
      message_of(problem),
      (Lines{
          "BRAM18 of all kernels: needs 210 (predicted), all SLRs together have 200: 10 too many",
          "the budget of SLR0 is 100", "the budget of SLR1 is 100"}));
}

TEST(AssignDies, NamesTheResourceAndTheSlrOfTheNearestMiss) {
  const Lines lines = message_of(three_halves());
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0], "no assignment of the kernels to SLRs meets the budgets");
  EXPECT_TRUE(lines[1] == "DSP on SLR0: needs 120 (predicted), the budget is 100: 20 too many" ||
              lines[1] == "DSP on SLR1: needs 120 (predicted), the budget is 100: 20 too many")
      << lines[1];
}

TEST(AssignDies, NamesTheBoundaryThatHasTooFewWires) {
  DieProblem problem = three_halves();
  problem.kernels.pop_back();
  problem.streams = {{0, 1, 512}};
  problem.boundary_wires = {511};
  EXPECT_EQ(
      message_of(problem),
      (Lines{"no assignment of the kernels to SLRs meets the budgets",
             "wires between SLR0 and SLR1: needs 512 (predicted), there are 511: 1 too many"}));
}

}  // namespace
}  // namespace st
