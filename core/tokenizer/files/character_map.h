// SPDX-License-Identifier: Apache-2.0
/// SentencePiece's precompiled map of characters, by which its models apply NFKC and the like.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "unicode.h"

namespace tokens {

/// Reads a map in place: a number of bytes (uint32, little-endian), a double-array trie of so many,
/// and the texts that its values point into, each ended by a zero byte. Whatever the bytes are, no
/// read is outside of them.
class CharacterMap {
 public:
  /// `map` has to outlive this.
  explicit CharacterMap(std::string_view map) {
    constexpr std::size_t Header = 4;
    if (map.size() < Header) return;
    std::size_t bytes = 0;
    for (std::size_t i = Header; i-- > 0;) bytes = bytes << 8 | byte_of(map[i]);
    if (bytes > map.size() - Header) return;
    trie_ = map.substr(Header, bytes);
    texts_ = map.substr(Header + bytes);
  }

  /// What the longest prefix of `text` in the map becomes; `size`: its bytes, 0 if there is none.
  std::string_view find(std::string_view text, std::size_t& size) const {
    size = 0;
    std::size_t node = 0, value = 0;
    std::uint32_t unit = unit_at(node);
    node ^= offset(unit);
    const std::size_t most = text.size() < LongestKey ? text.size() : LongestKey;
    for (std::size_t i = 0; i < most; ++i) {
      node ^= byte_of(text[i]);
      unit = unit_at(node);
      if ((unit & LabelBits) != byte_of(text[i])) break;
      node ^= offset(unit);
      if ((unit >> 8 & 1) == 0) continue;
      size = i + 1;
      value = unit_at(node) & ValueBits;
    }
    if (size == 0 || value >= texts_.size()) {
      size = 0;
      return {};
    }
    const std::string_view rest = texts_.substr(value);
    return rest.substr(0, rest.find('\0'));
  }

 private:
  /// Bytes; those of maps have a dozen. The units of a damaged one may lead in a circle.
  static constexpr std::size_t LongestKey = 256;
  static constexpr std::uint32_t LabelBits = 0x800000ff, ValueBits = 0x7fffffff;

  static std::uint32_t byte_of(char c) { return static_cast<unsigned char>(c); }
  static std::size_t offset(std::uint32_t unit) { return unit >> 10 << ((unit & 0x200) >> 6); }

  /// A unit of the trie; beyond its end one that nothing leads to.
  std::uint32_t unit_at(std::size_t index) const {
    if (index >= trie_.size() / 4) return LabelBits;
    std::uint32_t unit = 0;
    for (std::size_t i = 4; i-- > 0;) unit = unit << 8 | byte_of(trie_[4 * index + i]);
    return unit;
  }

  std::string_view trie_, texts_;
};

}  // namespace tokens
