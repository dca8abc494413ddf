// SPDX-License-Identifier: Apache-2.0
/// What `build` prints at its end.
#pragma once

#include <string>
#include <vector>

#include "backends/project/project.h"
#include "cli/build_options.h"
#include "core/support/progress.h"

namespace st::cli {

/// Where the step of a pass begins, followed by the pass's name.
inline constexpr const char* PassStep = "pass ";

/// The design, and what the test bench of each unit said.
void print_summary(const Design& design, const ProjectSummary& summary, const BuildOptions& options,
                   const std::vector<std::string>& benches);

/// On standard error, because no time belongs into what a build writes.
void print_times(const Progress& progress);

}  // namespace st::cli
