// SPDX-License-Identifier: Apache-2.0
#include "core/graph/block.h"

#include <algorithm>
#include <utility>

namespace st {

Block Block::within(int64_t matrix_rows, int64_t matrix_columns) const {
  Block part;
  part.row = std::min(row, matrix_rows);
  part.rows = std::min(rows, matrix_rows - part.row);
  part.column = std::min(column, matrix_columns);
  part.columns = std::min(columns, matrix_columns - part.column);
  return part;
}

Tensor block_of(Tensor matrix, const Block& block) {
  const Block part = block.within(matrix.shape[0], matrix.shape[1]);
  if (part.rows == matrix.shape[0] && part.columns == matrix.shape[1]) return matrix;
  return copied_block(matrix, block);
}

Tensor copied_block(const Tensor& matrix, const Block& block) {
  const int64_t width = matrix.shape[1];
  const Block part = block.within(matrix.shape[0], width);
  Tensor out = Tensor::zeros(matrix.dtype(), {part.rows, part.columns});
  std::visit(
      [&](auto& to) {
        const auto& from = std::get<std::decay_t<decltype(to)>>(matrix.data);
        for (int64_t r = 0; r < part.rows; ++r)
          std::copy_n(from.begin() + (part.row + r) * width + part.column, part.columns,
                      to.begin() + r * part.columns);
      },
      out.data);
  return out;
}

}  // namespace st
