// SPDX-License-Identifier: Apache-2.0
/// What a choice of knobs costs: compiled up to its FIFOs, and simulated.
#pragma once

#include <cstdint>
#include <string>

#include "core/compiler/pipeline.h"

namespace st {

/// What a design is judged by: a prompt, and tokens that are generated behind it.
struct Workload {
  int64_t prompt = 0;  ///< rows; 0: as many as a launch takes. More of them take several launches
  int64_t generated = 0;  ///< launches of one row, behind the prompt
  /// Rows of the prompt in a program.
  [[nodiscard]] int64_t prompt_rows(const Program& program) const;
  /// Rows in the caches at the token in the middle, whose launch takes as long as the mean.
  [[nodiscard]] int64_t middle(const Program& program) const;
};

/// Costs of a design, of all groups together.
struct DesignCost {
  int groups = 0;
  ResourceCounts resources;  ///< predicted
  ResourceCounts budget;     ///< of the target
  int64_t row_cycles = 0;    ///< predicted: of the slowest kernel, at the last position
  std::string slowest;       ///< its name
  std::string slowest_node;  ///< the model's node it belongs to, untrusted; may be empty
  Workload workload;
  /// Simulated cycles of the prompt, over all groups, one after another.
  int64_t prefill_cycles = 0;
  /// Simulated cycles of the generated token in the middle; 0 where none is generated.
  int64_t decode_cycles = 0;
  /// True if prefill_cycles are those of a few rows, carried on at the pace of the last ones.
  bool extrapolated = false;
  [[nodiscard]] bool fits() const;
  /// Of the whole workload: what a search makes small.
  [[nodiscard]] int64_t cycles() const {
    return prefill_cycles + workload.generated * decode_cycles;
  }
};

/// Rows that evaluate() may simulate.
enum class Rows { Few, All };

/// Compiles `design`, whose graph is as read, with its options, up to the sizes of FIFOs (by LP),
/// and simulates the workload. `design` holds the program afterwards. Errors: those of the passes;
/// E0403 where memories do not fit; E0333 where it does not run.
Result<DesignCost> evaluate(Design& design, Rows rows, const Workload& workload = {});

/// Simulated cycles of a token in the middle of the positions, of a compiled design of one group.
int64_t token_cycles(const Design& design);

}  // namespace st
