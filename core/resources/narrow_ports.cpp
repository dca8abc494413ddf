// SPDX-License-Identifier: Apache-2.0
#include "core/resources/narrow_ports.h"

#include <algorithm>
#include <bit>
#include <map>

namespace st {
namespace {

constexpr int64_t Narrowest = 32;

/// Bits of the widest beat that a kernel moves to or from its memories.
int64_t widest_beat(const Kernel& kernel) {
  const bool stores = kernel.kind == "store_rows";
  int64_t widest = 0;
  for (const Port& port : stores ? kernel.inputs : kernel.outputs)
    widest = std::max(widest, port.type.beat_bits());
  return widest;
}

/// Beats lie in words as they do in narrower parts of them where all widths are powers of two.
int64_t width_for(int64_t beat_bits) {
  return std::has_single_bit(static_cast<uint64_t>(beat_bits)) ? std::max(beat_bits, Narrowest)
                                                               : WordBits;
}

}  // namespace

int64_t engine_port_bits(const Target& target) {
  const auto& platform = target.memory.port_bits;
  return platform ? std::min<int64_t>(WordBits, static_cast<int64_t>(platform->value)) : WordBits;
}

void narrow_ports(Program& program, const Target& target) {
  std::map<MemoryId, int64_t> widths;
  for (const Kernel& kernel : program.kernels) {
    for (const MemoryId m : kernel.memories)
      widths[m] = std::max(widths[m], width_for(widest_beat(kernel)));
  }
  const int64_t engine = engine_port_bits(target);
  for (const auto& [m, width] : widths) {
    Memory& memory = program.memories[m];
    memory.port_bits = static_cast<int>(memory.port.empty() ? width : engine);
  }
}

}  // namespace st
