// SPDX-License-Identifier: Apache-2.0
/// Statements of function bodies.
#pragma once

#include "backends/lint/syntax.h"

namespace st::lint {

/// The block whose '{' is token `open`.
Statement parse_block(const Unit& unit, size_t open, Report& report);

/// The variables that a declaration declares: `range` ends with its semicolon, or before it.
/// Nothing if it is none.
std::vector<Variable> parse_declaration(const Unit& unit, Range range);

}  // namespace st::lint
