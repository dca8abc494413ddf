// SPDX-License-Identifier: Apache-2.0
/// What a command that must fail has to say.
#pragma once

#include <string>
#include <vector>

#include "tests/common/tool.h"

namespace st::test {

/// How often `piece` occurs in `text`.
inline int count_of(const std::string& text, const std::string& piece) {
  int count = 0;
  for (size_t at = text.find(piece); at != std::string::npos; at = text.find(piece, at + 1))
    ++count;
  return count;
}

/// Checks the exit code, and that the errors hold all of `pieces`; that nothing crashed goes
/// without saying.
inline void expect_error(const Outcome& outcome, int status,
                         const std::vector<std::string>& pieces) {
  EXPECT_EQ(outcome.status, status) << outcome.err;
  for (const std::string& piece : pieces) {
    EXPECT_NE(outcome.err.find(piece), std::string::npos) << "'" << piece << "' is missing in:\n"
                                                          << outcome.err;
  }
  EXPECT_EQ(outcome.out.find("wrote "), std::string::npos) << outcome.out;
}

inline constexpr int BadInput = 2, Infeasible = 3, Environment = 4;

}  // namespace st::test
