// SPDX-License-Identifier: Apache-2.0
/// Networks that are small enough to be worked out by hand. A line such as "a 0 1 2 -> 3 4 5" says
/// in which cycles a task's firings issue and complete.
#include "core/simulate/simulator.h"

#include <gtest/gtest.h>

#include "tests/common/small_networks.h"
#include "tests/simulate/compare_results.h"
#include "tests/simulate/naive_simulator.h"

namespace st::test {
namespace {

using Cycles = std::vector<int64_t>;

/// "b waits for a: Empty c".
std::vector<std::string> blocked(const Network& network, const SimulationResult& result) {
  std::vector<std::string> out;
  for (const BlockedTask& b : result.blocked) {
    const char* const Causes[] = {"Empty ", "Full ", "Turn"};
    out.push_back(network.tasks[b.task].name + " waits for " + network.tasks[b.waits_for].name +
                  ": " + Causes[static_cast<int>(b.cause)] +
                  (b.channel < 0 ? "" : network.channels[b.channel].name));
  }
  return out;
}

TEST(Simulator, TwoTasksInAPipe) {
  // a 0 1 2 3 -> 3 4 5 6, b 4 6 8 10 -> 5 7 9 11.
  const Network network = pipe(4, 0, fire({}, {}, 1, 3), fire({}, {}, 2, 1));
  const SimulationResult result = simulated(network);
  EXPECT_TRUE(result.completed);
  EXPECT_FALSE(result.cut_short);
  EXPECT_EQ(result.cycles, 11);
  EXPECT_EQ(result.launch_begin, Cycles{0});
  EXPECT_EQ(result.launch_end, Cycles{11});
  EXPECT_EQ(result.token_events, 8);
  EXPECT_TRUE(result.blocked.empty());
  const TaskActivity &a = result.tasks[0], &b = result.tasks[1];
  EXPECT_EQ(a.firings, 4);
  EXPECT_EQ(a.busy, 4);
  EXPECT_EQ(a.first_issue, 0);
  EXPECT_EQ(a.last_completion, 6);
  EXPECT_EQ(b.busy, 8);
  EXPECT_EQ(b.first_issue, 4);
  EXPECT_EQ(b.last_completion, 11);
  EXPECT_EQ(b.starved, 4);  // from 0 on
  EXPECT_EQ(a.starved + a.blocked + b.blocked, 0);
  // Pushes in 3 4 5 6, pulls in 4 6 8 10: two tokens at the start of 6.
  EXPECT_EQ(result.channels[0].first_push, 3);
  EXPECT_EQ(result.channels[0].last_push, 6);
  EXPECT_EQ(result.channels[0].first_pull, 4);
  EXPECT_EQ(result.channels[0].last_pull, 10);
  EXPECT_EQ(result.channels[0].peak, 2);
  EXPECT_EQ(result.channels[0].pushes, 4);
  EXPECT_EQ(result.channels[0].pulls, 4);
  EXPECT_EQ(result.channels[0].empty_stall, 4);
  EXPECT_EQ(result.channels[0].full_stall, 0);
}

TEST(Simulator, Figure8NeedsThreeTokens) {
  // a 0 .. 4 -> 3 .. 7, b 4 6 8 10 12: at the start of 8 five tokens were pushed and two pulled.
  const SimulationResult result = simulated(figure8());
  EXPECT_EQ(result.cycles, 13);
  EXPECT_EQ(result.channels[0].peak, 3);
}

TEST(Simulator, FullFifoRefusesAPushInTheCycleOfAPull) {
  // a 0 1 3 5 -> 1 3 5 7, b 2 4 6 8 -> 3 5 7 9: half the rate.
  const SimulationResult one = simulated(pipe(4, 1, fire({}, {}), fire({}, {})));
  EXPECT_EQ(one.cycles, 9);
  EXPECT_EQ(one.tasks[0].blocked, 3);  // ready in 2 4 6
  EXPECT_EQ(one.channels[0].full_stall, 3);
  EXPECT_EQ(one.tasks[1].starved, 5);  // from 0 to 2, and in 3 5 7
  EXPECT_EQ(one.channels[0].empty_stall, 5);
  EXPECT_EQ(one.channels[0].peak, 1);
  // a 0 1 2 3 -> 1 2 3 4, b 2 3 4 5 -> 3 4 5 6.
  const SimulationResult two = simulated(pipe(4, 2, fire({}, {}), fire({}, {})));
  EXPECT_EQ(two.cycles, 6);
  EXPECT_EQ(two.tasks[0].blocked, 0);
  EXPECT_EQ(two.channels[0].peak, 1);
}

TEST(Simulator, BlockedPipelineIssuesUntilItIsFull) {
  // b takes nothing before its first firing, which is slow to start: in_flight is ceil(3 / 1).
  // a 0 1 2 3 4 and then no more: 3 and 4 took the slots of 0 and 1, which filled the FIFO.
  const Network network = pipe(20, 2, fire({}, {}, 1, 3), fire({}, {}, 100, 1));
  const SimulationResult result = simulated(network, 50);
  EXPECT_TRUE(result.cut_short);
  EXPECT_FALSE(result.completed);
  // b pulled one token in 4, so that one more could complete, and one more issue.
  EXPECT_EQ(result.tasks[0].firings, 6);
  EXPECT_EQ(result.channels[0].pushes, 3);
  EXPECT_EQ(result.tasks[1].firings, 1);
}

TEST(Simulator, FiringsInFlightAreLimited) {
  Network network;
  network.tasks = {task("a", {loop(6, {fire({}, {}, 1, 4)})})};
  // 0 1 2 3 4 5 -> 4 5 6 7 8 9: the firing that issues in 4 takes the slot of the one that
  // completes in 4.
  EXPECT_EQ(simulated(network).cycles, 9);
  // 0 1 4 5 8 9 -> 4 5 8 9 12 13.
  network.tasks[0].in_flight = 2;
  EXPECT_EQ(simulated(network).cycles, 13);
  // 0 4 8 ...
  network.tasks[0].in_flight = 1;
  EXPECT_EQ(simulated(network).cycles, 24);
}

TEST(Simulator, OneFiringCompletesInACycle) {
  // Latencies 5 1 1: ready in 5 2 3, completed in 5 6 7.
  Network network;
  network.tasks = {task("a", {fire({}, {}, 1, 5), fire({}, {}, 1, 1), fire({}, {}, 1, 1)})};
  EXPECT_EQ(simulated(network).cycles, 7);
}

TEST(Simulator, DrainWaitsForThePipelineToRunEmpty) {
  Network network;
  network.tasks = {task("a", {loop(3, {loop(2, {fire({}, {}, 1, 5)})})})};
  EXPECT_EQ(simulated(network).cycles, 10);  // 0 .. 5 -> 5 .. 10
  // 0 1 -> 5 6, 7 8 -> 12 13, 14 15 -> 19 20.
  network.tasks[0].items[0].items[0].drain = true;
  EXPECT_EQ(simulated(network).cycles, 20);
  // Behind the outer loop there is nothing to hold back.
  network.tasks[0].items[0].items[0].drain = false;
  network.tasks[0].items[0].drain = true;
  EXPECT_EQ(simulated(network).cycles, 10);
  // 0 -> 5, 6 -> 11, ...
  network.tasks[0].items[0].items[0].items[0].drain = true;
  EXPECT_EQ(simulated(network).cycles, 35);
}

TEST(Simulator, TripCountsOverOuterCountersAndTables) {
  Network network;
  network.symbols = {{"past", 0, 4}, {"sequence", 1, 4}};
  network.launches = {{{"past", 2}, {"sequence", 3}}};
  const Extent row = Extent::symbol("past") + Extent::symbol("d0") + Extent(1);
  network.tasks = {task("a", {loop(Extent::symbol("sequence"), {loop(row, {fire({}, {})})})}),
                   task("b", {loop(3, {loop(0, {fire({}, {})})})})};
  network.tasks[1].items[0].items[0].trips_by_outer =
      std::make_shared<const Cycles>(Cycles{4, 0, 1});
  const SimulationResult result = simulated(network);
  EXPECT_EQ(result.tasks[0].firings, 3 + 4 + 5);
  EXPECT_EQ(result.tasks[1].firings, 5);
}

TEST(Simulator, MemoryServesByFractionsOfCyclesAndBursts) {
  Network network;
  network.memories = {{"m", 64, 3, 10, 96, 4}};
  network.tasks = {
      task("a", {loop(4, {with_memory(fire({}, {}, 1, 2), 32)})}, 8),
  };
  // 32 bytes take 1.5 cycles, and 4 more begin a burst, of three requests. Served until 5.5, 7,
  // 8.5, 14; data in 16, 17, 19, 24; ready two cycles later.
  const SimulationResult one = simulated(network);
  EXPECT_EQ(one.cycles, 26);
  EXPECT_EQ(one.memories[0].bursts, 2);
  EXPECT_DOUBLE_EQ(one.memories[0].busy, 14.0);
  EXPECT_EQ(one.memories[0].bytes_read, 128);
  EXPECT_EQ(one.memories[0].bytes_written, 0);

  // Two tasks in turn: each request begins a burst. Served until 5.5, 11, 16.5, 22.
  network.tasks = {task("a", {loop(2, {with_memory(fire({}, {}, 1, 2), 32)})}, 8),
                   task("b", {loop(2, {with_memory(fire({}, {}, 1, 2), 32, true)})}, 8)};
  const SimulationResult two = simulated(network);
  EXPECT_EQ(two.cycles, 34);
  EXPECT_EQ(two.tasks[0].last_completion, 29);  // ceil(16.5) + 10 + 2
  EXPECT_EQ(two.memories[0].bursts, 4);
  EXPECT_DOUBLE_EQ(two.memories[0].busy, 22.0);
  EXPECT_EQ(two.memories[0].bytes_read, 64);
  EXPECT_EQ(two.memories[0].bytes_written, 64);

  // Idle from 1.5 to 10: service begins with the issue. 10 + 1.5 and no burst: data in 22.
  network.memories[0].burst_cycles = 0;
  network.tasks = {task("a", {loop(2, {with_memory(fire({}, {}, 10, 2), 32)})}, 8)};
  EXPECT_EQ(simulated(network).cycles, 24);
}

TEST(Simulator, SharedInstanceTakesTurnsInOrder) {
  Network network;
  network.tasks = {task("x", {loop(2, {loop(2, {fire({}, {}, 1, 3)})})}),
                   task("y", {loop(2, {loop(2, {fire({}, {}, 1, 3)})})})};
  network.instances = {{"i", {0, 1}, true}};
  // x 0 1 -> 3 4, y 5 6 -> 8 9, x 10 11 -> 13 14, y 15 16 -> 18 19.
  EXPECT_EQ(simulated(network).cycles, 19);
  // x 0 1 2 3 -> 3 4 5 6, y 7 8 9 10 -> 10 11 12 13.
  network.instances[0].per_iteration = false;
  EXPECT_EQ(simulated(network).cycles, 13);
  // x fires in its second iteration alone: y 0 1 -> 3 4, x 5 -> 8, y 9 10 -> 12 13.
  network.instances[0].per_iteration = true;
  network.tasks[0].items[0].items[0].trips = Extent::symbol("d0");
  EXPECT_EQ(simulated(network).cycles, 13);
  EXPECT_EQ(simulated(network).tasks[0].first_issue, 5);
}

TEST(Simulator, TurnsInTheWrongOrderAreADeadlock) {
  Network network = pipe(3, 4, fire({}, {}), fire({}, {}));
  network.instances = {{"i", {0, 1}, false}};
  EXPECT_TRUE(simulated(network).completed);
  network.instances[0].tasks = {1, 0};
  const SimulationResult result = simulated(network);
  EXPECT_FALSE(result.completed);
  EXPECT_EQ(blocked(network, result),
            (std::vector<std::string>{"a waits for b: Turn", "b waits for a: Empty a_b"}));
}

TEST(Simulator, LaunchesFollowAfterAGapOrOverlap) {
  Network network;
  network.symbols = {{"sequence", 0, 8}};
  network.tasks = {task("a", {loop(Extent::symbol("sequence"), {fire({}, {}, 1, 2)})})};
  network.launches = {{{"sequence", 2}}, {{"sequence", 1}}};
  network.gap = 5;
  // 0 1 -> 2 3, and from 4 + 5 on: 9 -> 11.
  const SimulationResult apart = simulated(network);
  EXPECT_EQ(apart.launch_begin, (Cycles{0, 9}));
  EXPECT_EQ(apart.launch_end, (Cycles{3, 11}));
  EXPECT_EQ(apart.cycles, 11);
  // 0 1 2 -> 2 3 4.
  network.overlap = true;
  const SimulationResult overlapping = simulated(network);
  EXPECT_EQ(overlapping.launch_begin, (Cycles{0, 2}));
  EXPECT_EQ(overlapping.launch_end, (Cycles{3, 4}));
  // A launch in which nothing fires ends in the cycle before it begins; the next is a gap later.
  network.overlap = false;
  network.launches = {{{"sequence", 2}}, {{"sequence", 0}}, {{"sequence", 1}}};
  const SimulationResult empty = simulated(network);
  EXPECT_EQ(empty.launch_begin, (Cycles{0, 9, 14}));
  EXPECT_EQ(empty.launch_end, (Cycles{3, 8, 16}));
  // Without launches symbols are at their largest.
  network.launches.clear();
  EXPECT_EQ(simulated(network).tasks[0].firings, 8);
}

TEST(Simulator, TokensStayInAChannelBetweenLaunches) {
  // b takes one of the two tokens of each launch, and one was there.
  Network network = pipe(2, 0, fire({}, {}), fire({}, {}));
  network.tasks[1].items[0].trips = 1;
  network.channels[0].initial = 1;
  network.launches = {{}, {}, {}};
  const SimulationResult result = simulated(network);
  EXPECT_TRUE(result.completed);
  EXPECT_EQ(result.channels[0].pushes, 6);
  EXPECT_EQ(result.channels[0].pulls, 3);
  EXPECT_EQ(result.channels[0].peak, 4);
}

TEST(Simulator, EachChannelAtFaultCounts) {
  // j can issue from 0 on; a's token is there at 4, b's at 6.
  Network network;
  network.channels = {channel("a_j", 2), channel("b_j", 2)};
  network.tasks = {task("a", {fire({}, {0}, 1, 3)}), task("b", {fire({}, {1}, 1, 5)}),
                   task("j", {fire({0, 1}, {})})};
  const SimulationResult result = simulated(network);
  EXPECT_EQ(result.tasks[2].starved, 6);
  EXPECT_EQ(result.channels[0].empty_stall, 4);
  EXPECT_EQ(result.channels[1].empty_stall, 6);
}

TEST(Simulator, RunIsCutShort) {
  const Network network = pipe(4, 0, fire({}, {}, 1, 3), fire({}, {}, 2, 1));  // until 11
  const SimulationResult ten = simulated(network, 10);
  EXPECT_TRUE(ten.cut_short);
  EXPECT_EQ(ten.cycles, 9);
  EXPECT_EQ(ten.tasks[1].firings, 4);  // the last issued in 10
  EXPECT_TRUE(simulated(network, 11).completed);
}

// A simulator of homogeneous tasks, written apart from this one in another language, says so too.
TEST(Simulator, DiamondOverATaskThatGathersNeedsItsBlock) {
  const SimulationResult deep = simulated(diamond(16));
  EXPECT_TRUE(deep.completed);
  EXPECT_FALSE(deep.cut_short);
  const Network shallow = diamond(15);
  const SimulationResult result = simulated(shallow);
  EXPECT_FALSE(result.completed);
  EXPECT_FALSE(result.cut_short);
  EXPECT_EQ(result.channels[0].pushes, 15);
  EXPECT_EQ(blocked(shallow, result),
            (std::vector<std::string>{
                "K0 waits for K2: Full k0_k2", "K1.in waits for K0: Empty k0_k1",
                "K1.out waits for K1.in: Empty K1.full", "K2 waits for K1.out: Empty k1_k2"}));
}

TEST(Simulator, TwoRootsIntoOneJoin) {
  // Deep: B's last token but one is long there when A's pipeline fills, so that the join runs
  // behind B, 64 tokens of 8 cycles. Shallow: B waits for A for 400 cycles, then goes on.
  const SimulationResult deep = simulated(two_roots(64));
  EXPECT_TRUE(deep.completed);
  EXPECT_EQ(deep.cycles, 507);
  EXPECT_EQ(simulated(two_roots(2)).cycles, 885);
}

}  // namespace
}  // namespace st::test
