// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>

#include "core/resources/allocate.h"
#include "core/resources/memory_traffic.h"
#include "tests/resources/random_designs.h"

namespace st {
namespace {

using Lines = std::vector<std::string>;

ChannelProblem four_on_two() {
  ChannelProblem problem;
  problem.device = "board";
  problem.channels = 2;
  problem.channel_bytes = 100;
  problem.most_ports = 4;
  problem.memories = {{"a", 40, 7, {0}}, {"b", 50, 6, {0}}, {"c", 30, 4, {0}}, {"d", 20, 3, {0}}};
  return problem;
}

Lines problems_of(const Diagnostics& problems) {
  Lines lines;
  for (const Diagnostic& problem : problems) {
    lines.push_back(problem.code + " " + problem.message +
                    (problem.where.empty() ? "" : " @ " + problem.where));
    for (const std::string& detail : problem.details) lines.back() += ", " + detail;
  }
  return lines;
}

Lines refused(const ChannelProblem& problem, const ChannelSolution& solution) {
  const Status status = verify(problem, solution);
  EXPECT_FALSE(status.ok());
  return status.ok() ? Lines{} : problems_of(status.errors());
}

Lines refused(const ChannelProblem& problem) {
  const auto solution = assign_channels(problem);
  EXPECT_FALSE(solution.ok());
  return solution.ok() ? Lines{} : problems_of(solution.errors());
}

TEST(AssignChannels, BalancesTraffic) {
  const auto solution = assign_channels(four_on_two());
  ASSERT_TRUE(solution.ok());
  EXPECT_EQ(solution->channel, (std::vector<int>{0, 1, 1, 0}));
  EXPECT_EQ(solution->load, 10);
  EXPECT_EQ(solution->bound, 10);
}

TEST(AssignChannels, MemoriesWithoutTrafficSpreadAsWell) {
  ChannelProblem problem = four_on_two();
  for (auto& memory : problem.memories) memory.traffic = 0;
  const auto solution = assign_channels(problem);
  ASSERT_TRUE(solution.ok());
  EXPECT_EQ(std::count(solution->channel.begin(), solution->channel.end(), 0), 2);
}

TEST(AssignChannels, CapacityComesBeforeBalance) {
  ChannelProblem problem = four_on_two();
  problem.memories = {{"a", 60, 1, {0}}, {"b", 60, 1, {0}}, {"c", 40, 9, {0}}, {"d", 40, 9, {0}}};
  problem.memories.push_back({"e", 0, 9, {}});
  const auto solution = assign_channels(problem);
  ASSERT_TRUE(solution.ok());
  EXPECT_EQ(solution->load, 19);
  // In order of traffic two small ones would lie together, and no channel would have room for the
  // second large one.
  problem.channels = 3;
  problem.memories = {{"a", 90, 1, {}}, {"b", 90, 1, {}}, {"c", 50, 9, {}}, {"d", 50, 9, {}}};
  ASSERT_TRUE(assign_channels(problem).ok());
  EXPECT_EQ(assign_channels(problem)->load, 18);
}

TEST(AssignChannels, NeverMissesTheOptimumByAThirdAndMostlyMeetsIt) {
  constexpr uint64_t Seed = 9;
  test::DesignRandom random(Seed);
  int optimal = 0, solved = 0;
  for (int trial = 0; trial < 500; ++trial) {
    ChannelProblem problem = four_on_two();
    problem.channels = static_cast<int>(random.between(1, 3));
    problem.most_ports = 8;
    problem.memories.clear();
    const auto memories = random.between(1, 8);
    for (int64_t m = 0; m < memories; ++m) {
      problem.memories.push_back(
          {"m" + std::to_string(m), random.between(0, 60), random.between(0, 50), {0}});
    }
    std::vector<int> channel(problem.memories.size(), 0);
    int64_t least = std::numeric_limits<int64_t>::max();
    const std::function<void(size_t)> visit = [&](size_t m) {
      if (m < channel.size()) {
        for (channel[m] = 0; channel[m] < problem.channels; ++channel[m]) visit(m + 1);
        return;
      }
      std::vector<int64_t> bytes(problem.channels, 0), load(problem.channels, 0);
      for (size_t i = 0; i < channel.size(); ++i) {
        bytes[channel[i]] += problem.memories[i].bytes;
        load[channel[i]] += problem.memories[i].traffic;
      }
      if (*std::max_element(bytes.begin(), bytes.end()) <= problem.channel_bytes)
        least = std::min(least, *std::max_element(load.begin(), load.end()));
    };
    visit(0);
    const auto solution = assign_channels(problem);
    if (!solution.ok()) {
      EXPECT_EQ(solution.errors().at(0).code, "E0403");
      continue;
    }
    ++solved;
    ASSERT_TRUE(verify(problem, *solution).ok());
    ASSERT_LE(solution->bound, least) << "seed " << Seed << ", trial " << trial;
    ASSERT_GE(solution->load, least) << "seed " << Seed << ", trial " << trial;
    optimal += solution->load == least;
  }
  EXPECT_GT(solved, 200);
  EXPECT_GT(optimal, solved * 9 / 10) << solved;
}

TEST(AssignChannels, MessagesNameWhatDoesNotFit) {
  ChannelProblem problem = four_on_two();
  problem.memories[1].bytes = 101;
  EXPECT_EQ(refused(problem), Lines{"E0403 buffer 'b' does not fit a memory channel of board, "
                                    "bytes: needs 101 (predicted), a channel has 100: 1 too many"});
  problem = four_on_two();
  problem.most_ports = 3;
  EXPECT_EQ(refused(problem), Lines{"E0403 group 0 has too many memory ports for board, memory "
                                    "ports: needs 4 (predicted), a group may have 3: 1 too many"});
  problem = four_on_two();
  for (auto& memory : problem.memories) memory.bytes = 51;
  EXPECT_EQ(refused(problem),
            Lines{"E0403 the buffers do not fit the device memory of board, "
                  "bytes: needs 204 (predicted), all channels have 200: 4 too many"});
  problem.memories.pop_back();
  EXPECT_EQ(refused(problem),
            Lines{"E0403 buffer 'c' does not fit a memory channel of board, bytes: needs 51 "
                  "(predicted), channel 0 has most room, 49: 2 too many"});
  problem.memories[0].traffic = -1;
  EXPECT_EQ(refused(problem), Lines{"E0320 traffic -1 is not in 0..1125899906842624 @ memory 'a'"});
}

TEST(ChannelVerify, EveryRuleRefuses) {
  ChannelProblem problem = four_on_two();
  EXPECT_TRUE(verify(problem, {{0, 1, 1, 0}, 10, 10}).ok());
  EXPECT_EQ(refused(problem, {{0, 1, 1}, 10, 10}),
            Lines{"E0320 the solution is for other memories"});
  EXPECT_EQ(refused(problem, {{0, 1, 1, 2}, 10, 10}),
            Lines{"E0320 there is no channel 2 @ memory 'd'"});
  EXPECT_EQ(refused(problem, {{0, 1, 1, 0}, 9, 9}),
            Lines{"E0320 the busiest channel moves 10 bytes, not 9"});
  EXPECT_EQ(refused(problem, {{0, 1, 1, 0}, 10, 11}),
            Lines{"E0320 the bound of 11 bytes is above the load of 10"});
  EXPECT_EQ(refused(problem, {{0, 0, 0, 1}, 17, 10}),
            Lines{"E0403 bytes of channel 0: needs 120 (predicted), there are 100: 20 too many"});
  problem.most_ports = 3;
  EXPECT_EQ(refused(problem, {{0, 1, 1, 0}, 10, 10}),
            Lines{"E0403 memory ports of group 0: needs 4 (predicted), there are 3: 1 too many"});
}

/// Ways into one memory: each reaches all of it, and they share what there is.
TEST(ChannelProblem, ChannelsMayShareTheirBytesAndHaveFewPorts) {
  ChannelProblem problem = four_on_two();
  for (auto& memory : problem.memories) memory.bytes = 20;
  problem.total_bytes = 79;
  EXPECT_EQ(refused(problem),
            Lines{"E0403 the buffers do not fit the device memory of board, "
                  "bytes: needs 80 (predicted), all channels have 79: 1 too many"});
  EXPECT_EQ(refused(problem, {{0, 1, 1, 0}, 10, 10}),
            Lines{"E0403 bytes of all channels: needs 80 (predicted), there are 79: 1 too many"});
  problem.total_bytes = 80;
  EXPECT_TRUE(assign_channels(problem).ok());
  // Without a limit one memory of much traffic has a channel to itself.
  for (size_t m = 0; m < 4; ++m) problem.memories[m].traffic = m == 0 ? 100 : 1;
  EXPECT_EQ(assign_channels(problem)->load, 100);
  problem.channel_ports = 2;
  const auto two_each = assign_channels(problem);
  ASSERT_TRUE(two_each.ok());
  EXPECT_EQ(two_each->load, 101);
  EXPECT_EQ(refused(problem, {{0, 1, 1, 1}, 100, 100}),
            Lines{"E0403 ports of channel 1: needs 3 (predicted), there are 2: 1 too many"});
  problem.channel_ports = 1;
  EXPECT_EQ(refused(problem),
            Lines{"E0403 all groups together have too many memory ports for board, memory ports: "
                  "needs 4 (predicted), the channels take 2: 2 too many"});
}

/// Two rows a launch; 10 positions.
TEST(MemoryTraffic, FollowsTheRole) {
  Program program;
  program.max_sequence = 2;
  program.max_positions = 10;
  program.groups = 2;
  const auto memory = [&](MemoryRole role, int64_t rows) {
    Memory m;
    m.name = "m" + std::to_string(program.memories.size());
    m.role = role;
    m.lanes = 16;
    m.beats = 2;  // a row is two words of 64 bytes
    m.rows = rows;
    m.bytes = rows * 128;
    program.memories.push_back(m);
    return static_cast<MemoryId>(program.memories.size()) - 1;
  };
  const auto kernel = [&](const std::string& kind, MemoryId m, int group) {
    Kernel k;
    k.kind = kind;
    k.memories = {m};
    k.group = group;
    k.sizes = {{"Heads", 3}, {"Repeat", 4}};
    program.kernels.push_back(k);
  };
  kernel("load_params", memory(MemoryRole::Parameters, 100), 0);
  // A loader moves its own segments of a file, 200 words here.
  for (TensorId t = 0; t < 3; ++t) {
    Segment segment;
    segment.tensor = t;
    segment.words = std::vector<int64_t>{150, 50, 1000}[static_cast<size_t>(t)];
    program.memories[0].segments.push_back(segment);
    if (t == 2) continue;
    program.kernels[0].outputs.emplace_back();
    program.kernels[0].outputs.back().tensor = t;
  }
  kernel("gather_rows", memory(MemoryRole::Table, 50), 0);
  kernel("cache_rows", memory(MemoryRole::Cache, 30), 0);
  const MemoryId between = memory(MemoryRole::Activation, 2);
  kernel("store_rows", between, 0);
  kernel("load_rows", between, 1);
  EXPECT_EQ(bytes_per_launch(program, 0), 2 * 12800);
  EXPECT_EQ(bytes_per_launch(program, 1), 2 * 128);
  EXPECT_EQ(bytes_per_launch(program, 2), 2 * (3 * 128 + 4 * 30 * 128));
  EXPECT_EQ(bytes_per_launch(program, between), 2 * 256);
  // Each head writes one word of its row of scales.
  program.kernels[2].kind = "cache_scales";
  EXPECT_EQ(bytes_per_launch(program, 2), 2 * (3 * 64 + 4 * 30 * 128));
  // What works for each of three layers moves its copy of each.
  program.layers.count = 3;
  program.kernels[0].layered = true;
  EXPECT_EQ(bytes_per_launch(program, 0), 3 * 2 * 12800);
  program.layers.count = 1;
  program.kernels[0].layered = false;
  const auto kinds = channel_problems_of(program, *find_target("u55c"));
  ASSERT_EQ(kinds.size(), 1u);
  const ChannelProblem& problem = kinds[0].problem;
  EXPECT_EQ(problem.memories[between].groups, (std::vector<int>{0, 1}));
  EXPECT_EQ(problem.most_ports, 28);
  EXPECT_EQ(problem.channels, 32);
}

TEST(ChannelProblem, WhatFitsNoChannelGoesToTheLargeMemory) {
  const Target target = *find_target("u280");
  Program program;
  const auto add = [&](const std::string& name, int64_t bytes) {
    Memory memory;
    memory.name = name;
    memory.role = MemoryRole::Table;
    memory.bytes = bytes;
    program.memories.push_back(memory);
  };
  add("small", 100);
  add("largest", target.channel_bytes());
  add("larger", target.channel_bytes() + 64);
  ASSERT_TRUE(assign_memory_channels(program, target).ok());
  EXPECT_EQ(target.bank_name(program.memories[1].channel).substr(0, 4), "HBM[");
  EXPECT_EQ(program.memories[2].channel, 32);
  EXPECT_EQ(target.bank_name(32), "DDR[0]");
  EXPECT_EQ(target.memory_of(32).channel_bandwidth.value, 19.25);
  add("too large", target.large_memory->channel_bytes() + 64);
  const Status status = assign_memory_channels(program, target);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.errors().at(0).message,
            "buffer 'too large' does not fit a memory channel of u280");
}

}  // namespace
}  // namespace st
