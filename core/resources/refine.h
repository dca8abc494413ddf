// SPDX-License-Identifier: Apache-2.0
/// The last word on FIFO depths of a program: chosen against the exact simulator, and proven.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/dataflow/program.h"
#include "core/platform/target.h"
#include "core/support/result.h"

namespace st {

/// "exact", "lp", "paper", "paper-conservative": the first is the default.
const std::vector<std::string>& fifo_methods();

/// What is known of the FIFOs of a group after refine_fifos().
struct FifoFacts {
  int group = 0;
  int64_t bits_before = 0;  ///< of all FIFOs, as size_channels() left them
  int64_t bits = 0;
  /// What the cheapest memories for these take (memory_luts()), before and after.
  int64_t luts_before = 0, luts = 0;
  bool least = false;  ///< no depths that cost less are as fast in the launches simulated (proven)
  /// Positions whose rows have a checked schedule, which covers all launches; 0 where launches are
  /// no sequences of rows.
  int64_t positions = 0;
  /// Launches with a checked schedule, where positions is 0.
  int64_t launches = 0;
};

/// Depths of a program with sizes (size_channels) and memory channels (assign_memory_channels).
///
/// exact: FIFOs of activations become deeper, up to a block of memory, where that makes launches
/// faster; then memories as cheap (memory_luts()) as they get without making two launches slower, a
/// short prefill and the last decode (fifo_search.h); where the proof finds a length that would
/// deadlock, it is added to the launches. lp: as they are. paper...: by the published method,
/// whatever comes of it.
///
/// All are proven free of deadlock (core/network/certificate.h) unless the program is too large to
/// be, in which case floors rule deadlocks out by argument; a program that is too large for the
/// search has only its deepest FIFOs lowered, not below these, and where no launch gets slower by 1
/// %. Errors: E0333 if depths deadlock, which only those of the paper, or of an edited dump,
/// should; E0334 if the proof is refused; those of the search.
Result<std::vector<FifoFacts>> refine_fifos(Program& program, const Target& target,
                                            std::string_view method);

/// "FIFOs: 201,536 bits (predicted; 1,848,640 by LP), no deadlock at any length (proven)".
std::string text_of(const FifoFacts& facts);

}  // namespace st
