// SPDX-License-Identifier: Apache-2.0
/// What a choice of knobs costs: compiled up to its FIFOs, and simulated.
#pragma once

#include <cstdint>
#include <string>

#include "core/compiler/pipeline.h"

namespace st {

/// Costs of a design, of all groups together.
struct DesignCost {
  int groups = 0;
  ResourceCounts resources;  ///< predicted
  ResourceCounts budget;     ///< of the target
  int64_t row_cycles = 0;    ///< predicted: of the slowest kernel, at the last position
  std::string slowest;       ///< its name
  std::string slowest_node;  ///< the model's node it belongs to, untrusted; may be empty
  /// Simulated cycles of a launch of max_sequence rows, over all groups, one after another.
  int64_t prefill_cycles = 0;
  /// True if prefill_cycles are those of a few rows, carried on at the pace of the last ones.
  bool extrapolated = false;
  [[nodiscard]] bool fits() const;
};

/// Rows that evaluate() may simulate.
enum class Rows { Few, All };

/// Compiles `design`, whose graph is as read, with its options, up to the sizes of FIFOs (by LP),
/// and simulates a prefill. `design` holds the program afterwards. Errors: those of the passes;
/// E0403 where memories do not fit; E0333 where it does not run.
Result<DesignCost> evaluate(Design& design, Rows rows);

}  // namespace st
