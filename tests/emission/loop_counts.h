// SPDX-License-Identifier: Apache-2.0
/// Iterations of pipelined loops and tokens of ports, in two ways that share nothing: counted while
/// emitted code runs, and computed from the nests of the kernels.
///
/// A copy of the emitted code has a counting statement in place of each PIPELINE pragma, so that
/// the counts are those of the text that is synthesised, whatever the text was made from.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/dataflow/program.h"

namespace st::test {

/// What a kernel did in one launch, or should do.
struct KernelCounts {
  std::map<int64_t, int64_t> iterations;         ///< of pipelined loops, by initiation interval
  std::map<std::string, int64_t> reads, writes;  ///< tokens, by the name of the channel
  /// Cycles in which a pipelined loop starts an iteration, or waits for the next.
  [[nodiscard]] int64_t cycles() const;

  // Known of code that ran.
  std::string task;                ///< its TASK, as written
  std::vector<std::string> loops;  ///< "hls_templates/streamtensor/fork.h:20: 12 at interval 1"
};

/// A launch, and its kernels in the order of Program::kernels_of().
struct LaunchCounts {
  int64_t tokens = 0, past = 0, results = 1;
  std::vector<KernelCounts> kernels;
};

/// The code of one unit, copied.
struct CountingCode {
  std::filesystem::path folder;  ///< with hls_templates/ and groups/ as in a build
  std::filesystem::path data;    ///< of its test bench
  std::string unit;              ///< its name
  int loops = 0;                 ///< pragmas that were replaced
};

/// Copies hls_templates/ and a group's sources from a build. Nothing counts yet: faults can be
/// written into the copy.
CountingCode copied_code(const std::filesystem::path& build, int group);
CountingCode copied_code(const std::filesystem::path& build, const std::string& unit);
/// Puts the counters in place. Fails the test at a pragma that has not the form that is known.
void instrument(CountingCode& code);
/// Compiles instrumented code and runs it on the build's test data. Its results may be wrong where
/// a fault was written into it; that it ends is enough.
std::vector<LaunchCounts> counted(const Program& program, const CountingCode& code);

/// The same of one unit of a program whose layers are streamed: its tasks are instances.
std::vector<LaunchCounts> counted_unit(const Program& program, const CountingCode& code);

/// What the nest of a kernel says.
KernelCounts expected_counts(const Program& program, const Kernel& kernel,
                             const LaunchCounts& launch);

/// Where the code of a group does something else than the nests say: a line for each kernel and
/// launch, with kernel, loops and both numbers.
std::vector<std::string> differences(const Program& program, int group,
                                     const std::vector<LaunchCounts>& launches);
/// The same of a unit's instances, whose nodes take turns in each launch.
std::vector<std::string> unit_differences(const Program& program, const std::string& unit,
                                          const std::vector<LaunchCounts>& launches);

}  // namespace st::test
