// SPDX-License-Identifier: Apache-2.0
#include "core/support/text_cursor.h"

#include <algorithm>
#include <charconv>

namespace st {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

}  // namespace

void TextCursor::skip_spaces() {
  while (position_ < text_.size() && (text_[position_] == ' ' || text_[position_] == '\t'))
    ++position_;
}

bool TextCursor::accept(std::string_view token) {
  if (failed()) return false;
  skip_spaces();
  if (text_.substr(position_, token.size()) != token) return false;
  const size_t end = position_ + token.size();
  // A word is not the beginning of a longer word.
  const bool word = !token.empty() && (is_letter(token.back()) || is_digit(token.back()));
  if (word && end < text_.size() && (is_letter(text_[end]) || is_digit(text_[end]))) return false;
  position_ = end;
  return true;
}

void TextCursor::expect(std::string_view token) {
  if (!accept(token)) fail("expected '" + std::string(token) + "'");
}

void TextCursor::expect_joined(std::string_view token) {
  if (failed()) return;
  if (text_.substr(position_, token.size()) == token) {
    position_ += token.size();
  } else {
    fail("expected '" + std::string(token) + "'");
  }
}

void TextCursor::fail_at(size_t position, const std::string& message) {
  if (failed()) return;
  position_ = position;
  fail(message);
}

int64_t TextCursor::integer(int64_t low, int64_t high) {
  if (failed()) return low;
  skip_spaces();
  int64_t value = 0;
  const char* begin = text_.data() + position_;
  const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), value);
  if (error == std::errc::invalid_argument) {
    fail("expected a whole number");
    return low;
  }
  if (error != std::errc() || value < low || value > high) {
    fail("expected a whole number from " + std::to_string(low) + " to " + std::to_string(high));
    return low;
  }
  position_ += static_cast<size_t>(end - begin);
  return value;
}

bool TextCursor::at_identifier() {
  skip_spaces();
  return !failed() && position_ < text_.size() && is_letter(text_[position_]);
}

bool TextCursor::at_digit() {
  skip_spaces();
  return !failed() && position_ < text_.size() && is_digit(text_[position_]);
}

bool TextCursor::at_end() {
  skip_spaces();
  return position_ == text_.size();
}

std::string TextCursor::identifier(const std::string& what) {
  if (!at_identifier()) {
    fail("expected " + what);
    return "";
  }
  const size_t begin = position_;
  while (position_ < text_.size() && (is_letter(text_[position_]) || is_digit(text_[position_])))
    ++position_;
  return std::string(text_.substr(begin, position_ - begin));
}

void TextCursor::fail(const std::string& message) {
  if (failed()) return;
  skip_spaces();
  const std::string_view before = text_.substr(0, position_);
  const size_t line_begin =
      before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const size_t column = position_ - line_begin;
  const std::string_view whole =
      text_.substr(line_begin, text_.find('\n', line_begin) - line_begin);
  // Long lines are shown from a little before the place on.
  constexpr size_t Before = 60, Shown = 100;
  const size_t from = column > Before ? column - Before : 0;
  error_ = Diagnostic{
      code_,
      message,
      name_ + ", line " + std::to_string(line) + ", column " + std::to_string(column + 1),
      {printable(whole.substr(from, Shown)),
       std::string(printable(whole.substr(from, column - from)).size(), ' ') + "^"},
      ""};
}

}  // namespace st
