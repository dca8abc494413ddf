// SPDX-License-Identifier: Apache-2.0
/// The regular expressions by which byte-level tokenizers cut texts, as functions. Each gives the
/// bytes of the match at `at`, a place before the end of `text` where the match before ended. All
/// of them match at every place.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "unicode.h"

namespace tokens {

/// A place in a text, which moves over what matches.
class Matcher {
 public:
  Matcher(std::string_view text, std::size_t at) : text_(text), begin_(at), at_(at) {}

  bool at_end() const { return at_ == text_.size(); }
  std::size_t size() const { return at_ - begin_; }
  void back_to(std::size_t size) { at_ = begin_ + size; }

  /// The class of the character here; there has to be one.
  CharacterClass kind() const { return class_of(character_at(text_, at_).point); }
  bool is(CharacterClass kind) const { return !at_end() && this->kind() == kind; }
  bool is(char c) const { return !at_end() && text_[at_] == c; }
  bool is_line_end() const { return is('\r') || is('\n'); }

  void next() { at_ += character_at(text_, at_).size; }
  /// Over all characters of a class, `most` at most; whether there was one.
  bool all(CharacterClass kind, std::size_t most = static_cast<std::size_t>(-1)) {
    const std::size_t before = at_;
    for (; most > 0 && is(kind); --most) next();
    return at_ > before;
  }
  bool line_ends() {
    const std::size_t before = at_;
    while (is_line_end()) ++at_;
    return at_ > before;
  }

  /// 's, 't, 're, 've, 'm, 'll, 'd; `any_case`: capitals too, and the long s (U+017F), which is an
  /// s.
  bool contraction(bool any_case) {
    if (!is('\'')) return false;
    const std::string_view rest = text_.substr(at_ + 1);
    const auto letter = [&](std::size_t i) {
      const char c = i < rest.size() ? rest[i] : '\0';
      return any_case && c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    };
    const char first = letter(0), second = letter(1);
    std::size_t size = 0;
    if (first == 's' || first == 't' || first == 'm' || first == 'd') size = 1;
    if ((first == 'r' && second == 'e') || (first == 'v' && second == 'e') ||
        (first == 'l' && second == 'l'))
      size = 2;
    if (any_case && rest.substr(0, 2) == "\u017f") size = 2;
    if (size == 0) return false;
    at_ += 1 + size;
    return true;
  }

  /// \s+(?!\S)|\s+: spaces, but for the last one where something else follows.
  bool spaces() {
    const std::size_t before = at_;
    std::size_t last = at_;
    while (is(CharacterClass::Space)) {
      last = at_;
      next();
    }
    if (!at_end() && last > before) at_ = last;
    return at_ > before;
  }

  /// \s*[\r\n]+: spaces up to the last end of a line among them.
  bool spaces_with_line_end() {
    const std::size_t before = at_;
    std::size_t behind = before;
    while (is(CharacterClass::Space)) {
      const bool ends = is_line_end();
      next();
      if (ends) behind = at_;
    }
    at_ = behind;
    return at_ > before;
  }

 private:
  std::string_view text_;
  std::size_t begin_, at_;
};

/// GPT-2's: 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
inline std::size_t split_gpt2(std::string_view text, std::size_t at) {
  Matcher here(text, at);
  if (here.contraction(false)) return here.size();
  if (here.is(' ')) here.next();
  if (!here.at_end() && !here.is(CharacterClass::Space)) {
    here.all(here.kind());
    return here.size();
  }
  here.back_to(0);
  here.spaces();
  return here.size();
}

/// That of GPT-4, Llama 3 (`digits` 3) and Qwen2 (1): (?i:'s|'t|'re|'ve|'m|'ll|'d)|
/// [^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,digits}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
inline std::size_t split_words(std::string_view text, std::size_t at, std::size_t digits) {
  Matcher here(text, at);
  if (here.contraction(true)) return here.size();
  if (!here.is_line_end() && !here.is(CharacterClass::Letter) && !here.is(CharacterClass::Number))
    here.next();
  if (here.all(CharacterClass::Letter)) return here.size();
  here.back_to(0);
  if (here.all(CharacterClass::Number, digits)) return here.size();
  if (here.is(' ')) here.next();
  if (here.all(CharacterClass::Symbol)) {
    here.line_ends();
    return here.size();
  }
  here.back_to(0);
  if (!here.spaces_with_line_end()) here.spaces();
  return here.size();
}

}  // namespace tokens
