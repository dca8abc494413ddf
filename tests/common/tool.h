// SPDX-License-Identifier: Apache-2.0
/// Running the tool as a user does.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace st::test {

/// What a command printed, and how it ended.
struct Outcome {
  int status = -1;
  std::string out, err;
};

/// Runs any program. `directory`: where; empty for here.
Outcome run_program(const std::vector<std::string>& arguments,
                    const std::filesystem::path& directory = {},
                    const std::map<std::string, std::string>& environment = {});

/// How builds size their FIFOs: the search is slow where it is instrumented, and has tests of its
/// own.
#ifdef ST_TEST_SANITIZED
inline constexpr const char* FifoMethod = "lp";
#else
inline constexpr const char* FifoMethod = "exact";
#endif

/// Runs the tool that was just built. `build` commands get the compiler of emitted code
/// and its flags, those of the sanitizers among them.
Outcome streamtensor(std::vector<std::string> arguments);

/// A file of the source tree.
std::filesystem::path source(const std::string& relative);

/// A file of the shared folder beside the project, or of $STREAMTENSOR_SHARED; an empty path where
/// that is not there.
std::filesystem::path shared(const std::string& relative);

/// A folder for this test program, emptied at its start and removed at its end.
const std::filesystem::path& scratch();

/// The bytes of a file; fails the test if it cannot be read.
std::string read(const std::filesystem::path& path);
void write(const std::filesystem::path& path, const std::string& content);

}  // namespace st::test

/// Skips a test, loudly, where the shared folder is missing.
#define ST_NEEDS_SHARED()                                                                \
  if (st::test::shared("README.md").empty()) {                                           \
    GTEST_SKIP() << "SKIPPED: the shared folder with reference models is not here (set " \
                    "STREAMTENSOR_SHARED)";                                              \
  }
