// SPDX-License-Identifier: Apache-2.0
// Where a design that walks its layers itself has its memories, and what nodes share.
#include "core/resources/streamed.h"

#include <gtest/gtest.h>

#include <set>

#include "core/binding/share.h"
#include "core/dataflow/instances.h"

namespace st {
namespace {

constexpr int64_t Megabyte = int64_t{1} << 20;

/// A file of weights on each of some ports, and memories beside them.
Program with_memories(int ports, int64_t port_bytes, const std::vector<int64_t>& others) {
  Program program;
  for (int p = 0; p < ports; ++p) {
    Memory memory;
    memory.name = "weights" + std::to_string(p);
    memory.role = MemoryRole::Parameters;
    memory.port = "port" + std::to_string(p);
    memory.channel = p;
    memory.bytes = port_bytes;
    program.memories.push_back(memory);
  }
  for (const int64_t bytes : others) {
    Memory memory;
    memory.name = "other" + std::to_string(program.memories.size());
    memory.role = MemoryRole::Table;
    memory.bytes = bytes;
    program.memories.push_back(memory);
  }
  return program;
}

std::set<int> channels_of_others(const Program& program) {
  std::set<int> channels;
  for (const Memory& memory : program.memories)
    if (memory.port.empty()) channels.insert(memory.channel);
  return channels;
}

TEST(Streamed, OtherMemoriesKeepOffThePortsWhereThereIsAnotherPlace) {
  Program behind = with_memories(28, Megabyte, {1, 2, 3});
  ASSERT_TRUE(place_streamed_memories(behind, *find_target("u55c")).ok());
  EXPECT_EQ(channels_of_others(behind), (std::set<int>{28, 29, 30}));
  Program large = with_memories(28, Megabyte, {1, 2, 3});
  ASSERT_TRUE(place_streamed_memories(large, *find_target("u280")).ok());
  EXPECT_EQ(channels_of_others(large), std::set<int>{32});
}

TEST(Streamed, OtherMemoriesAreSpreadWhereChannelsAreFew) {
  Program program = with_memories(4, Megabyte, {100 * Megabyte, 1, 2, 3});
  ASSERT_TRUE(place_streamed_memories(program, *find_target("u250")).ok());
  EXPECT_EQ(channels_of_others(program), (std::set<int>{0, 1, 2, 3}));
}

TEST(Streamed, MorePortsThanChannelsShareThem) {
  Program program = with_memories(6, Megabyte, {});
  ASSERT_TRUE(place_streamed_memories(program, *find_target("u250")).ok());
  EXPECT_EQ(program.memories[4].channel, 0);
  EXPECT_EQ(program.memories[5].channel, 1);
}

TEST(Streamed, ChannelsOfOneMemoryHaveItsBytesTogether) {
  Program program = with_memories(6, 300 * Megabyte, {});
  const Status status = place_streamed_memories(program, *find_target("zcu104"));
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.errors()[0].code, "E0403");
  EXPECT_EQ(status.errors()[0].message,
            "bytes of HP0 to HPC1: needs 1887436800 (predicted), the target has 1610612736: "
            "276824064 too many");
}

/// A kernel of a unit that makes one tensor of others.
KernelId add_kernel(Program& program, const std::string& kind, const std::string& unit,
                    const std::vector<TensorId>& from) {
  Kernel kernel;
  kernel.kind = kind;
  kernel.name = kind + std::to_string(program.kernels.size());
  kernel.unit = unit;
  for (const TensorId t : from) kernel.inputs.push_back({t, {}, -1});
  program.tensors.emplace_back();
  kernel.outputs.push_back({static_cast<TensorId>(program.tensors.size()) - 1, {}, -1});
  program.kernels.push_back(kernel);
  return static_cast<KernelId>(program.kernels.size()) - 1;
}

TEST(Streamed, NormsShareAnInstanceUnlessOneReadsWhatTheOtherMade) {
  Program program;
  const auto add = [&](const std::string& kind, const std::string& unit, KernelId from) {
    std::vector<TensorId> reads;
    if (from >= 0) reads = {program.kernels[from].outputs[0].tensor};
    return add_kernel(program, kind, unit, reads);
  };
  const KernelId before = add("rms_norm", "decoder", add("enter_layers", "feeder", -1));
  const KernelId engine = add("multiply_stripes", "engine0", before);
  const KernelId behind = add("rms_norm", "decoder", engine);
  const KernelId next = add("rms_norm", "decoder", add("map", "decoder", behind));
  share_rows(program, "decoder");
  EXPECT_EQ(program.kernels[before].instance, "rms_norm_of_all");
  EXPECT_EQ(program.kernels[behind].instance, "rms_norm_of_all");
  EXPECT_EQ(program.kernels[next].instance, "");
}

TEST(Streamed, RowsAlternateOfNodesThatDoNotNeedEachOther) {
  for (const int64_t most_rows : {1, 4}) {
    Program program;
    program.max_sequence = most_rows;
    const KernelId enter = add_kernel(program, "enter_layers", "feeder", {});
    const TensorId row = program.kernels[enter].outputs[0].tensor;
    const KernelId key = add_kernel(program, "quantize_heads", "decoder", {row});
    const KernelId value = add_kernel(program, "quantize_heads", "decoder", {row});
    const TensorId made = program.kernels[value].outputs[0].tensor;
    const KernelId engine = add_kernel(program, "attend", "engine0", {made});
    const KernelId later = add_kernel(program, "quantize_heads", "decoder",
                                      {program.kernels[engine].outputs[0].tensor});
    const KernelId beside = add_kernel(program, "quantize_heads", "decoder", {row});
    const KernelId behind = add_kernel(program, "quantize_heads", "decoder", {row});
    for (const KernelId k : {key, value, later, beside}) program.kernels[k].layered = true;
    program.kernels[behind].behind = true;
    share_rows(program, "decoder");
    for (const KernelId k : {key, value, later, beside, behind})
      EXPECT_EQ(program.kernels[k].instance, "quantize_heads_of_all");
    EXPECT_FALSE(program.kernels[key].alternates);
    EXPECT_EQ(program.kernels[value].alternates, most_rows > 1);
    EXPECT_FALSE(program.kernels[later].alternates) << "it waits for the rows of `value`";
    EXPECT_EQ(program.kernels[beside].alternates, most_rows > 1);
    EXPECT_FALSE(program.kernels[behind].alternates);
  }
}

TEST(Streamed, NodesThatAlternateHaveATurnForEachRow) {
  Program program;
  program.layers.count = 2;
  program.layers.streamed = true;
  Instance instance{"all", {}};
  for (int n = 0; n < 4; ++n) {
    instance.nodes.push_back(add_kernel(program, "add", "decoder", {}));
    program.kernels.back().layered = n < 3;
    program.kernels.back().behind = n == 3;
    program.kernels.back().alternates = n == 1;
  }
  const std::vector<Turn> turns = turns_of(program, instance);
  EXPECT_EQ(turns.size(), 7U);
  std::vector<std::vector<int64_t>> is;
  for (const Turn& turn : row_by_row(program, turns, 2))
    is.push_back({turn.kernel, turn.layer, turn.rows});
  const std::vector<std::vector<int64_t>> layer = {
      {0, 0, 1}, {1, 0, 1}, {0, 0, 1}, {1, 0, 1}, {2, 0, 0}};
  std::vector<std::vector<int64_t>> wanted = layer;
  for (const std::vector<int64_t>& turn : layer) wanted.push_back({turn[0], 1, turn[2]});
  wanted.push_back({3, 0, 0});
  EXPECT_EQ(is, wanted);
}

}  // namespace
}  // namespace st
