// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "core/fusion/partition_greedy.h"
#include "core/fusion/partition_solver.h"
#include "tests/fusion/random_partitions.h"

namespace st {
namespace {

using test::chain;
using test::join;
using Groups = std::vector<int>;

/// Units of these bits, without tensors.
PartitionProblem units_of(const std::vector<int64_t>& bits, int64_t limit) {
  PartitionProblem problem = chain(static_cast<int>(bits.size()));
  problem.tensors.clear();
  problem.bits = limit;
  for (size_t u = 0; u < bits.size(); ++u) {
    problem.units[u].name = std::string(1, static_cast<char>('a' + u));
    problem.units[u].bits = bits[u];
  }
  return problem;
}

TEST(PartitionCost, AddsPaceStartAndBusiestPortOfEachGroup) {
  PartitionProblem problem = chain(3);
  problem.units[1].row_cycles = 70;
  problem.tensors[1].bytes = 641;  // eleven cycles of 64 bytes
  // One group: 8 rows of 70 cycles, and the start. Two: 8 * 70 and 8 * 50, both started, and the
  // tensor stored by one and loaded by the other.
  EXPECT_EQ(cost_of(problem, {0, 0, 0}), (PartitionCost{8 * 70 + 100, 0, 300}));
  EXPECT_EQ(cost_of(problem, {0, 0, 1}),
            (PartitionCost{8 * 70 + 8 * 50 + 2 * 100 + 2 * 11, 2 * 641, 300}));
}

TEST(PartitionCost, ATensorIsStoredOnceAndLoadedOnceByEachGroup) {
  PartitionProblem problem = units_of({10, 10, 10, 10, 10}, 1000);
  join(problem, 0, {1, 2, 3, 4}, 64).consumers[0].converter_bits = 7;
  const auto uses = use_of(problem, {0, 0, 1, 1, 2});
  ASSERT_EQ(uses.size(), 3u);
  for (const PartitionUse& use : uses) EXPECT_EQ(use.ports, 1);
  EXPECT_EQ(uses[0].bits, 27);  // the converter is needed where both ends are
  EXPECT_EQ(uses[1].bits, 20);
  EXPECT_EQ(cost_of(problem, {0, 0, 1, 1, 2}).bytes, 3 * 64);
}

TEST(PartitionUnits, AChainThatFitsIsOneGroup) {
  const auto partition = partition_units(chain(12));
  ASSERT_TRUE(partition.ok());
  EXPECT_EQ(partition->group, Groups(12, 0));
  EXPECT_TRUE(partition->optimal);
  EXPECT_EQ(partition->bound, 8 * 50 + 100);
}

TEST(PartitionUnits, AChainIsCutAtItsCheapestTensor) {
  PartitionProblem problem = chain(6);
  problem.bits = 450;
  for (auto& tensor : problem.tensors) tensor.bytes = 6400;
  problem.tensors[1].bytes = 64;
  const auto partition = partition_units(problem);
  ASSERT_TRUE(partition.ok());
  EXPECT_EQ(partition->group, (Groups{0, 0, 1, 1, 1, 1}));
  EXPECT_TRUE(partition->optimal);
  // Greedy fills the first group.
  EXPECT_EQ(partition_greedily(problem)->group, (Groups{0, 0, 0, 0, 1, 1}));
}

TEST(PartitionUnits, SlowUnitsShareAGroup) {
  // Two slow units, two fast ones: cut between the second and the third, each group has one pace.
  PartitionProblem problem = units_of({100, 300, 300, 100}, 500);
  for (int u = 1; u < 4; ++u) join(problem, u - 1, {u}, 64);
  for (int u = 0; u < 2; ++u) problem.units[u].row_cycles = 900;
  const auto partition = partition_units(problem);
  ASSERT_TRUE(partition.ok());
  EXPECT_EQ(partition->group, (Groups{0, 0, 1, 1}));
}

TEST(PartitionGreedily, WalksTheLecturesFiveKernels) {
  // Kernels join group 0 while there is memory, a mismatch of types adds a converter, a full group
  // makes a new one, and K3 goes to the nearest of those that it reads from, the latest.
  PartitionProblem problem = units_of({400, 300, 300, 300, 100}, 1000);
  join(problem, 0, {1, 2}, 64).consumers[0].converter_bits = 100;
  join(problem, 1, {3}, 64);
  join(problem, 2, {3}, 64);
  join(problem, 3, {4}, 64);
  const auto partition = partition_greedily(problem);
  ASSERT_TRUE(partition.ok());
  EXPECT_EQ(partition->group, (Groups{0, 0, 1, 1, 1}));
  EXPECT_EQ(use_of(problem, partition->group)[0].bits, 400 + 300 + 100);
  EXPECT_EQ(use_of(problem, partition->group)[1].bits, 300 + 300 + 100);
  EXPECT_TRUE(verify(problem, *partition).ok());
}

TEST(PartitionGreedily, AUnitThatReadsFromNoneOpensAGroup) {
  PartitionProblem problem = units_of({10, 10, 10}, 1000);
  join(problem, 0, {2}, 64);
  join(problem, 1, {2}, 64);
  EXPECT_EQ(partition_greedily(problem)->group, (Groups{0, 1, 1}));
  EXPECT_EQ(partition_units(problem)->group, (Groups{0, 0, 0}));
}

TEST(PartitionGreedily, FullPortsMakeANewGroup) {
  PartitionProblem problem = chain(4);
  for (auto& unit : problem.units) unit.ports = 2;
  problem.ports = 5;
  EXPECT_EQ(partition_greedily(problem)->group, (Groups{0, 0, 1, 1}));
}

TEST(PartitionUnits, ADiamondNeedsAGroupLessThanGreedy) {
  // Greedy puts b beside a, and has no room for the last unit then; c is there for that.
  PartitionProblem problem = units_of({400, 300, 500, 400, 200}, 1000);
  join(problem, 0, {1, 2}, 64);
  join(problem, 1, {3}, 64);
  join(problem, 2, {3}, 64);
  join(problem, 3, {4}, 64);
  EXPECT_EQ(partition_greedily(problem)->group, (Groups{0, 0, 1, 1, 2}));
  const auto partition = partition_units(problem);
  ASSERT_TRUE(partition.ok());
  EXPECT_EQ(partition->group, (Groups{0, 1, 0, 1, 1}));
  EXPECT_TRUE(partition->optimal);
}

TEST(PartitionUnits, TensorsThatMayNotBeCutKeepWhatIsBetweenThem) {
  PartitionProblem problem = units_of({100, 100, 100, 100, 100}, 300);
  for (int u = 1; u < 5; ++u) join(problem, u - 1, {u}, 64);
  join(problem, 1, {3}, 6400).may_cut = false;
  for (const auto& partition : {partition_units(problem), partition_greedily(problem)}) {
    ASSERT_TRUE(partition.ok());
    EXPECT_EQ(partition->group, (Groups{0, 1, 1, 1, 2}));
    EXPECT_TRUE(verify(problem, *partition).ok());
  }
}

TEST(PartitionUnits, PortsAreSavedByFusing) {
  // Cut from its three producers, d needs four ports.
  PartitionProblem problem = units_of({10, 10, 10, 10}, 40);
  for (int u = 0; u < 3; ++u) join(problem, u, {3}, 64);
  problem.units[3].ports = 1;
  problem.ports = 3;
  const auto partition = partition_units(problem);
  ASSERT_TRUE(partition.ok());
  EXPECT_EQ(partition->groups(), 1);
}

TEST(PartitionUnits, NoUnitsAreFine) {
  const auto partition = partition_units(chain(0));
  ASSERT_TRUE(partition.ok());
  EXPECT_EQ(partition->groups(), 0);
  EXPECT_TRUE(partition_greedily(chain(0)).ok());
}

TEST(PartitionUnits, IsDeterministic) {
  test::Random random(4);
  const PartitionProblem problem = test::random_partition(random, 50);
  const auto first = partition_units(problem), second = partition_units(problem);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(first->group, second->group);
  EXPECT_EQ(first->bound, second->bound);
}

TEST(PartitionUnits, ThreeHundredUnitsOfADecoderAreProven) {
  // The search counts its steps: that it ends within them is what makes it fast.
  test::Random random(5);
  const PartitionProblem problem = test::decoder_partition(random, 300);
  ASSERT_GE(problem.units.size(), 300u);
  const auto partition = partition_units(problem);
  ASSERT_TRUE(partition.ok());
  EXPECT_TRUE(verify(problem, *partition).ok());
  EXPECT_TRUE(partition->optimal);
  EXPECT_LT(partition->cost.cycles, partition_greedily(problem)->cost.cycles);
}

TEST(PartitionUnits, FreeUnitsEndTheSearchWithABound) {
  // 2^40 ideals.
  PartitionProblem problem = units_of(std::vector<int64_t>(40, 100), 450);
  for (int u = 0; u < 40; ++u) problem.units[u].row_cycles = 10 + 7 * u;
  const auto partition = partition_units(problem, {.kicks = 5, .states = 500, .steps = 5'000});
  ASSERT_TRUE(partition.ok());
  EXPECT_TRUE(verify(problem, *partition).ok());
  EXPECT_GE(partition->groups(), 10);
  EXPECT_GE(partition->bound, 10 * 100);
}

/// The lines of the first error.
std::string text_of(const Result<Partition>& result) {
  EXPECT_FALSE(result.ok());
  if (result.ok()) return "";
  const Diagnostic& first = result.errors().at(0);
  EXPECT_EQ(first.code, "E0403");
  std::string text = first.message;
  for (const std::string& line : first.details) text += "\n" + line;
  return text;
}

TEST(PartitionUnits, UnitsThatFitNoGroupAreNamed) {
  PartitionProblem problem = units_of({10, 5000, 10}, 1000);
  problem.units[1].name = "h.0\nattn";
  problem.units[2].ports = 29;
  const std::string bits =
      "unit 'h.0\\x0aattn' fits no group of kernels\non-chip bits: needs 5000 (predicted), "
      "the budget of a group is 1000: 4000 too many";
  for (const auto& result : {partition_units(problem), partition_greedily(problem)}) {
    EXPECT_EQ(text_of(result), bits);
    ASSERT_EQ(result.errors().size(), 2u);
    EXPECT_EQ(result.errors()[1].message, "unit 'c' fits no group of kernels");
    EXPECT_EQ(result.errors()[1].details[0],
              "memory ports of its own: needs 29 (predicted), the budget of a group is 28: 1 too "
              "many");
  }
}

TEST(PartitionUnits, UnitsThatFitOnlyApartAreNamed) {
  PartitionProblem problem = units_of({600, 600}, 1000);
  join(problem, 0, {1}, 64).may_cut = false;
  EXPECT_EQ(text_of(partition_units(problem)),
            "units 'a', 'b', which cannot be separated, fit no group of kernels\n"
            "on-chip bits: needs 1200 (predicted), the budget of a group is 1000: 200 too many");
}

TEST(PartitionUnits, UnitsThatNeedTooManyPortsWhereverTheyAreAreNamed) {
  PartitionProblem problem = units_of({600, 600, 600}, 1000);
  join(problem, 0, {2}, 64);
  join(problem, 1, {2}, 64);
  problem.units[2].ports = 1;
  problem.ports = 2;
  EXPECT_EQ(text_of(partition_units(problem)),
            "no partition of the kernels into groups fits\n"
            "unit 'c' alone: memory ports: needs 3 (predicted), the budget of a group is 2: 1 too "
            "many\n"
            "the budget of a group is 2 memory ports and 1000 on-chip bits");
  EXPECT_EQ(text_of(partition_greedily(problem)),
            "the group that starts with unit 'c' does not fit\n"
            "memory ports: needs 3 (predicted), the budget of a group is 2: 1 too many");
}

}  // namespace
}  // namespace st
