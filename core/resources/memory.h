// SPDX-License-Identifier: Apache-2.0
/// What FIFOs and buffers cost on UltraScale+ devices, and which memory suits them. Computed from
/// the geometry of the blocks: synthesis reports show one BRAM18 for a FIFO of any depth. Yosys
/// maps wrappers of many sizes to the same numbers of blocks
/// (tests/resources/yosys_memory_test.cpp).
#pragma once

#include <array>
#include <cstdint>

#include "core/dataflow/program.h"

namespace st {

/// Resources of one memory.
struct MemoryCost {
  int64_t lut = 0;
  int64_t bram18 = 0;
  int64_t uram = 0;
  int64_t ff = 0;  ///< of arrays that are registers
  friend bool operator==(const MemoryCost&, const MemoryCost&) = default;
};
/// Adds `times` copies of a cost.
void accumulate(MemoryCost& total, const MemoryCost& cost, int64_t times = 1);

inline constexpr std::array AllMemoryKinds = {MemoryKind::Srl, MemoryKind::LutRam, MemoryKind::Bram,
                                              MemoryKind::Uram};

/// Ports of a memory, as in BIND_STORAGE type=.
enum class MemoryPorts {
  ReadAndWrite,    ///< one port to read and one to write: ram_s2p
  TwoReadOrWrite,  ///< one port to read, and one that reads or writes: ram_2p
};

/// Blocks behind a memory of `words` words of `width_bits` bits. Multiplexers behind several
/// blocks, and what makes addresses, are not counted. Nothing if either is below 1.
MemoryCost blocks_of(MemoryKind kind, int64_t width_bits, int64_t words,
                     MemoryPorts ports = MemoryPorts::ReadAndWrite);

/// Cost of a FIFO of `depth` words of `width_bits` bits: its blocks and its pointers. Nothing if
/// either is below 1.
MemoryCost cost_of(MemoryKind kind, int64_t width_bits, int64_t depth);

/// Bits that the blocks of a memory can hold; less what they do hold, these are its waste.
int64_t capacity_bits(MemoryKind kind, const MemoryCost& blocks);

/// The memory for a FIFO: shift registers while it is shallow, then LUT RAM, then whichever of BRAM
/// and URAM takes the smaller share of the device.
MemoryKind choose_fifo_memory(int64_t width_bits, int64_t depth);

/// The memory for an array that is addressed freely: never shift registers. URAM cannot be
/// initialised, so this is not for tables of constants.
MemoryKind choose_buffer_memory(int64_t width_bits, int64_t words);

}  // namespace st
