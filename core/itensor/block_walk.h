// SPDX-License-Identifier: Apache-2.0
/// The loops of one side of a conversion inside the shared ones, with constant trip counts: numbers
/// of tokens and elements as sums over the dimensions of a block.
///
/// Loops of one dimension are nested outermost first, so the counters of a dimension follow from
/// its coordinate alone, and any number that is a sum over counters is a sum of one table per
/// dimension, each rising with the coordinate.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "core/itensor/itensor.h"

namespace st {

/// A loop inside the shared ones; `dimension` -1: re-access.
struct BlockLoop {
  int dimension = -1;
  int64_t trips = 1;
  int64_t step = 1;      ///< in elements
  int64_t tokens = 1;    ///< of one iteration, repeats included
  int64_t arrivals = 1;  ///< elements of one iteration, repeats not counted
};

/// One side of a block.
struct BlockSide {
  std::vector<int64_t> elem, block;
  std::vector<BlockLoop> loops;  ///< outermost first
  int64_t tokens = 1;            ///< of a block, repeats included

  /// Trip counts from loop `shared` on must be constant.
  BlockSide(const ItensorType& type, int shared, const std::vector<int64_t>& block_shape);

  /// One table per dimension, over its coordinates in the block.
  using Tables = std::vector<std::vector<int64_t>>;
  /// Number of the first token that holds the element.
  [[nodiscard]] Tables first_token() const;
  /// Number of the element among first arrivals; row-major within a tile.
  [[nodiscard]] Tables arrival() const;
  /// Tokens from the first to the last that holds an element: the same for all.
  [[nodiscard]] int64_t tokens_of_repeats() const;
};

/// Steps through a nest of loops, outermost first, and keeps the coordinates at hand.
class BlockWalk {
 public:
  BlockWalk(std::vector<BlockLoop> loops, size_t rank)
      : loops_(std::move(loops)), counters_(loops_.size(), 0), at_(rank, 0) {}

  [[nodiscard]] const std::vector<int64_t>& at() const { return at_; }
  /// Token number, by the loops' `tokens`.
  [[nodiscard]] int64_t token() const { return token_; }
  /// True if all re-access counters are 0.
  [[nodiscard]] bool first_time() const { return repeats_ == 0; }
  /// False after the last iteration.
  bool next();

 private:
  std::vector<BlockLoop> loops_;
  std::vector<int64_t> counters_;
  std::vector<int64_t> at_;
  int64_t token_ = 0;
  int repeats_ = 0;  ///< re-access counters that are not 0
};

/// Sum of one entry per dimension.
inline int64_t sum_at(const std::vector<std::vector<int64_t>>& tables,
                      const std::vector<int64_t>& at) {
  int64_t sum = 0;
  for (size_t d = 0; d < at.size(); ++d) sum += tables[d][static_cast<size_t>(at[d])];
  return sum;
}

/// The loops without re-access ones.
std::vector<BlockLoop> without_repeats(const std::vector<BlockLoop>& loops);
/// The loops over distinct elements in order of first arrival.
std::vector<BlockLoop> element_loops(const BlockSide& side);

}  // namespace st
