// SPDX-License-Identifier: Apache-2.0
/// Boards that people ask for, and that no target can describe: what to say in place of "unknown".
#pragma once

#include <string_view>
#include <vector>

#include "core/support/diagnostics.h"

namespace st {

/// A board whose designs are not made by v++ and XRT.
struct UnsupportedBoard {
  std::string_view name;     ///< lower case, as on the command line
  std::string_view part;     ///< the part's name begins with it
  std::string_view why;      ///< one line
  std::string_view flow;     ///< what makes designs for it
  std::string_view instead;  ///< built-in targets that come nearest
};

/// All of them, by name.
const std::vector<UnsupportedBoard>& unsupported_boards();

/// The error E0404 of asking for one.
Diagnostic refusal_of(const UnsupportedBoard& board);

}  // namespace st
