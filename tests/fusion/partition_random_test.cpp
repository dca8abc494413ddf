// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdio>

#include "core/fusion/partition_greedy.h"
#include "core/fusion/partition_solver.h"
#include "tests/fusion/random_partitions.h"

namespace st {
namespace {

using test::Random;

#ifdef ST_TEST_SANITIZED
constexpr int Fewer = 10;
#else
constexpr int Fewer = 1;
#endif

/// What a line of the table sums up.
struct Row {
  int problems = 0, infeasible = 0, not_found = 0, greedy_fails = 0, cheaper = 0, optimal = 0;
  double greedy = 0, ours = 0, bound = 0;

  void print(const char* name) const {
    std::printf("  %-10s %5d %6d %6d %8d %8d %14.0f %14.0f %8.4f %8.4f\n", name, problems,
                infeasible, greedy_fails, cheaper, optimal, greedy, ours, ours / greedy,
                ours / bound);
  }
  static void print_head() {
    std::printf("  %-10s %5s %6s %6s %8s %8s %14s %14s %8s %8s\n", "units", "DAGs", "no fit",
                "greedy", "cheaper", "proven", "greedy", "ours", "ours/", "ours/");
    std::printf("  %-10s %5s %6s %6s %8s %8s %14s %14s %8s %8s\n", "", "", "", "fails", "", "",
                "cycles", "cycles", "greedy", "bound");
  }
};

/// Solves both ways, checks what has to hold, and adds to `row`.
void compare(const PartitionProblem& problem, const PartitionEffort& effort, Row& row) {
  ++row.problems;
  const auto greedy = partition_greedily(problem);
  const auto ours = partition_units(problem, effort);
  if (greedy.ok()) {
    const Status fine = verify(problem, *greedy);
    ASSERT_TRUE(fine.ok()) << fine.errors().at(0).message;
    ASSERT_TRUE(ours.ok()) << ours.errors().at(0).message;
  }
  if (!ours.ok()) {
    ++row.infeasible;
    ASSERT_EQ(ours.errors().at(0).code, "E0403") << ours.errors().at(0).message;
    // That nothing fits is proven, as a rule.
    row.not_found += ours.errors().at(0).message.find("was found") != std::string::npos ? 1 : 0;
    return;
  }
  const Status fine = verify(problem, *ours);
  ASSERT_TRUE(fine.ok()) << fine.errors().at(0).message;
  row.optimal += ours->optimal ? 1 : 0;
  if (!greedy.ok()) {
    ++row.greedy_fails;
    return;
  }
  ASSERT_LE(ours->cost, greedy->cost);
  row.cheaper += ours->cost.cycles < greedy->cost.cycles ? 1 : 0;
  row.greedy += static_cast<double>(greedy->cost.cycles);
  row.ours += static_cast<double>(ours->cost.cycles);
  row.bound += static_cast<double>(ours->bound);
}

TEST(PartitionUnits, NeverCostsMoreThanGreedy) {
  constexpr uint64_t Seed = 11;
  constexpr int Problems = 1000 / Fewer;
  Random random(Seed);
  const PartitionEffort effort{
      .orders = 12, .descents = 3, .kicks = 10, .trials = 4'000, .states = 4'000, .steps = 20'000};
  std::map<int, Row> rows;  // by tens of units
  for (int trial = 0; trial < Problems; ++trial) {
    const int units = static_cast<int>(random.between(5, 60));
    SCOPED_TRACE("seed " + std::to_string(Seed) + ", trial " + std::to_string(trial));
    compare(test::random_partition(random, units), effort, rows[(units - 1) / 10]);
    if (HasFatalFailure()) return;
  }
  Row::print_head();
  Row all;
  for (const auto& [tens, row] : rows) {
    row.print((std::to_string(tens * 10 + 1) + ".." + std::to_string(tens * 10 + 10)).c_str());
    all.problems += row.problems;
    all.infeasible += row.infeasible;
    all.not_found += row.not_found;
    all.greedy_fails += row.greedy_fails;
    all.cheaper += row.cheaper;
    all.optimal += row.optimal;
    all.greedy += row.greedy;
    all.ours += row.ours;
    all.bound += row.bound;
  }
  all.print("all");
  EXPECT_LT(all.infeasible, Problems / 10);
  EXPECT_LT(all.not_found, 5);
  EXPECT_GT(all.cheaper, Problems / 2);
  EXPECT_GT(all.optimal, Problems / 3);
}

TEST(PartitionUnits, DecodersAreSolvedAndProven) {
  constexpr uint64_t Seed = 3;
  Random random(Seed);
  Row row;
  for (int trial = 0; trial < 40 / Fewer; ++trial) {
    const int units = static_cast<int>(random.between(14, 80));
    SCOPED_TRACE("seed " + std::to_string(Seed) + ", trial " + std::to_string(trial));
    compare(test::decoder_partition(random, units), {}, row);
    if (HasFatalFailure()) return;
  }
  Row::print_head();
  row.print("decoders");
  EXPECT_EQ(row.infeasible, 0);
  EXPECT_EQ(row.optimal, row.problems);
}

TEST(PartitionUnits, EqualsExhaustiveSearch) {
  constexpr uint64_t Seed = 7;
  constexpr int Problems = 400 / Fewer;
  Random random(Seed);
  int solved = 0, infeasible = 0, below_greedy = 0;
  for (int trial = 0; trial < Problems; ++trial) {
    SCOPED_TRACE("seed " + std::to_string(Seed) + ", trial " + std::to_string(trial));
    PartitionProblem problem =
        test::random_partition(random, static_cast<int>(random.between(2, 9)));
    if (random.chance(0.3)) problem.ports = std::max(2, problem.ports - 5);
    const auto least = test::least_partition_cost(problem);
    const auto solution = partition_units(problem);
    if (!least) {
      ++infeasible;
      ASSERT_FALSE(solution.ok());
      EXPECT_EQ(solution.errors().at(0).code, "E0403");
      continue;
    }
    ++solved;
    ASSERT_TRUE(solution.ok()) << solution.errors().at(0).message;
    ASSERT_TRUE(solution->cost == *least)
        << solution->cost.cycles << " cycles, " << solution->cost.bytes << " bytes, "
        << solution->cost.bits << " bits; the least are " << least->cycles << ", " << least->bytes
        << " and " << least->bits;
    ASSERT_TRUE(solution->optimal);
    if (const auto greedy = partition_greedily(problem); greedy.ok())
      below_greedy += *least < greedy->cost ? 1 : 0;
  }
  std::printf("  %d solved, %d of them below greedy, %d without a solution\n", solved, below_greedy,
              infeasible);
  EXPECT_GE(solved, 300 / Fewer);
  EXPECT_GT(infeasible, 10 / Fewer);
  EXPECT_GT(below_greedy, 50 / Fewer);
}

}  // namespace
}  // namespace st
