// SPDX-License-Identifier: Apache-2.0
/// Tokens of C++ text, with their places.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "backends/lint/report.h"

namespace st::lint {

enum class TokenKind : uint8_t {
  Identifier,  ///< keywords too
  Number,
  String,     ///< with its quotes and prefix; raw strings too
  Character,  ///< with its quotes
  Symbol,     ///< an operator; '>' is always single, so that '>>' may close two template lists
  Directive,  ///< a line that begins with '#', up to its logical end
  Pragma,     ///< a `#pragma` or `_Pragma`; only behind the preprocessor
};

struct Token {
  TokenKind kind = TokenKind::Symbol;
  bool glued = false;  ///< no space before it
  Place place;
  std::string_view text;
  uint32_t pragma = 0;  ///< of a Pragma: its number among the pragmas of the unit

  [[nodiscard]] bool is(std::string_view what) const { return text == what; }
  [[nodiscard]] bool is_identifier() const { return kind == TokenKind::Identifier; }
};

using Tokens = std::vector<Token>;

/// Splits `text`, which begins at `start`. Comments and line continuations are spaces. `text` must
/// outlive the tokens. Reports what is wrong with the text itself: strings and comments without an
/// end, comments that swallow a line, characters that mislead.
Tokens tokenise(std::string_view text, Place start, Report& report);

}  // namespace st::lint
