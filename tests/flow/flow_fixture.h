// SPDX-License-Identifier: Apache-2.0
/// A build of two groups, and AMD's tools as test doubles.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "tests/common/tool.h"

namespace st::test {

using Environment = std::map<std::string, std::string>;

class Flow : public ::testing::Test {
 protected:
  void SetUp() override;

  /// `make -f Makefile.hls WORD...` in the build directory, with the doubles on the path.
  Outcome make(const std::vector<std::string>& words, const Environment& more = {}) const;
  /// Any command so.
  Outcome run(const std::vector<std::string>& command, const Environment& more = {}) const;

  /// The calls of doubles since the last time this was asked: folder, tool and arguments. Calls
  /// that only ask for a release are left out.
  std::vector<std::string> calls() const;

  [[nodiscard]] std::string read(const std::string& path) const;
  [[nodiscard]] bool exists(const std::string& path) const;
  /// Replaces text in a file of the build directory.
  void alter(const std::string& path, const std::string& from, const std::string& to) const;
  /// A script in the place of the host program, which prints its arguments.
  void fake_host() const;

  std::filesystem::path build_;
  Environment environment_;
};

/// Whether `text` holds `part`.
bool has(const std::string& text, const std::string& part);
/// How many of `lines` hold `part`.
size_t count(const std::vector<std::string>& lines, const std::string& part);
/// The line "error: ..." of standard error; fails the test unless there is just one.
std::string error_line(const Outcome& outcome);

}  // namespace st::test
