// SPDX-License-Identifier: Apache-2.0
/// Accounts that are small enough to be worked out by hand. A line such as "a 0 1 2 -> 3 4 5" says
/// in which cycles a task's firings issue and complete.
#include "core/simulate/account.h"

#include <gtest/gtest.h>

#include "core/simulate/simulator.h"
#include "tests/common/small_networks.h"
#include "tests/simulate/compare_results.h"
#include "tests/simulate/naive_simulator.h"

namespace st::test {
namespace {

/// "useful 4, latency 3": the classes that are not empty.
std::string text(const CycleAccount& account) {
  const std::pair<const char*, int64_t> parts[] = {{"useful", account.useful},
                                                   {"memory", account.memory},
                                                   {"latency", account.latency},
                                                   {"room", account.room},
                                                   {"idle", account.idle},
                                                   {"turn", account.turn},
                                                   {"dependency", account.dependency}};
  std::string out;
  for (const auto& [name, cycles] : parts) {
    if (cycles != 0)
      out += (out.empty() ? "" : ", ") + std::string(name) + " " + std::to_string(cycles);
  }
  return out;
}
std::string text(const MemoryAccount& account) {
  return "transfer " + std::to_string(account.transfer) + ", starts " +
         std::to_string(account.starts) + ", idle " + std::to_string(account.idle);
}

TEST(Account, TaskWaitsForTokensAndItsPipelineRunsEmptyAtTheEnd) {
  // a 0 1 2 3 -> 3 4 5 6, b 4 6 8 10 -> 5 7 9 11.
  const SimulationResult result = simulated(pipe(4, 0, fire({}, {}, 1, 3), fire({}, {}, 2, 1)));
  EXPECT_EQ(result.accounted, 12);
  EXPECT_EQ(text(result.tasks[0].account), "useful 4, latency 3, idle 5");
  EXPECT_EQ(text(result.tasks[1].account), "useful 8, dependency 4");
}

TEST(Account, FullFifoLeavesNoRoom) {
  // a 0 1 3 5 -> 1 3 5 7, ready in 1 2 4 6; b 2 4 6 8 -> 3 5 7 9, which completes in 3 and so could
  // issue in it.
  const SimulationResult result = simulated(pipe(4, 1, fire({}, {}), fire({}, {})));
  EXPECT_EQ(result.accounted, 10);
  EXPECT_EQ(text(result.tasks[0].account), "useful 4, latency 1, room 3, idle 2");
  EXPECT_EQ(text(result.tasks[1].account), "useful 4, latency 1, dependency 5");
}

TEST(Account, PipelineThatIsFullWaitsForMemoryThenForItself) {
  // 0 1 12 13 -> 12 13 24 25, data in 11 12 23 24: in 2 to 10, and in 14 to 22, they are missing.
  Network network;
  network.memories = {{"m", 64, 1, 10, 0, 0}};
  network.tasks = {task("a", {loop(4, {with_memory(fire({}, {}), 64)})}, 2)};
  const SimulationResult result = simulated(network);
  EXPECT_EQ(result.accounted, 26);
  EXPECT_EQ(text(result.tasks[0].account), "useful 4, memory 18, latency 4");
  EXPECT_EQ(text(result.memories[0].account), "transfer 256, starts 0, idle 1408");
}

TEST(Account, MemoryIsAccountedForByFractionsOfCycles) {
  // A start of 3 cycles, 1.5 of 3 bytes: data in 5, 0 -> 6.
  Network network;
  network.memories = {{"m", 2, 1, 0, 0, 3}};
  network.tasks = {task("a", {with_memory(fire({}, {}), 3)})};
  EXPECT_EQ(text(simulated(network).memories[0].account), "transfer 3, starts 6, idle 5");
  // Of cycles 2 to 4: a cycle of the start, 1.5 of bytes, half a cycle of nothing.
  EXPECT_EQ(text(simulated(network, INT64_MAX, {2, 5}).memories[0].account),
            "transfer 3, starts 2, idle 1");
}

TEST(Account, WhatIsNotServedAtTheEndDoesNotCount) {
  // 20 requests of 10 cycles are queued in 20; issues in 0 to 19, completions in 11 and 21.
  Network network;
  network.memories = {{"m", 64, 10, 0, 0, 0}};
  network.tasks = {task("a", {loop(20, {with_memory(fire({}, {}), 64)})}, 20)};
  const SimulationResult result = simulated(network, 25);
  EXPECT_TRUE(result.cut_short);
  EXPECT_EQ(result.accounted, 22);
  EXPECT_EQ(text(result.tasks[0].account), "useful 20, latency 2");
  EXPECT_EQ(text(result.memories[0].account), "transfer 1408, starts 0, idle 0");
}

TEST(Account, LastIntervalCountsAsFarAsTheRunGoes) {
  // 0 -> 1; the interval would last until 9.
  Network network;
  network.tasks = {task("a", {fire({}, {}, 10, 1)})};
  EXPECT_EQ(text(simulated(network).tasks[0].account), "useful 2");
}

TEST(Account, SharedInstanceIsOccupiedUntilItsPipelineIsEmpty) {
  // x 0 1 -> 2 3, y 4 -> 5.
  Network network;
  network.tasks = {task("x", {loop(2, {fire({}, {}, 1, 2)})}), task("y", {fire({}, {})})};
  network.instances = {{"i", {0, 1}, false}};
  const SimulationResult result = simulated(network);
  EXPECT_EQ(text(result.tasks[0].account), "useful 2, latency 2, idle 2");
  EXPECT_EQ(text(result.tasks[1].account), "useful 1, latency 1, turn 4");
}

TEST(Account, LaunchIsARangeOfCycles) {
  // 0 1 -> 2 3, and from 4 + 5 on: 9 -> 11.
  Network network;
  network.symbols = {{"sequence", 0, 8}};
  network.tasks = {task("a", {loop(Extent::symbol("sequence"), {fire({}, {}, 1, 2)})})};
  network.launches = {{{"sequence", 2}}, {{"sequence", 1}}};
  network.gap = 5;
  const SimulationResult both = simulated(network);
  EXPECT_EQ(text(both.tasks[0].account), "useful 3, latency 4, idle 5");
  const CycleRange second{both.launch_end[0] + 1, both.launch_end[1] + 1};
  const SimulationResult one = simulated(network, INT64_MAX, second);
  EXPECT_EQ(one.accounted, 8);
  EXPECT_EQ(one.cycles, both.cycles);
  EXPECT_EQ(text(one.tasks[0].account), "useful 1, latency 2, idle 5");
  // 0 1 2 -> 2 3 4: the pipeline does not run empty between launches that overlap.
  network.overlap = true;
  EXPECT_EQ(text(simulated(network).tasks[0].account), "useful 3, latency 2");
}

TEST(Account, NothingFiresInNoTime) {
  Network network;
  network.tasks = {task("a", {loop(0, {fire({}, {})})})};
  EXPECT_EQ(simulated(network).accounted, 0);
}

TEST(Account, DeadlockEndsWithWhatHappenedLast) {
  // a 0 1 3 -> 1 3, ready in 1 2 4, the last in vain; b 2 -> 3 takes no other token.
  Network network = pipe(8, 1, fire({}, {}), fire({}, {}));
  network.tasks[1].items[0].trips = 1;
  const SimulationResult result = simulated(network);
  EXPECT_FALSE(result.completed);
  EXPECT_EQ(result.accounted, 4);
  EXPECT_EQ(text(result.tasks[0].account), "useful 3, room 1");
  EXPECT_EQ(text(result.tasks[1].account), "useful 1, latency 1, dependency 2");
}

}  // namespace
}  // namespace st::test
