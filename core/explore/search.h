// SPDX-License-Identifier: Apache-2.0
/// The search for a design: tilings and unroll factors of all linear layers together with what
/// follows from them, groups, ports, FIFOs and memories (StreamTensor §5). Each candidate is
/// compiled and simulated (evaluate.h).
#pragma once

#include <cstdint>
#include <functional>
#include <limits>

#include "core/explore/design_file.h"
#include "core/explore/evaluate.h"

namespace st {

struct SearchOptions {
  double seconds = 10;  ///< no candidate is begun later
  Workload workload;    ///< what is to take least cycles
  uint64_t seed = 1;    ///< candidates follow from it alone
  int most_evaluations = std::numeric_limits<int>::max();
  /// Asked before each candidate; true ends the search with the best so far.
  std::function<bool()> stop = nullptr;
  /// Told after each candidate: how many there were, and the least cycles so far.
  std::function<void(int evaluations, int64_t least_cycles)> progress = nullptr;
};

struct SearchResult {
  DesignChoice choice;
  DesignCost cost;        ///< of all rows
  DesignCost first_cost;  ///< of the design without any choice, where it fits
  int evaluations = 0;
};

/// The least cycles of the workload that were found within the budget. The first candidate is the
/// one without choices, the next ones are unrolled by intensity (unroll_layers.h), in tiles of
/// several sizes, as layers that run side by side and, where tokens are generated, as layers that
/// wait for each other, and, unless `start` chooses the lanes of rows, with rows twice and half as
/// wide; then single layers change at random. `start` holds the graph as read, the target and the
/// options. Deterministic for a seed and a number of evaluations. Errors: those of the last
/// candidate, where none fits.
Result<SearchResult> search_design(const Design& start, const SearchOptions& options);

}  // namespace st
