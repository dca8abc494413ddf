// SPDX-License-Identifier: Apache-2.0
/// How the program ends when something is wrong.
#pragma once

#include <stdexcept>
#include <string>

namespace host {

/// Exit codes: the command line, a prompt or the build directory is wrong; the device or a file is.
inline constexpr int BadInput = 2;
inline constexpr int Environment = 4;

/// Ends the program with `exit_code` and one line on stderr.
struct Failure : std::runtime_error {
  /// `code` is what `streamtensor explain` knows, or "" for faults of the device.
  Failure(int exit, const std::string& code, const std::string& message)
      : std::runtime_error("error" + (code.empty() ? "" : "[" + code + "]") + ": " + message),
        exit_code(exit) {}
  int exit_code;
  std::string where;  ///< " (line 3 of the input)"; may be empty
};

}  // namespace host
