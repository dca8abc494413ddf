// SPDX-License-Identifier: Apache-2.0
/// Reading of the compiler's own text forms, with the place of what is wrong.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/support/result.h"

namespace st {

/// Letters, digits and '_'.
bool is_word_character(char c);
/// These, '.', '/' and '-': what names in a text form are made of unless they are quoted.
bool is_name_character(char c);

/// A position in a text. Spaces between tokens are skipped. The first error stays; later calls do
/// nothing, so that a parser can be written straight down and asked once at its end.
class TextCursor {
 public:
  /// `code`: of the errors; `name`: of the text in messages.
  TextCursor(std::string_view text, std::string code, std::string name)
      : text_(text), code_(std::move(code)), name_(std::move(name)) {}

  /// True, and past it, if `token` comes next.
  bool accept(std::string_view token);
  /// The same, or an error that names the token.
  void expect(std::string_view token);
  /// The same for the 'x' of 4x2xf32, which may stand before letters and digits.
  void expect_joined(std::string_view token);
  /// A whole number from `low` to `high`.
  int64_t integer(int64_t low, int64_t high);
  /// Letters, digits and '_', starting with none of the digits.
  std::string identifier(const std::string& what);
  /// The bytes that quoted_text() was made from.
  std::string quoted(const std::string& what);
  /// The same for name_text(), and for word_text().
  std::string name(const std::string& what);
  std::string word(const std::string& what);
  /// A real number: 1e-05, 2, -inf, nan.
  float real();
  /// True if an identifier, a digit, or `c` comes next.
  [[nodiscard]] bool at_identifier();
  [[nodiscard]] bool at_digit();
  [[nodiscard]] bool at(char c);
  /// True if the number that comes next is spelt as a real one: with a point or an exponent, or not
  /// finite.
  [[nodiscard]] bool at_real();
  /// Past the end of this line; a comment ("//") may stand before it.
  void end_line();
  /// Past lines that are empty or hold a comment alone. True unless that is the end of the text.
  bool next_line();
  /// True if nothing but spaces is left.
  bool at_end();

  /// Reports what is wrong here; only the first report counts.
  void fail(const std::string& message);
  /// The same at an earlier position().
  void fail_at(size_t position, const std::string& message);
  [[nodiscard]] bool failed() const { return error_.has_value(); }
  /// The report: place as line and column, the line itself, and a caret below it.
  [[nodiscard]] Diagnostic error() const { return *error_; }

  [[nodiscard]] size_t position() const { return position_; }
  /// "dump.txt, line 12": where the cursor is, if lines were left by end_line() and next_line().
  [[nodiscard]] std::string place() const { return name_ + ", line " + std::to_string(line_); }

 private:
  void skip_spaces();
  /// Past what is left of a line, if that is nothing or a comment.
  bool skip_line_end();
  std::string_view text_;
  size_t position_ = 0;
  int64_t line_ = 1;
  std::string code_, name_;
  std::optional<Diagnostic> error_;
};

}  // namespace st
