// SPDX-License-Identifier: Apache-2.0
#include "core/resources/memory.h"

#include <algorithm>
#include <bit>
#include <span>

#include "core/platform/target.h"

namespace st {
namespace {

/// A form in which a block of memory can be used.
struct Shape {
  int64_t words;
  int64_t bits;
};

/// UG573: the aspect ratios of a BRAM18. The last one takes both ports together, so that one side
/// writes only and one reads only.
constexpr Shape Bram18Shapes[] = {{16'384, 1}, {8'192, 2},  {4'096, 4},
                                  {2'048, 9},  {1'024, 18}, {512, 36}};
/// UG573: URAM288 has one form only.
constexpr Shape UramShape = {4'096, 72};
/// UG574: a LUT of a SLICEM is a 32-bit shift register, or two of 16 bits.
constexpr int64_t LongShifter = 32;
constexpr int64_t ShortShifter = 16;
constexpr int64_t ShortShiftersPerLut = 2;
/// UG574: simple dual-port RAMs take the LUTs of a SLICEM together, because one of them takes the
/// write address for all, and holds nothing that can be read: RAM32M16 and RAM64M8. FINN's
/// estimate, 32 words of 2 bits in a LUT, leaves that one out.
constexpr Shape LutRamShapes[] = {{32, 14}, {64, 7}};
/// A second read takes LUTs of its own: two for each bit of RAM64X1D, or half of those of RAM32M16.
constexpr Shape LutPairShape = {64, 1};
constexpr int64_t LutsPerPair = 2;
constexpr Shape HalfSliceShape = {32, 8};
constexpr int64_t LutsPerSlice = 8;
/// UG574: a LUT of a SLICEM has 64 bits as RAM, and 32 as a shift register.
constexpr int64_t LutRamBits = 64;
constexpr int64_t LutShiftBits = 32;

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

/// The fewest blocks, of one of the shapes throughout.
int64_t fewest_blocks(std::span<const Shape> shapes, int64_t width_bits, int64_t depth) {
  int64_t least = blocks(shapes[0], width_bits, depth);
  for (const Shape& shape : shapes) least = std::min(least, blocks(shape, width_bits, depth));
  return least;
}

/// Shift registers of a bit in a row, of which the last one may be short.
int64_t shifter_luts(int64_t width_bits, int64_t depth) {
  const int64_t rest = depth % LongShifter;
  const int64_t whole = depth / LongShifter + (rest > ShortShifter ? 1 : 0);
  const bool has_short = rest > 0 && rest <= ShortShifter;
  return width_bits * whole + (has_short ? ceil_div(width_bits, ShortShiftersPerLut) : 0);
}

/// FINN's estimate: a counter of log2(depth) bits for either pointer.
int64_t pointer_luts(int64_t depth) { return 2 * std::bit_width(static_cast<uint64_t>(depth) - 1); }

int64_t bram18s(int64_t width_bits, int64_t depth, MemoryPorts ports) {
  const std::span<const Shape> all = Bram18Shapes;
  return fewest_blocks(ports == MemoryPorts::ReadAndWrite ? all : all.first(all.size() - 1),
                       width_bits, depth);
}

int64_t lut_ram_luts(int64_t width_bits, int64_t depth, MemoryPorts ports) {
  if (ports == MemoryPorts::ReadAndWrite)
    return LutsPerSlice * fewest_blocks(LutRamShapes, width_bits, depth);
  return std::min(LutsPerPair * blocks(LutPairShape, width_bits, depth),
                  LutsPerSlice * blocks(HalfSliceShape, width_bits, depth));
}

}  // namespace

void accumulate(MemoryCost& total, const MemoryCost& cost, int64_t times) {
  total.lut += cost.lut * times;
  total.bram18 += cost.bram18 * times;
  total.uram += cost.uram * times;
  total.ff += cost.ff * times;
}

MemoryCost blocks_of(MemoryKind kind, int64_t width_bits, int64_t words, MemoryPorts ports) {
  if (width_bits < 1 || words < 1) return {};
  MemoryCost cost;
  switch (kind) {
    case MemoryKind::Srl:
      cost.lut = shifter_luts(width_bits, words);
      break;
    case MemoryKind::LutRam:
      cost.lut = lut_ram_luts(width_bits, words, ports);
      break;
    case MemoryKind::Bram:
      cost.bram18 = bram18s(width_bits, words, ports);
      break;
    case MemoryKind::Uram:
      cost.uram = blocks(UramShape, width_bits, words);
      break;
  }
  return cost;
}

MemoryCost cost_of(MemoryKind kind, int64_t width_bits, int64_t depth) {
  if (width_bits < 1 || depth < 1) return {};
  MemoryCost cost = blocks_of(kind, width_bits, depth);
  cost.lut += pointer_luts(depth);
  return cost;
}

int64_t capacity_bits(MemoryKind kind, const MemoryCost& blocks) {
  switch (kind) {
    case MemoryKind::Srl:
      return blocks.lut * LutShiftBits;
    case MemoryKind::LutRam:
      return blocks.lut * LutRamBits;
    case MemoryKind::Bram:
      return blocks.bram18 * Bram18Bits;
    case MemoryKind::Uram:
      return blocks.uram * UramBits;
  }
  return 0;
}

MemoryKind choose_fifo_memory(int64_t width_bits, int64_t depth) {
  if (depth <= MostShiftWords || width_bits <= MostShiftBits / depth) return MemoryKind::Srl;
  return choose_buffer_memory(width_bits, depth);
}

MemoryKind choose_buffer_memory(int64_t width_bits, int64_t words) {
  if (words <= MostLutRamWords) return MemoryKind::LutRam;
  const bool uram_is_scarcer = blocks(UramShape, width_bits, words) * UramShare >=
                               bram18s(width_bits, words, MemoryPorts::ReadAndWrite) * Bram18Share;
  return uram_is_scarcer ? MemoryKind::Bram : MemoryKind::Uram;
}

}  // namespace st
