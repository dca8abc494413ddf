// SPDX-License-Identifier: Apache-2.0
#include "core/resources/memory.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace st {
namespace {

struct Case {
  MemoryKind kind;
  int64_t width, depth;
  MemoryCost cost;  ///< worked out by hand
};

TEST(Memory, CostFollowsTheGeometryOfTheBlocks) {
  using enum MemoryKind;
  const Case cases[] = {
      {Uram, 512, 4096, {24, 0, 8}},    // 7.1 columns of 72 bits
      {Uram, 512, 4097, {26, 0, 16}},   // one word too many doubles it
      {Uram, 72, 4096, {24, 0, 1}},     //
      {Uram, 8, 2, {2, 0, 1}},          // never less than a block
      {Bram, 512, 512, {18, 15, 0}},    // 14.2 columns of 36 bits
      {Bram, 36, 512, {18, 1, 0}},      //
      {Bram, 36, 513, {20, 2, 0}},      // 18 bits wide now
      {Bram, 512, 1024, {20, 29, 0}},   // 28.4 columns of 18 bits
      {Bram, 512, 4096, {24, 114, 0}},  // 56.9 columns of 9 bits, two deep
      {Bram, 32, 1024, {20, 2, 0}},     // as csynth reports
      {Bram, 32, 2048, {22, 4, 0}},     // as csynth reports
      {Bram, 1, 16384, {28, 1, 0}},     //
      {Bram, 4, 16384, {28, 4, 0}},     //
      {Bram, 9, 2048, {22, 1, 0}},      //
      {Srl, 512, 2, {258, 0, 0}},       // two short registers in a LUT, two 1-bit pointers
      {Srl, 32, 32, {42, 0, 0}},        // 32 LUTs, two 5-bit pointers
      {Srl, 8, 1, {4, 0, 0}},           // no pointer bits
      {Srl, 16, 33, {36, 0, 0}},        // a long and a short register for each bit
      {Srl, 4, 50, {20, 0, 0}},         // two long ones
      {LutRam, 512, 64, {604, 0, 0}},   // 74 slices of 7 bits, two 6-bit pointers
      {LutRam, 32, 128, {94, 0, 0}},    // 2 * 5 slices, two 7-bit pointers
      {LutRam, 14, 96, {38, 0, 0}},     // 3 slices of 32 words, two 7-bit pointers
      {LutRam, 1, 2, {10, 0, 0}},       // never less than a slice
      {Bram, 0, 512, {0, 0, 0}},       {Uram, 512, 0, {0, 0, 0}},
  };
  for (const Case& c : cases) {
    const MemoryCost cost = cost_of(c.kind, c.width, c.depth);
    EXPECT_EQ(cost, c.cost) << "kind " << static_cast<int>(c.kind) << ", " << c.width << " x "
                            << c.depth << ": " << cost.lut << " LUT, " << cost.bram18 << " BRAM18, "
                            << cost.uram << " URAM";
  }
}

TEST(Memory, ASecondReadTakesMore) {
  using enum MemoryKind;
  const auto two = MemoryPorts::TwoReadOrWrite;
  EXPECT_EQ(blocks_of(Bram, 36, 512), (MemoryCost{0, 1, 0}));
  EXPECT_EQ(blocks_of(Bram, 36, 512, two), (MemoryCost{0, 2, 0}));
  EXPECT_EQ(blocks_of(Bram, 18, 1024, two), (MemoryCost{0, 1, 0}));
  EXPECT_EQ(blocks_of(LutRam, 14, 32), (MemoryCost{8, 0, 0}));
  EXPECT_EQ(blocks_of(LutRam, 14, 32, two), (MemoryCost{16, 0, 0}));
  EXPECT_EQ(blocks_of(LutRam, 5, 90, two), (MemoryCost{20, 0, 0}));
  EXPECT_EQ(blocks_of(Uram, 72, 4096, two), (MemoryCost{0, 0, 1}));
}

TEST(Memory, BlocksHoldWhatTheyAreAskedTo) {
  for (const MemoryKind kind : AllMemoryKinds) {
    for (const MemoryPorts ports : {MemoryPorts::ReadAndWrite, MemoryPorts::TwoReadOrWrite}) {
      for (int64_t width = 1; width <= 80; width += 3) {
        for (int64_t words = 1; words <= 5'000; words += 61)
          EXPECT_GE(capacity_bits(kind, blocks_of(kind, width, words, ports)), width * words);
      }
    }
  }
}

TEST(Memory, KindFollowsTheShape) {
  using enum MemoryKind;
  EXPECT_EQ(choose_fifo_memory(512, 2), Srl);
  EXPECT_EQ(choose_fifo_memory(512, 32), Srl);
  EXPECT_EQ(choose_fifo_memory(8, 128), Srl);  // 1024 bits
  EXPECT_EQ(choose_fifo_memory(512, 33), LutRam);
  EXPECT_EQ(choose_fifo_memory(32, 128), LutRam);
  EXPECT_EQ(choose_fifo_memory(32, 160), Bram);
  EXPECT_EQ(choose_fifo_memory(512, 512), Bram);   // 15 of 4032 against 8 of 960
  EXPECT_EQ(choose_fifo_memory(512, 1024), Bram);  // 29 of 4032 against 8 of 960
  EXPECT_EQ(choose_fifo_memory(512, 2048), Uram);  // 57 of 4032 against 8 of 960
  EXPECT_EQ(choose_fifo_memory(512, 4096), Uram);
  EXPECT_EQ(choose_fifo_memory(16, 4096), Bram);  // 4 of 4032 against 1 of 960
  EXPECT_EQ(choose_buffer_memory(8, 2), LutRam);
  EXPECT_EQ(choose_buffer_memory(512, 128), LutRam);
  EXPECT_EQ(choose_buffer_memory(32, 180), Bram);
  EXPECT_EQ(choose_buffer_memory(512, 8192), Uram);
}

TEST(Memory, ChosenBlockIsNeverTheDearerOne) {
  for (int64_t width = 1; width <= 600; width += 13) {
    for (int64_t depth = 129; depth <= 20'000; depth += 371) {
      const double bram =
          static_cast<double>(cost_of(MemoryKind::Bram, width, depth).bram18) / 4032;
      const double uram = static_cast<double>(cost_of(MemoryKind::Uram, width, depth).uram) / 960;
      const MemoryKind kind = choose_buffer_memory(width, depth);
      EXPECT_EQ(kind, uram < bram ? MemoryKind::Uram : MemoryKind::Bram) << width << " " << depth;
    }
  }
}

TEST(Memory, CostNeverFallsAsDepthOrWidthGrow) {
  for (const MemoryKind kind : {MemoryKind::LutRam, MemoryKind::Bram, MemoryKind::Uram}) {
    for (int64_t width = 1; width <= 80; ++width) {
      for (int64_t depth = 1; depth <= 5'000; depth += 97) {
        const MemoryCost cost = cost_of(kind, width, depth);
        const MemoryCost wider = cost_of(kind, width + 1, depth);
        const MemoryCost deeper = cost_of(kind, width, depth + 1);
        EXPECT_LE(cost.lut, std::min(wider.lut, deeper.lut));
        EXPECT_LE(cost.bram18, std::min(wider.bram18, deeper.bram18));
        EXPECT_LE(cost.uram, std::min(wider.uram, deeper.uram));
      }
    }
  }
}

}  // namespace
}  // namespace st
