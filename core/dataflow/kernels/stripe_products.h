// SPDX-License-Identifier: Apache-2.0
/// The multipliers of a slice of the shared engine, on which weights, keys and values take turns
/// (hls_templates/streamtensor/stripe_products.h).
#pragma once

#include <cstdint>

#include "core/dataflow/program.h"
#include "core/graph/stripes.h"

namespace st {

/// The ports of a slice: blocks of DspChain of them, and of what is left over one of two and one of
/// one. A block of n ports has chains of n multipliers.
class PortBlocks {
 public:
  explicit PortBlocks(int64_t ports) : ports_(ports) {}

  [[nodiscard]] int64_t all() const;
  /// DSPs: one for each byte of a port's word. They serve two token lanes.
  [[nodiscard]] int64_t multipliers() const;
  /// Chains of all blocks; also the adders that make dot products of all ports of them, and add
  /// these to sums.
  [[nodiscard]] int64_t chains() const;
  [[nodiscard]] int64_t longest_chain() const;

  /// Uses of ChainWait by factors of so many bits that each multiplier has of its own.
  [[nodiscard]] int64_t waits(int64_t bits) const { return multipliers() / DspChain * bits; }

 private:
  int64_t ports_;
};

/// Arrays of multipliers that so many token lanes take, two each.
int64_t product_arrays(int64_t token_lanes);

/// Whether a kernel's multipliers count as its own: of those of an instance, which take turns on
/// one array, the first one has them.
bool owns_products(const Program& program, const Kernel& kernel);

}  // namespace st
