// SPDX-License-Identifier: Apache-2.0
/// UTF-8, and what Unicode says of its characters.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

#include "unicode_tables.h"

namespace tokens {

/// One character of a text, or a byte that is part of none.
struct Character {
  std::uint32_t point = 0;  ///< the code point; NoPoint for a byte of no character
  std::size_t size = 1;     ///< bytes
};

/// Stands for bytes that are no UTF-8. Its classes are those of a symbol.
inline constexpr std::uint32_t NoPoint = 0xffffffff;

/// Bytes of a character that begins with `lead`; 0 if none does.
inline std::size_t character_size(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return 2;
  if (lead >= 0xe0 && lead <= 0xef) return 3;
  if (lead >= 0xf0 && lead <= 0xf4) return 4;
  return 0;
}

/// Whether `text`, which begins with `lead`, may go on with `second`: what is longer than it needs
/// to be, surrogates, and what is beyond U+10FFFF are no characters.
inline bool may_follow(unsigned char lead, unsigned char second) {
  if (lead == 0xe0) return second >= 0xa0 && second <= 0xbf;
  if (lead == 0xed) return second >= 0x80 && second <= 0x9f;
  if (lead == 0xf0) return second >= 0x90 && second <= 0xbf;
  if (lead == 0xf4) return second >= 0x80 && second <= 0x8f;
  return second >= 0x80 && second <= 0xbf;
}

/// The character at `at`, which is less than the size of `text`.
inline Character character_at(std::string_view text, std::size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  if (lead < 0x80) return {lead, 1};
  const std::size_t size = character_size(lead);
  if (size == 0 || at + size > text.size()) return {NoPoint, 1};
  std::uint32_t point = lead & (0xffU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    const auto next = static_cast<unsigned char>(text[at + i]);
    if (i == 1 ? !may_follow(lead, next) : (next & 0xc0) != 0x80) return {NoPoint, 1};
    point = point << 6 | (next & 0x3fU);
  }
  return {point, size};
}

/// Adds the UTF-8 of `point`, a code point up to U+10FFFF.
inline void append_point(std::string& text, std::uint32_t point) {
  const auto add = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
  if (point < 0x80) {
    add(point);
  } else if (point < 0x800) {
    add(0xc0 | point >> 6);
    add(0x80 | (point & 0x3f));
  } else if (point < 0x10000) {
    add(0xe0 | point >> 12);
    add(0x80 | (point >> 6 & 0x3f));
    add(0x80 | (point & 0x3f));
  } else {
    add(0xf0 | point >> 18);
    add(0x80 | (point >> 12 & 0x3f));
    add(0x80 | (point >> 6 & 0x3f));
    add(0x80 | (point & 0x3f));
  }
}

/// What the patterns that cut texts ask of a character.
enum class CharacterClass : std::uint8_t { Letter, Number, Space, Symbol };

template <std::size_t Count>
bool in_ranges(const Range (&ranges)[Count], std::uint32_t point) {
  const Range* found =
      std::upper_bound(std::begin(ranges), std::end(ranges), point,
                       [](std::uint32_t value, const Range& range) { return value < range.first; });
  return found != std::begin(ranges) && point <= std::prev(found)->last;
}

/// \p{L}, \p{N}, \s, or none of these.
inline CharacterClass class_of(std::uint32_t point) {
  if (point == NoPoint) return CharacterClass::Symbol;
  if (in_ranges(Letters, point)) return CharacterClass::Letter;
  if (in_ranges(Numbers, point)) return CharacterClass::Number;
  return in_ranges(Spaces, point) ? CharacterClass::Space : CharacterClass::Symbol;
}

/// Bytes at the end of `text` that may be the beginning of a character.
inline std::size_t unfinished_bytes(std::string_view text) {
  for (std::size_t back = 1; back <= 3 && back <= text.size(); ++back) {
    const auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if ((byte & 0xc0) == 0x80) continue;
    const std::size_t size = byte < 0x80 ? 0 : character_size(byte);
    if (size <= back) return 0;
    if (back > 1 && !may_follow(byte, static_cast<unsigned char>(text[text.size() - back + 1])))
      return 0;
    return back;
  }
  return 0;
}

}  // namespace tokens
