// SPDX-License-Identifier: Apache-2.0
/// Finds which of many texts begin at a place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "pair_map.h"

namespace tokens {

class Trie {
 public:
  static constexpr std::uint32_t None = PairMap::None;

  /// Room for texts of `bytes` bytes in all.
  void reserve(std::size_t bytes) {
    edges_.reserve(bytes);
    values_.assign(1, None);
  }

  /// Adds `text` with a value below None; the first of equal texts counts.
  void add(std::string_view text, std::uint32_t value) {
    std::uint32_t node = 0;
    for (const char c : text) {
      std::uint32_t next = edges_.find(node, byte_of(c));
      if (next == None) {
        next = static_cast<std::uint32_t>(values_.size());
        edges_.set(node, byte_of(c), next);
        values_.push_back(None);
      }
      node = next;
    }
    if (values_[node] == None) values_[node] = value;
  }

  /// Calls `found(size, value)` for each text that `text` has at `at`, the shortest first.
  template <typename Found>
  void each(std::string_view text, std::size_t at, Found found) const {
    std::uint32_t node = 0;
    for (std::size_t i = at; i < text.size(); ++i) {
      node = edges_.find(node, byte_of(text[i]));
      if (node == None) return;
      if (values_[node] != None) found(i + 1 - at, values_[node]);
    }
  }

  /// The longest text at `at`: its value, and its bytes in `size`; None if there is none.
  std::uint32_t longest(std::string_view text, std::size_t at, std::size_t& size) const {
    std::uint32_t value = None;
    each(text, at, [&](std::size_t bytes, std::uint32_t of) {
      size = bytes;
      value = of;
    });
    return value;
  }

 private:
  static std::uint32_t byte_of(char c) { return static_cast<unsigned char>(c); }

  PairMap edges_;  ///< node and byte to node
  std::vector<std::uint32_t> values_;
};

}  // namespace tokens
