// SPDX-License-Identifier: Apache-2.0
// Memories of whole groups: which arrays a kernel has, and what is chosen for them.
#include "core/resources/storage.h"

#include <gtest/gtest.h>

#include "core/dataflow/kernel_record.h"

namespace st {
namespace {

using enum MemoryKind;

StreamType stream(DType dtype, int64_t beats, int lanes) {
  return {{{1, lanes}, dtype, {1, beats}, {1, lanes}, {0, 1}}, lanes};
}

Kernel kernel(const std::string& name, const std::string& kind,
              std::map<std::string, int64_t> sizes) {
  Kernel made;
  made.name = name;
  made.kind = kind;
  made.sizes = std::move(sizes);
  return made;
}

Kernel converter(DType dtype, int in, int out, int64_t window) {
  Kernel made = kernel("c", "convert", {{"Window", window}});
  made.inputs = {{0, stream(dtype, 24 / in, in), -1}};
  made.outputs = {{0, stream(dtype, 24 / out, out), -1}};
  return made;
}

/// "row 512x4": width and words per bank, with banks, copies and reads where there are several.
std::string text_of(const std::vector<Buffer>& buffers) {
  std::string out;
  for (const Buffer& b : buffers) {
    out += (out.empty() ? "" : ", ") + std::string(b.name) + " " + std::to_string(b.width_bits) +
           "x" + std::to_string(b.words_per_bank());
    if (b.banks > 1) out += " banks " + std::to_string(b.banks);
    if (b.copies > 1) out += " copies " + std::to_string(b.copies);
    if (b.two_reads) out += " two reads";
    if (b.in_registers()) out += " registers";
  }
  return out;
}

/// A linear layer that holds a tile of rows * steps sums.
Kernel matmul(int64_t rows, int64_t steps) {
  Kernel made =
      kernel("linear", "matmul",
             {{"KL", 1}, {"KBeats", 1}, {"NL", 1}, {"NP", rows}, {"Steps", steps}, {"Tiles", 1}});
  made.inputs.resize(2);
  return made;
}

TEST(Buffers, AreThoseThatTemplatesAndConvertersDeclare) {
  Program program;
  program.max_positions = 100;
  const auto of = [&](const Kernel& k) { return text_of(buffers_of(program, k)); };
  EXPECT_EQ(of(kernel("k", "rms_norm", {{"L", 16}, {"Beats", 4}, {"Repeat0", 2}})),
            "row 512x4, sums 32x1 banks 8 registers");
  EXPECT_EQ(of(kernel("k", "rms_norm_heads", {{"L", 16}, {"Beats", 4}, {"Heads", 2}})),
            "row 512x4, sums 32x1 banks 8 registers");
  EXPECT_EQ(of(kernel("k", "layer_norm", {{"L", 16}, {"Beats", 1}, {"Repeat0", 1}})),
            "row 512x1 registers, sums 32x1 banks 8 registers");
  EXPECT_EQ(of(kernel("k", "quantize_rows", {{"L", 8}, {"Beats", 6}, {"Repeat0", 1}})),
            "row 256x6");
  EXPECT_EQ(
      of(kernel("k", "quantize_rows", {{"L", 8}, {"Beats", 6}, {"Repeat0", 1}, {"Repeat1", 1}})),
      "row 256x6, kept 64x6");
  // A group is held, and the row only where it is sent again.
  EXPECT_EQ(of(kernel("k", "quantize_groups",
                      {{"L", 8}, {"Beats", 6}, {"GroupBeats", 4}, {"Repeat0", 1}})),
            "held 256x4");
  EXPECT_EQ(of(kernel("k", "quantize_groups",
                      {{"L", 8}, {"Beats", 6}, {"GroupBeats", 4}, {"Repeat0", 2}})),
            "held 256x4, kept 64x6");
  EXPECT_EQ(of(kernel("k", "softmax_rows", {})), "values 32x100, sums 32x1 banks 8 registers");
  EXPECT_EQ(of(kernel("k", "attention_scores", {{"L", 8}, {"HeadBeats", 2}})),
            "query 256x2, dots 32x1 banks 2 registers");
  EXPECT_EQ(of(kernel("k", "attention_context", {{"L", 8}, {"HeadBeats", 2}})),
            "sums 256x2 banks 4");
  EXPECT_EQ(of(matmul(2, 8)), "sums 32x1 banks 16 registers");
  // 5 angles in beats of 4: padded to 8.
  EXPECT_EQ(of(kernel("k", "rotary",
                      {{"L", 5}, {"HeadBeats", 2}, {"Interleaved", 0}, {"CL", 4}, {"CBeats", 2}})),
            "recent 32x1 banks 15 registers, cosines 32x1 banks 8 registers, "
            "sines 32x1 banks 8 registers");
  EXPECT_EQ(of(converter(DType::I8, 4, 6, 24)), "buffer 8x4 banks 6 two reads");
  EXPECT_EQ(of(converter(DType::F32, 4, 1, 10)), "buffer 32x3 banks 4");
  Kernel adapter = kernel("k", "adapt", {{"LIn", 4}, {"LOut", 6}, {"BeatsOut", 4}});
  adapter.inputs = {{0, stream(DType::I8, 6, 4), -1}};
  EXPECT_EQ(of(adapter), "held 16x1 banks 4 registers");
  EXPECT_EQ(of(kernel("k", "fork", {})), "");
  // A window of 10 has 10 elements, whatever is lost in the last row of its banks.
  EXPECT_EQ(local_bits_of(program, converter(DType::F32, 4, 1, 10)), 320);
}

/// A FIFO of 512 x 512 and a row of as much, which both suit BRAM with 15 blocks, and registers: 64
/// of a linear layer, 256 of partial sums.
Program program_of_two() {
  Program program;
  Channel channel;
  channel.name = "fifo";
  channel.type = stream(DType::F32, 512, 16);
  channel.depth = 512;
  channel.producer = 0;
  program.channels.push_back(channel);
  program.kernels.push_back(kernel("norm", "rms_norm", {{"L", 16}, {"Beats", 512}}));
  program.kernels.push_back(matmul(1, 2));
  return program;
}

Target target_of(int64_t lut, int64_t ff, int64_t bram18, int64_t uram) {
  Target target;
  target.name = "board";
  Slr slr;
  const auto number = [](int64_t n) { return Number{static_cast<double>(n), "", ""}; };
  slr.usable = {number(lut), number(ff), number(0), number(bram18), number(uram)};
  target.slrs = {slr};
  const Number all = number(100);
  target.budget_percent = {all, all, all, all, all};
  return target;
}

TEST(Storage, KindsAreWrittenIntoTheProgramAndCounted) {
  Program program = program_of_two();
  ASSERT_TRUE(choose_memories(program, target_of(1'000, 1'000, 1'000, 1'000)).ok());
  EXPECT_EQ(program.channels[0].memory, Bram);
  EXPECT_EQ(program.kernels[0].storage, (std::map<std::string, MemoryKind>{{"row", Bram}}));
  EXPECT_TRUE(program.kernels[1].storage.empty());
  const MemoryPlan storage = storage_of(program, 0);
  EXPECT_EQ(storage.cost, (MemoryCost{18, 30, 0, 64 + 256}));
  EXPECT_EQ(storage.bits[static_cast<size_t>(Bram)], (BitsUse{30 * 18'432, 2 * 262'144}));
  EXPECT_EQ(arrays_text(program, program.kernels[0]), "row bram, sums registers");
  EXPECT_EQ(arrays_text(program, program.kernels[1]), "sums registers");
}

TEST(Storage, WhatExceedsBramGoesToUram) {
  Program program = program_of_two();
  ASSERT_TRUE(choose_memories(program, target_of(1'000, 1'000, 20, 8)).ok());
  EXPECT_EQ((program.channels[0].memory == Uram) + (program.kernels[0].storage.at("row") == Uram),
            1);
  EXPECT_EQ(storage_of(program, 0).cost, (MemoryCost{18, 15, 8, 64 + 256}));
}

TEST(Storage, WhatOthersNeedIsLeftToThemWherePossible) {
  const Target target = target_of(1'000, 1'000, 30, 8);
  const auto cost_beside = [&](int64_t bram18) {
    Program program = program_of_two();
    EXPECT_TRUE(choose_memories(program, target, {0, 0, 0, bram18, 0}).ok());
    return storage_of(program, 0).cost;
  };
  EXPECT_EQ(cost_beside(0), (MemoryCost{18, 30, 0, 64 + 256}));
  EXPECT_EQ(cost_beside(1), (MemoryCost{18, 15, 8, 64 + 256}));
  EXPECT_EQ(cost_beside(29), (MemoryCost{18, 30, 0, 64 + 256}));
}

TEST(Storage, ADesignThatDoesNotFitNamesResourceAndBothNumbers) {
  Program program = program_of_two();
  const Status none = choose_memories(program, target_of(18, 319, 20, 7));
  ASSERT_FALSE(none.ok());
  ASSERT_EQ(none.errors().size(), 2U);
  for (const Diagnostic& problem : none.errors()) {
    EXPECT_EQ(problem.code, "E0403");
    EXPECT_EQ(problem.message, "the design does not fit board");
    EXPECT_EQ(problem.help, "choose a larger target, or smaller bounds with --dim");
  }
  EXPECT_EQ(none.errors()[0].details[0],
            "FF of storage alone: needs 320 (predicted), the budget is 319: 1 too many; 'norm' "
            "takes most, 256");
  EXPECT_EQ(none.errors()[1].details[0],
            "URAM of storage alone: needs 8 (predicted), the budget is 7: 1 too many; 'norm.row' "
            "takes most, 8");
}

TEST(Storage, AFifoBeyondAnyDeviceIsNamed) {
  Program program = program_of_two();
  program.channels[0].depth = int64_t{1} << 40;
  const Status none = choose_memories(program, target_of(1, 1'000, 1, 1));
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.errors()[0].code, "E0403");
  EXPECT_EQ(none.errors()[0].message, "'fifo' is larger than any device");
}

TEST(Storage, NodesOfOneInstanceShareTheirArrays) {
  Program program = program_of_two();
  program.kernels.push_back(program.kernels[0]);
  program.kernels[0].instance = program.kernels[2].instance = "shared";
  ASSERT_TRUE(choose_memories(program, target_of(1'000, 1'000, 30, 0)).ok());
  EXPECT_EQ(program.kernels[2].storage, program.kernels[0].storage);
  EXPECT_EQ(storage_of(program, 0).cost.bram18, 30);
  program.kernels[2].instance = "";
  EXPECT_EQ(storage_of(program, 0).cost.bram18, 45);
}

TEST(Storage, GroupsShareABudget) {
  Program program = program_of_two();
  program.groups = 2;
  program.kernels[0].group = 1;
  program.channels[0].producer = 1;
  EXPECT_FALSE(choose_memories(program, target_of(18, 1'000, 15, 0)).ok());
  ASSERT_TRUE(choose_memories(program, target_of(18, 1'000, 30, 0)).ok());
  EXPECT_EQ(storage_of(program, 0).cost, (MemoryCost{18, 15, 0, 64}));
  EXPECT_EQ(storage_of(program, 1).cost, (MemoryCost{0, 15, 0, 256}));
}

}  // namespace
}  // namespace st
