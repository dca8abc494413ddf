// SPDX-License-Identifier: Apache-2.0
/// Inputs and expected outputs of test benches, computed by the interpreter.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/dataflow/program.h"
#include "core/support/result.h"

namespace st {

/// One launch of a test: rows, and rows before them; 0 results where it only fills the caches.
struct TestLaunch {
  int64_t tokens = 1;
  int64_t past = 0;
  int64_t results = 1;
};

/// Whether each row of a launch streams so many parameters, more than 32 MiB, that a launch takes
/// seconds here, and minutes in C simulation.
bool is_large(const Program& program);

/// A prefill of a few tokens and two decode steps, as far as the bounds allow, where layers are
/// streamed one of them without results; of a large program one decode step, behind rows of zeroes.
std::vector<TestLaunch> test_launches(const Program& program);

/// Receives a file of the build directory.
using FileSink = std::function<Status(const std::string& path, const std::string& content)>;

/// Runs the launches on token ids drawn from a fixed sequence, and hands each unit's files
/// groups/<unit>/tb/data/* to `sink`, but for parameter files. `checksum_of(memory)` gives those of
/// the latter in hexadecimal. Errors: those of constants.
Status emit_test_data(const Program& program, int64_t vocabulary,
                      const std::function<std::string(MemoryId)>& checksum_of,
                      const FileSink& sink);

}  // namespace st
