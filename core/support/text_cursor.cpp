// SPDX-License-Identifier: Apache-2.0
#include "core/support/text_cursor.h"

#include <algorithm>
#include <charconv>

namespace st {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

/// The value of a hexadecimal digit, or -1.
int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

}  // namespace

bool is_word_character(char c) { return is_letter(c) || is_digit(c); }
bool is_name_character(char c) { return is_word_character(c) || c == '.' || c == '/' || c == '-'; }

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

bool TextCursor::at(char c) {
  skip_spaces();
  return !failed() && position_ < text_.size() && text_[position_] == c;
}

bool TextCursor::at_real() {
  skip_spaces();
  size_t end = position_;
  while (end < text_.size() && (is_name_character(text_[end]) || text_[end] == '+')) ++end;
  const std::string_view token = text_.substr(position_, end - position_);
  return !failed() && token.find_first_of(".einE") != std::string_view::npos;
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

std::string TextCursor::quoted(const std::string& what) {
  std::string bytes;
  if (!at('"')) {
    fail("expected " + what + " in quotes");
    return bytes;
  }
  size_t i = position_ + 1;
  for (; i < text_.size() && text_[i] != '"' && text_[i] != '\n'; ++i) {
    if (text_[i] != '\\') {
      bytes += text_[i];
      continue;
    }
    if (i + 1 < text_.size() && text_[i + 1] == '"') {
      bytes += text_[++i];
      continue;
    }
    const bool whole = i + 3 < text_.size() && text_[i + 1] == 'x';
    const int high = whole ? hex_digit(text_[i + 2]) : -1;
    const int low = whole ? hex_digit(text_[i + 3]) : -1;
    if (high < 0 || low < 0) {
      fail_at(i, "expected \\\" or \\x and two hexadecimal digits: no other escapes are read");
      return bytes;
    }
    bytes += static_cast<char>(high * 16 + low);
    i += 3;
  }
  if (i >= text_.size() || text_[i] != '"') {
    fail("the quotes are not closed on this line");
    return bytes;
  }
  position_ = i + 1;
  return bytes;
}

std::string TextCursor::name(const std::string& what) {
  if (at('"')) return quoted(what);
  if (failed()) return "";
  const size_t begin = position_;
  while (position_ < text_.size() && is_name_character(text_[position_])) ++position_;
  if (position_ == begin) fail("expected " + what);
  return std::string(text_.substr(begin, position_ - begin));
}

std::string TextCursor::word(const std::string& what) {
  return at('"') ? quoted(what) : identifier(what);
}

float TextCursor::real() {
  if (failed()) return 0;
  skip_spaces();
  float value = 0;
  const char* begin = text_.data() + position_;
  const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), value);
  if (error != std::errc()) {
    fail(error == std::errc::result_out_of_range ? "the number does not fit a float"
                                                 : "expected a real number");
    return 0;
  }
  position_ += static_cast<size_t>(end - begin);
  return value;
}

bool TextCursor::skip_line_end() {
  skip_spaces();
  if (text_.substr(position_, 2) == "//") {
    position_ = std::min(text_.find('\n', position_), text_.size());
  }
  if (position_ == text_.size()) return true;
  if (text_[position_] != '\n') return false;
  ++position_;
  ++line_;
  return true;
}

void TextCursor::end_line() {
  if (!failed() && !skip_line_end()) fail("expected the end of the line");
}

bool TextCursor::next_line() {
  while (!failed() && position_ < text_.size()) {
    if (!skip_line_end()) return true;
  }
  return false;
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
