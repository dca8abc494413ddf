// SPDX-License-Identifier: Apache-2.0
/// Parts of matrices, so that a large one can be worked on without being in memory.
#pragma once

#include <cstdint>
#include <limits>

#include "core/graph/tensor.h"

namespace st {

/// Rows and columns of a matrix; what is behind its end does not count.
struct Block {
  static constexpr int64_t All = std::numeric_limits<int64_t>::max() / 2;
  int64_t row = 0, rows = All;
  int64_t column = 0, columns = All;

  [[nodiscard]] Block transposed() const { return {column, columns, row, rows}; }
  /// The same rows, from end to end.
  [[nodiscard]] Block whole_rows() const { return {row, rows, 0, All}; }
  /// What of it there is in a matrix of that size.
  [[nodiscard]] Block within(int64_t matrix_rows, int64_t matrix_columns) const;
};

/// What of the block there is in a matrix.
Tensor block_of(Tensor matrix, const Block& block);
/// The same of a matrix that stays.
Tensor copied_block(const Tensor& matrix, const Block& block);

}  // namespace st
