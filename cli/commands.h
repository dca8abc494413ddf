// SPDX-License-Identifier: Apache-2.0
/// The subcommands: each adds its options to the parser, and returns what runs it. Nothing here but
/// arguments and printing.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/dataflow/program.h"
#include "core/graph/graph.h"
#include "core/platform/target.h"
#include "core/support/number_text.h"
#include "core/support/result.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace st::cli {

/// Runs a parsed subcommand; the exit code of the program.
using Action = std::function<int()>;

Action add_build(CLI::App& app);
Action add_import(CLI::App& app);
Action add_run(CLI::App& app);
Action add_inspect(CLI::App& app);
Action add_simulate(CLI::App& app);
Action add_fifo(CLI::App& app);
Action add_explore(CLI::App& app);
Action add_verify(CLI::App& app);
Action add_lint(CLI::App& app);
Action add_quality(CLI::App& app);
Action add_report(CLI::App& app);
Action add_targets(CLI::App& app);
Action add_ops(CLI::App& app);
Action add_passes(CLI::App& app);
Action add_explain(CLI::App& app);
Action add_completion(CLI::App& app);
Action add_manual(CLI::App& app);

/// Of a network file.
inline constexpr size_t MostNetworkBytes = size_t{256} << 20;

/// Prints the problems on standard error, with a count; the exit code that they ask for.
int fail(const Diagnostics& problems);

/// "NAME=1..128" for each entry. Errors: E0801.
Result<std::map<std::string, Range>> parse_dims(const std::vector<std::string>& texts);

/// `rows` with columns padded to their widest cell, two spaces apart.
std::string table(const std::vector<std::vector<std::string>>& rows);

/// What stands between streams of different types in a group, at most `most` lines of it, and what
/// that saves against the paper's rule. Empty where all types are equal.
std::string conversion_text(const Program& program, int group, size_t most);
/// "SLR0 12 kernels, SLR1 3; 544 wires cross": where a group's kernels are placed.
std::string dies_text(const Program& program, int group, const Target& target);
/// "bram 1,024 of 18,432, uram ...": bits of blocks that hold nothing, for the kinds that are used.
std::string waste_text(const Program& program, int group);

}  // namespace st::cli
