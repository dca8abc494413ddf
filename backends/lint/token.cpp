// SPDX-License-Identifier: Apache-2.0
#include "backends/lint/token.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>

namespace st::lint {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' || is_digit(c) ||
         static_cast<unsigned char>(c) >= 0x80;
}

/// Longest first. '>' never begins a longer one but '>=' and '>>=', which close no template list.
constexpr std::array<std::string_view, 24> LongSymbols = {
    "<<=", ">>=", "...", "->*", "<=>", "::", "->", "++", "--", "<<", "<=", ">=",
    "==",  "!=",  "&&",  "||",  "+=",  "-=", "*=", "/=", "%=", "&=", "|=", "^="};

/// The code point at the start of `text`, and its bytes; a byte that is no UTF-8 is itself.
std::pair<uint32_t, size_t> code_point(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const uint32_t first = byte(0);
  const size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC0 ? 2 : 1;
  if (size == 1 || size > text.size()) return {first, 1};
  uint32_t value = first & (0x7FU >> size);
  for (size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) return {first, 1};
    value = value << 6 | (byte(i) & 0x3FU);
  }
  return {value, size};
}

/// Marks of direction, and characters without a width ("Trojan Source", CVE-2021-42574).
bool misleads(uint32_t c) {
  return (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) ||
         (c >= 0x200B && c <= 0x200F) || c == 0x2028 || c == 0x2029 || c == 0xFEFF || c == 0x061C ||
         (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F;
}

class Lexer {
 public:
  Lexer(std::string_view text, Place start, Report& report)
      : text_(text), place_(start), report_(report) {}

  Tokens run() {
    while (skip_space()) take();
    return std::move(tokens_);
  }

 private:
  [[nodiscard]] char at(size_t i) const { return i < text_.size() ? text_[i] : '\0'; }
  [[nodiscard]] bool starts(std::string_view with) const {
    return text_.substr(at_).starts_with(with);
  }

  /// Moves on by `count` bytes.
  void advance(size_t count) {
    for (; count > 0 && at_ < text_.size(); --count, ++at_) {
      if (text_[at_] == '\n') {
        ++place_.line;
        place_.column = 1;
      } else {
        ++place_.column;
      }
    }
  }

  /// The bytes of a line continuation here, or 0.
  [[nodiscard]] size_t splice(size_t i) const {
    if (at(i) != '\\') return 0;
    if (at(i + 1) == '\n') return 2;
    return at(i + 1) == '\r' && at(i + 2) == '\n' ? 3 : 0;
  }

  /// Reports characters among the next `count` bytes that mislead or, in code, are none of C++.
  void look_at(size_t count, bool code) {
    Place place = place_;
    for (size_t i = at_; i < at_ + count;) {
      const auto [value, size] = code_point(text_.substr(i));
      char hex[16];
      std::snprintf(hex, sizeof hex, "U+%04X", value);
      if (misleads(value)) {
        report_.add("text-bidi", place, std::string("the character ") + hex);
      } else if (code && value >= 0x80) {
        report_.add("text-non-ascii", place, std::string("the character ") + hex);
      }
      if (text_[i] == '\n') {
        ++place.line;
        place.column = 1;
      } else {
        place.column += static_cast<int32_t>(size);
      }
      i += size;
    }
  }

  void line_comment() {
    size_t end = at_;
    while (end < text_.size() && text_[end] != '\n') {
      if (const size_t spliced = splice(end)) {
        report_.add("text-comment-splice", place_, "this comment takes in the next line");
        end += spliced;
      } else {
        ++end;
      }
    }
    look_at(end - at_, false);
    advance(end - at_);
  }

  void block_comment() {
    size_t end = text_.find("*/", at_ + 2);
    if (end == std::string_view::npos) {
      report_.add("text-unfinished", place_, "a comment without '*/'");
      end = text_.size();
    } else {
      end += 2;
    }
    look_at(end - at_, false);
    advance(end - at_);
  }

  /// Skips space and comments; false at the end.
  bool skip_space() {
    glued_ = true;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '\n') {
        line_start_ = true;
        advance(1);
      } else if (const size_t spliced = splice(at_)) {
        advance(spliced);
      } else if (is_space(c)) {
        advance(1);
      } else if (starts("//")) {
        line_comment();
      } else if (starts("/*")) {
        block_comment();
      } else {
        return true;
      }
      glued_ = false;
    }
    return false;
  }

  void add(TokenKind kind, size_t count) {
    tokens_.push_back({kind, glued_, place_, text_.substr(at_, count), 0});
    line_start_ = false;
    advance(count);
  }

  void take() {
    const char c = text_[at_];
    if (c == '#' && line_start_) return directive();
    if (is_digit(c) || (c == '.' && is_digit(at(at_ + 1)))) return number();
    if (c == '"' || c == '\'') return quoted_text(0);
    if (is_name(c)) return name();
    for (const std::string_view symbol : LongSymbols) {
      if (starts(symbol)) return add(TokenKind::Symbol, symbol.size());
    }
    look_at(1, true);
    add(TokenKind::Symbol, 1);
  }

  void name() {
    size_t count = 1;
    while (is_name(at(at_ + count)) && at_ + count < text_.size()) ++count;
    const std::string_view word = text_.substr(at_, count);
    const char next = at(at_ + count);
    const bool raw = word == "R" || word == "u8R" || word == "uR" || word == "UR" || word == "LR";
    if (next == '"' && raw) return raw_string(count);
    if ((next == '"' || next == '\'') &&
        (word == "u8" || word == "u" || word == "U" || word == "L"))
      return quoted_text(count);
    look_at(count, true);
    add(TokenKind::Identifier, count);
  }

  void number() {
    size_t count = 1;
    for (; at_ + count < text_.size(); ++count) {
      const char c = text_[at_ + count];
      const char before = text_[at_ + count - 1];
      const bool sign = (c == '+' || c == '-') &&
                        (before == 'e' || before == 'E' || before == 'p' || before == 'P');
      const bool separator = c == '\'' && is_name(at(at_ + count + 1));
      if (!is_name(c) && c != '.' && !sign && !separator) break;
    }
    look_at(count, true);
    add(TokenKind::Number, count);
  }

  /// A string or character, whose prefix has `prefix` bytes.
  void quoted_text(size_t prefix) {
    const char quote = text_[at_ + prefix];
    size_t end = at_ + prefix + 1;
    while (end < text_.size() && text_[end] != quote && text_[end] != '\n') {
      const size_t spliced = splice(end);
      end += spliced > 0 ? spliced : text_[end] == '\\' ? 2 : 1;
    }
    if (at(end) != quote || end >= text_.size()) {
      report_.add("text-unfinished", place_, "a string or character without its closing quote");
      end = std::min(end, text_.size());
    } else {
      ++end;
    }
    look_at(end - at_, false);
    add(quote == '"' ? TokenKind::String : TokenKind::Character, end - at_);
  }

  void raw_string(size_t prefix) {
    const size_t open = text_.find('(', at_ + prefix);
    size_t end = std::string_view::npos;
    if (open != std::string_view::npos && open - at_ - prefix <= 17) {
      const std::string close =
          ")" + std::string(text_.substr(at_ + prefix + 1, open - at_ - prefix - 1)) + "\"";
      end = text_.find(close, open);
      if (end != std::string_view::npos) end += close.size();
    }
    if (end == std::string_view::npos) {
      report_.add("text-unfinished", place_, "a raw string without its end");
      end = text_.size();
    }
    look_at(end - at_, false);
    add(TokenKind::String, end - at_);
  }

  /// A whole logical line: comments that begin in it end it, as far as they are line comments.
  void directive() {
    size_t end = at_;
    bool in_string = false;
    while (end < text_.size() && text_[end] != '\n') {
      const size_t spliced = splice(end);
      if (spliced > 0) {
        end += spliced;
        continue;
      }
      if (text_[end] == '"') in_string = !in_string;
      if (in_string && text_[end] == '\\') ++end;
      if (!in_string && text_.substr(end).starts_with("//")) break;
      if (!in_string && text_.substr(end).starts_with("/*")) {
        const size_t close = text_.find("*/", end + 2);
        end = close == std::string_view::npos ? text_.size() : close + 2;
        continue;
      }
      ++end;
    }
    end = std::min(end, text_.size());
    add(TokenKind::Directive, end - at_);
  }

  std::string_view text_;
  size_t at_ = 0;
  Place place_;
  Report& report_;
  Tokens tokens_;
  bool line_start_ = true;
  bool glued_ = false;
};

}  // namespace

Tokens tokenise(std::string_view text, Place start, Report& report) {
  return Lexer(text, start, report).run();
}

}  // namespace st::lint
