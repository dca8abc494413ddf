// SPDX-License-Identifier: Apache-2.0
/// What FIFOs and buffers cost on UltraScale+ devices, and which memory suits them. Computed from
/// the geometry of the blocks: synthesis reports show one BRAM18 for a FIFO of any depth.
#pragma once

#include <cstdint>

#include "core/dataflow/program.h"

namespace st {

/// Resources of one memory.
struct MemoryCost {
  int64_t lut = 0;
  int64_t bram18 = 0;
  int64_t uram = 0;
  friend bool operator==(const MemoryCost&, const MemoryCost&) = default;
};

/// Cost of a memory of `depth` words of `width_bits` bits, with one write and one read port, and
/// with the pointers of a FIFO. Nothing if either is below 1.
MemoryCost cost_of(MemoryKind kind, int64_t width_bits, int64_t depth);

/// The memory for a FIFO: shift registers while it is shallow, then LUT RAM, then whichever of BRAM
/// and URAM takes the smaller share of the device.
MemoryKind choose_fifo_memory(int64_t width_bits, int64_t depth);

/// The memory for an array that is addressed freely: never shift registers. URAM cannot be
/// initialised, so this is not for tables of constants.
MemoryKind choose_buffer_memory(int64_t width_bits, int64_t words);

}  // namespace st
