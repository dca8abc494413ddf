// SPDX-License-Identifier: Apache-2.0
/// Child processes, started without a shell.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/support/result.h"

namespace st {

struct Command {
  std::vector<std::string> arguments;  ///< the program first; looked up in PATH if it holds no '/'
  std::filesystem::path directory;     ///< where it runs; empty for here
  std::map<std::string, std::string> environment;  ///< added to this process's own
  std::string input;                               ///< given on standard input
  /// Gets standard output piece by piece as it comes; may be empty.
  std::function<void(std::string_view)> on_output;
  /// Gets standard error likewise.
  std::function<void(std::string_view)> on_error;
};

/// Runs a command to its end. Returns its exit status, or 128 + the signal that ended it. Errors:
/// E0503 if it cannot be started.
Result<int> run(const Command& command);

}  // namespace st
