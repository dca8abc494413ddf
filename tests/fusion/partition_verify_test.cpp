// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <functional>

#include "core/fusion/partition_solver.h"
#include "tests/fusion/random_partitions.h"

namespace st {
namespace {

using test::chain;
using test::join;

/// A chain of four in two groups, as it should be.
PartitionProblem two_groups() {
  PartitionProblem problem = chain(4);
  problem.bits = 250;
  for (auto& tensor : problem.tensors) tensor.consumers[0].converter_bits = 20;
  return problem;
}

Partition solved(const PartitionProblem& problem) {
  const auto partition = partition_units(problem);
  EXPECT_TRUE(partition.ok());
  return *partition;
}

/// A partition of these groups that states its cost.
Partition stated(const PartitionProblem& problem, const std::vector<int>& group) {
  return {group, cost_of(problem, group), 0, false};
}

/// What verify() says first; empty if all is well.
std::string fault_of_partition(const PartitionProblem& problem, const Partition& partition) {
  const Status status = verify(problem, partition);
  return status.ok() ? "" : status.errors().at(0).code + " " + status.errors().at(0).message;
}

TEST(VerifyPartition, AcceptsWhatIsRight) {
  const PartitionProblem problem = two_groups();
  EXPECT_EQ(solved(problem).group, (std::vector<int>{0, 0, 1, 1}));
  EXPECT_EQ(fault_of_partition(problem, solved(problem)), "");
}

TEST(VerifyPartition, RejectsMutations) {
  const PartitionProblem problem = two_groups();
  const Partition good = solved(problem);
  struct Mutation {
    std::function<void(Partition&)> change;
    std::string says;
  };
  const std::vector<Mutation> mutations = {
      {[](Partition& p) { p.group.pop_back(); }, "E0320 the partition is for another model"},
      {[](Partition& p) { p.group.push_back(0); }, "E0320 the partition is for another model"},
      {[](Partition& p) { p.group[2] = -1; }, "E0320 there is no group -1"},
      {[](Partition& p) { p.group[2] = 4; }, "E0320 there is no group 4"},
      {[](Partition& p) {
         p.group = {0, 0, 2, 2};
       },
       "E0320 group 1 is empty"},
      {[](Partition& p) {
         p.group = {1, 1, 0, 0};
       },
       "E0320 group 0 reads from group 1, which is later"},
      {[](Partition& p) {
         p.group = {0, 1, 0, 1};
       },
       "E0320 group 0 waits for itself: 2 groups have no order in which they can run"},
      {[](Partition& p) { ++p.cost.cycles; }, "E0320 the cost is 1020 cycles, not 1021"},
      {[](Partition& p) { --p.cost.bytes; }, "E0320 the cost is 1280 bytes, not 1279"},
      {[](Partition& p) { p.cost.bits += 5; }, "E0320 the cost is 440 bits, not 445"},
      {[](Partition& p) { ++p.bound; }, "E0320 the bound of 1021 cycles is above the cost of 1020"},
      {[](Partition& p) { --p.bound; },
       "E0320 the partition is said to be optimal, of a bound of 1019 and a cost of 1020 cycles"},
      {[](Partition& p) { p.optimal = false; },
       "E0320 the partition is said to be not optimal, of a bound of 1020 and a cost of 1020 "
       "cycles"},
  };
  for (const Mutation& mutation : mutations) {
    Partition bad = good;
    mutation.change(bad);
    EXPECT_EQ(fault_of_partition(problem, bad), mutation.says);
  }
}

TEST(VerifyPartition, RejectsGroupsThatWaitForEachOther) {
  // a and c are in one group, b between them in another.
  PartitionProblem problem = chain(3);
  join(problem, 0, {2}, 64);
  EXPECT_EQ(fault_of_partition(problem, stated(problem, {0, 1, 0})),
            "E0320 group 0 waits for itself: 2 groups have no order in which they can run");
  EXPECT_EQ(fault_of_partition(problem, stated(problem, {0, 0, 1})), "");
}

TEST(VerifyPartition, RejectsWhatExceedsAGroup) {
  PartitionProblem problem = two_groups();
  EXPECT_EQ(fault_of_partition(problem, stated(problem, {0, 0, 0, 1})),
            "E0403 group 0: on-chip bits: needs 340 (predicted), the budget is 250: 90 too many");
  problem.ports = 1;
  EXPECT_EQ(fault_of_partition(problem, stated(problem, {0, 0, 1, 2})),
            "E0403 group 1: memory ports: needs 2 (predicted), the budget is 1: 1 too many");
}

TEST(VerifyPartition, RejectsACutThatIsNotAllowed) {
  PartitionProblem problem = two_groups();
  problem.tensors[1].may_cut = false;
  EXPECT_EQ(fault_of_partition(problem, stated(problem, {0, 0, 1, 1})),
            "E0320 it may not be cut between unit 'u1' and unit 'u2'");
}

TEST(VerifyPartition, SeesMovesOfRandomPartitions) {
  // A unit that is moved changes what the partition costs, or makes it none.
  constexpr uint64_t Seed = 21;
  test::Random random(Seed);
  int moved = 0;
  for (int trial = 0; trial < 40; ++trial) {
    const PartitionProblem problem = test::random_partition(random, 12);
    const auto good = partition_units(problem, {.kicks = 0});
    if (!good.ok() || good->groups() < 2) continue;
    Partition bad = *good;
    int& group = bad.group[random.below(12)];
    group = (group + 1) % good->groups();
    if (cost_of(problem, bad.group) == good->cost) continue;
    EXPECT_FALSE(verify(problem, bad).ok()) << "seed " << Seed << ", trial " << trial;
    ++moved;
  }
  EXPECT_GT(moved, 20);
}

TEST(PartitionProblem, IsCheckedAllAtOnce) {
  PartitionProblem problem = chain(3);
  problem.rows = 0;
  problem.port_bytes_per_cycle = 0;
  problem.units[1].bits = -1;
  problem.tensors[0].consumers[0].unit = 0;
  problem.tensors[1].producer = 7;
  const Status status = problem.check();
  ASSERT_FALSE(status.ok());
  std::vector<std::string> messages;
  for (const Diagnostic& fault : status.errors()) {
    EXPECT_EQ(fault.code, "E0320");
    messages.push_back(fault.message);
  }
  EXPECT_EQ(messages, (std::vector<std::string>{
                          "rows 0 is not in 1..1048576",
                          "a port moves 0.000000 bytes per cycle, not 1/64..2^20",
                          "on-chip bits -1 is not in 0..1099511627776",
                          "a consumer is not later than the producer",
                          "producer 7 is not in 0..2",
                          "a consumer is not later than the producer",
                      }));
}

}  // namespace
}  // namespace st
