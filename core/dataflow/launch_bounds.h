// SPDX-License-Identifier: Apache-2.0
/// What sums of `sequence` and `past` can come to in the launches of a program.
#pragma once

#include <array>
#include <cstdint>

#include "core/dataflow/program.h"

namespace st {

/// The launches of a program are the pairs of whole numbers with 1 <= sequence <= max_sequence,
/// 0 <= past, past + sequence <= max_positions. A linear expression is largest, and smallest, at a
/// corner of that region.
class LaunchBounds {
 public:
  explicit LaunchBounds(const Program& program);

  /// Largest and smallest value of an expression of `sequence` and `past` alone.
  [[nodiscard]] int64_t most(const Extent& extent) const;
  [[nodiscard]] int64_t least(const Extent& extent) const;
  /// True if both are equal in every launch.
  [[nodiscard]] bool equal(const Extent& a, const Extent& b) const;

 private:
  std::array<Bindings, 4> corners_;
};

/// The largest number of iterations of loop `loop`, whatever the outer counters are, as an
/// expression of `sequence` and `past`; the smallest one with `least`.
Extent iterations(const ItensorType& type, int loop, bool least = false);

}  // namespace st
