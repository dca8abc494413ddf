// SPDX-License-Identifier: Apache-2.0
/// A hash table from pairs of numbers to numbers, for the lookups that encoding is made of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tokens {

class PairMap {
 public:
  static constexpr std::uint32_t None = 0xffffffff;

  /// Room for `count` pairs. Without it there is none.
  void reserve(std::size_t count) {
    std::size_t size = 16;
    while (size < 2 * count) size *= 2;
    cells_.assign(size, Cell{});
  }

  /// Sets the value, below None, of a pair; replaces what was there.
  void set(std::uint32_t first, std::uint32_t second, std::uint32_t value) {
    Cell& cell = cells_[place(first, second)];
    cell = {first, second, value};
  }

  /// The value of a pair, or None.
  std::uint32_t find(std::uint32_t first, std::uint32_t second) const {
    return cells_.empty() ? None : cells_[place(first, second)].value;
  }

 private:
  struct Cell {
    std::uint32_t first = 0, second = 0, value = None;
  };

  /// The cell of the pair, or the free one where it belongs.
  std::size_t place(std::uint32_t first, std::uint32_t second) const {
    std::uint64_t hash = (std::uint64_t{first} << 32 | second) * 0x9e3779b97f4a7c15;
    hash ^= hash >> 32;
    const std::size_t mask = cells_.size() - 1;
    std::size_t at = static_cast<std::size_t>(hash) & mask;
    while (cells_[at].value != None && (cells_[at].first != first || cells_[at].second != second))
      at = (at + 1) & mask;
    return at;
  }

  std::vector<Cell> cells_;
};

}  // namespace tokens
