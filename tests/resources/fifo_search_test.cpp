// SPDX-License-Identifier: Apache-2.0
// Depths that the search finds: against known minima, exhaustive search, and the published method.
#include "core/resources/fifo_search.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>

#include "core/resources/network_profile.h"
#include "core/resources/prove.h"
#include "core/simulate/simulator.h"
#include "tests/common/random_networks.h"
#include "tests/common/small_networks.h"

namespace st {
namespace {

FifoSearchResult found(const Network& network, const FifoSearchOptions& options = {}) {
  auto result = search_fifo_depths(network, options);
  EXPECT_TRUE(result.ok()) << (result.ok() ? "" : result.errors()[0].message);
  return result.ok() ? *result : FifoSearchResult();
}

TEST(FifoSearch, TheDiamondGetsItsTrueMinimum) {
  const FifoSearchResult result = found(test::diamond(0));
  EXPECT_EQ(result.depths, (std::vector<int64_t>{2, 2, 16, 2, 2}));
  EXPECT_TRUE(result.optimal);
  EXPECT_EQ(result.cycles, result.start_cycles);
}

TEST(FifoSearch, TwoRootsLoseNoTime) {
  FifoSearchOptions options;
  options.tolerance = 0;
  const FifoSearchResult result = found(test::two_roots(0), options);
  EXPECT_EQ(result.cycles, 507);
  EXPECT_EQ(result.start_cycles, 507);
  EXPECT_EQ(result.depths[1], 50) << "B sends a token each 8 cycles, from 1 on; J begins at 401";
}

TEST(FifoSearch, ToleranceSavesBits) {
  FifoSearchOptions options;
  const int64_t strict = found(test::two_roots(0), options).depths[1];
  options.tolerance = 0.5;
  const FifoSearchResult loose = found(test::two_roots(0), options);
  EXPECT_LT(loose.depths[1], strict);
  EXPECT_LE(loose.cycles, 507 * 3 / 2);
}

TEST(FifoSearch, StartsFromGivenDepths) {
  FifoSearchOptions options;
  options.start = {2, 20};
  const FifoSearchResult result = found(test::two_roots(0), options);
  EXPECT_EQ(result.start_cycles, Simulator(test::two_roots(20)).run().cycles);
  EXPECT_LE(result.depths[1], 20);
}

TEST(FifoSearch, CostDecidesWhichChannelIsDeep) {
  // Tokens wait before or behind B: 24 slots in the cheap channel do as well as in the dear one.
  Network network;
  network.channels = {test::channel("dear", 0), test::channel("cheap", 0),
                      test::channel("late", 0)};
  network.channels[0].width_bits = 512;
  network.channels[1].width_bits = 8;
  network.tasks = {test::task("A", {test::loop(64, {test::fire({}, {0})})}),
                   test::task("B", {test::loop(64, {test::fire({0}, {1})})}),
                   test::task("L", {test::loop(64, {test::fire({}, {2}, 1, 30)})}),
                   test::task("J", {test::loop(64, {test::fire({1, 2}, {})})})};
  const FifoSearchResult result = found(network);
  EXPECT_TRUE(result.optimal);
  EXPECT_EQ(result.depths[0], 2);
}

TEST(FifoSearch, WhatNeverRunsIsNamed) {
  // A circle without initial tokens.
  Network network;
  network.channels = {test::channel("there", 0), test::channel("back", 0)};
  network.tasks = {test::task("ping", {test::loop(4, {test::fire({1}, {0})})}),
                   test::task("pong", {test::loop(4, {test::fire({0}, {1})})})};
  const auto result = search_fifo_depths(network);
  ASSERT_FALSE(result.ok());
  const Diagnostic& problem = result.errors()[0];
  EXPECT_EQ(problem.code, "E0332");
  ASSERT_EQ(problem.details.size(), 2U);
  EXPECT_EQ(problem.details[0],
            "'ping' waits for a token of channel 'back' (empty), which is written by 'pong'");
  EXPECT_EQ(problem.help, "depths do not help: the circle needs initial tokens, or another order");
}

/// The least bits at which a network runs in time and can be proven, by trying all depths; nothing
/// if there are more than `most` combinations.
std::optional<double> exhaustive(const Network& network, const FifoSearchResult& result,
                                 int64_t most) {
  std::vector<int64_t> open;
  for (const NetworkChannel& channel : network.channels)
    open.push_back(channel.fixed ? channel.depth : 0);
  const SimulationResult unbounded = Simulator(network).run(open);
  const Network bare = without_time(network);
  const SimulationResult untimed = Simulator(bare).run(open);
  std::vector<int64_t> low, high;
  int64_t combinations = 1;
  for (size_t c = 0; c < network.channels.size(); ++c) {
    const bool fixed = network.channels[c].fixed;
    const int64_t peak = std::max(unbounded.channels[c].peak, untimed.channels[c].peak) + 1;
    low.push_back(fixed ? network.channels[c].depth
                        : std::max<int64_t>(2, network.channels[c].initial));
    high.push_back(fixed ? low.back() : std::max(low.back(), peak));
    combinations *= high.back() - low.back() + 1;
    if (combinations > most) return std::nullopt;
  }
  const auto limit = static_cast<int64_t>(static_cast<double>(unbounded.cycles) * 1.01);
  const Simulator timed(network), plain(bare);
  double best = -1;
  std::vector<int64_t> depths = low;
  for (;;) {
    double bits = 0;
    for (size_t c = 0; c < depths.size(); ++c)
      bits += network.channels[c].fixed ? 0 : held_bits(network.channels[c].width_bits, depths[c]);
    if ((best < 0 || bits < best) && timed.run(depths, limit).completed &&
        plain.run(depths).completed)
      best = bits;
    size_t c = 0;
    while (c < depths.size() && depths[c] == high[c]) depths[c] = low[c], ++c;
    if (c == depths.size()) break;
    ++depths[c];
  }
  EXPECT_EQ(result.start_cycles, unbounded.cycles);
  return best;
}

TEST(FifoSearch, TwoThousandRandomNetworks) {
#ifdef ST_TEST_SANITIZED
  constexpr int Wanted = 100;
#else
  constexpr int Wanted = 2000;
#endif
  int networks = 0, never = 0, optimal = 0, small = 0;
  int paper_cycle = 0, paper_deadlock = 0, paper_slow = 0, paper_fine = 0, paper_taken = 0;
  double worst_time = 0, worst_bits = 0, ours_bits = 0, paper_bits = 0;
  for (uint64_t seed = 1; networks < Wanted; ++seed) {
    const Network network = test::random_network(seed);
    const auto result = search_fifo_depths(network);
    if (!result.ok()) {
      ASSERT_EQ(result.errors()[0].code, "E0332") << seed;
      ++never;
      continue;
    }
    ++networks;
    const Simulator simulator(network);
    const SimulationResult run = simulator.run(result->depths);
    ASSERT_TRUE(run.completed) << seed;
    const double time = static_cast<double>(run.cycles) /
                        static_cast<double>(std::max<int64_t>(1, result->start_cycles));
    ASSERT_LE(time, 1.01) << seed;
    worst_time = std::max(worst_time, time);
    ASSERT_TRUE(Simulator(without_time(network)).run(result->depths).completed) << seed;
    optimal += result->optimal;
    if (const auto best = exhaustive(network, *result, 500)) {
      ++small;
      const double bits = *best > 0 ? result->cost / *best : 1;
      worst_bits = std::max(worst_bits, bits);
      ASSERT_LE(bits, 1.05) << seed << ": " << result->cost << " bits against " << *best;
    }
    const auto paper = paper_network_depths(network, Equalisation::Normal, 2);
    if (!paper.ok()) {
      ++paper_cycle;
      continue;
    }
    ++paper_taken;
    const SimulationResult theirs = simulator.run(*paper);
    if (!theirs.completed) {
      ++paper_deadlock;
    } else if (static_cast<double>(theirs.cycles) >
               1.01 * static_cast<double>(result->start_cycles)) {
      ++paper_slow;
    } else {
      ++paper_fine;
      ours_bits += result->cost;
      for (size_t c = 0; c < paper->size(); ++c) {
        if (!network.channels[c].fixed)
          paper_bits += held_bits(network.channels[c].width_bits, (*paper)[c]);
      }
    }
  }
  std::printf(
      "  ours: %d networks (%d more never run): no deadlock, at most %.4f of the unbounded time,\n"
      "    %d proven optimal, %d compared with exhaustive search: at most %.3f of its bits\n"
      "  paper, normal: %d refused for a cycle; of %d: %d deadlock, %d slower by over 1 %%, %d "
      "fine "
      "(with %.2f of our bits)\n",
      networks, never, worst_time, optimal, small, worst_bits, paper_cycle, paper_taken,
      paper_deadlock, paper_slow, paper_fine, ours_bits > 0 ? paper_bits / ours_bits : 0);
  EXPECT_GT(small, networks / 10);
  EXPECT_GT(optimal, networks / 2);
  EXPECT_GT(paper_deadlock, 0) << "the published method has known faults";
}

}  // namespace
}  // namespace st
