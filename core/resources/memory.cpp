// SPDX-License-Identifier: Apache-2.0
#include "core/resources/memory.h"

#include <algorithm>
#include <bit>

namespace st {
namespace {

/// A form in which a block of memory can be used.
struct Shape {
  int64_t words;
  int64_t bits;
};

/// UG573: the aspect ratios of a BRAM18 with one port for writing and one for reading.
constexpr Shape Bram18Shapes[] = {{16'384, 1}, {8'192, 2},  {4'096, 4},
                                  {2'048, 9},  {1'024, 18}, {512, 36}};
/// UG573: URAM288 has one form only.
constexpr Shape UramShape = {4'096, 72};
/// UG574: a LUT of a SLICEM is a 32-bit shift register, or two of 16 bits.
constexpr Shape ShortShifter = {16, 2};
constexpr Shape LongShifter = {32, 1};
/// UG574: a LUT holds 32 words of 2 bits of a simple dual-port RAM (FINN's estimate does the same).
constexpr Shape LutRamShape = {32, 2};

/// Vitis HLS config_storage -auto_srl_max_bits: FIFOs up to this size become shift registers.
constexpr int64_t MostShiftBits = 1'024;
/// Deeper shift registers need a multiplexer after their LUTs, and LUT RAM is half as large.
constexpr int64_t MostShiftWords = 32;
/// csynth reports of Vitis HLS 2023.2: arrays of up to 128 words are LUT RAM, of 180 words BRAM.
constexpr int64_t MostLutRamWords = 128;
/// BRAM18s per URAM of a device: 4032 / 960 on U280 and U55C, 5376 / 1280 on U250, both 21 / 5.
constexpr int64_t Bram18Share = 5;
constexpr int64_t UramShare = 21;

int64_t ceil_div(int64_t a, int64_t b) { return a / b + (a % b != 0 ? 1 : 0); }

int64_t blocks(const Shape& shape, int64_t width_bits, int64_t depth) {
  return ceil_div(depth, shape.words) * ceil_div(width_bits, shape.bits);
}

int64_t bram18s(int64_t width_bits, int64_t depth) {
  int64_t least = blocks(Bram18Shapes[0], width_bits, depth);
  for (const Shape& shape : Bram18Shapes) {
    least = std::min(least, blocks(shape, width_bits, depth));
  }
  return least;
}

/// FINN's estimate: a counter of log2(depth) bits for either pointer.
int64_t pointer_luts(int64_t depth) { return 2 * std::bit_width(static_cast<uint64_t>(depth) - 1); }

MemoryKind bram_or_uram(int64_t width_bits, int64_t depth) {
  const bool uram_is_scarcer =
      blocks(UramShape, width_bits, depth) * UramShare >= bram18s(width_bits, depth) * Bram18Share;
  return uram_is_scarcer ? MemoryKind::Bram : MemoryKind::Uram;
}

}  // namespace

MemoryCost cost_of(MemoryKind kind, int64_t width_bits, int64_t depth) {
  if (width_bits < 1 || depth < 1) return {};
  MemoryCost cost;
  cost.lut = pointer_luts(depth);
  switch (kind) {
    case MemoryKind::Srl:
      cost.lut +=
          blocks(depth <= ShortShifter.words ? ShortShifter : LongShifter, width_bits, depth);
      break;
    case MemoryKind::LutRam:
      cost.lut += blocks(LutRamShape, width_bits, depth);
      break;
    case MemoryKind::Bram:
      cost.bram18 = bram18s(width_bits, depth);
      break;
    case MemoryKind::Uram:
      cost.uram = blocks(UramShape, width_bits, depth);
      break;
  }
  return cost;
}

MemoryKind choose_fifo_memory(int64_t width_bits, int64_t depth) {
  if (depth <= MostShiftWords || width_bits <= MostShiftBits / depth) return MemoryKind::Srl;
  return choose_buffer_memory(width_bits, depth);
}

MemoryKind choose_buffer_memory(int64_t width_bits, int64_t words) {
  if (words <= MostLutRamWords) return MemoryKind::LutRam;
  return bram_or_uram(width_bits, words);
}

}  // namespace st
