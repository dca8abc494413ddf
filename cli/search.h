// SPDX-License-Identifier: Apache-2.0
/// The search for a design, as commands run it: progress, interrupts, what to read.
#pragma once

#include "cli/commands.h"
#include "core/explore/knobs.h"
#include "core/explore/search.h"
#include "core/support/progress.h"

namespace st::cli {

/// Reads a design file, puts its choices into the options, and returns its text. Errors: E0101,
/// E0102, E0314.
Result<std::string> apply_design(const std::string& path, CompileOptions& options);

/// Searches for `seconds`, shows how far it is, and ends with the best so far on the first SIGINT.
Result<SearchResult> search(const Design& start, const Workload& workload, double seconds,
                            uint64_t seed, Progress& progress);

/// Adds --workload PROMPT:GENERATED.
void add_workload(CLI::App& app, Workload& workload);

/// `problems` of `start`, whose choices came from the file `design`, if any, with knobs that it
/// fits with, where it does not fit (core/explore/knobs.h).
Diagnostics advised(const Diagnostics& problems, const Design& start, const std::string& design,
                    Progress& progress);

/// "prefill of 128 rows: 1,234,567 cycles (simulated), 5.1 times as fast as without choices".
std::string text_of(const SearchResult& result, const Design& design);

}  // namespace st::cli
