// SPDX-License-Identifier: Apache-2.0
/// Rows of values in groups that share a scale: `group` values each, from index 0 on; the last one
/// of a row has what is left.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/graph/tensor.h"
#include "core/graph/type.h"

namespace st {

/// How many groups a row of `depth` values has.
inline int64_t groups_of(int64_t depth, int64_t group) {
  return depth / group + (depth % group != 0 ? 1 : 0);
}

/// Calls `visit(values, count)` for each group of a matrix of f32, row by row.
template <typename Visit>
void for_each_group(const Tensor& matrix, int64_t group, const Visit& visit) {
  const int64_t rows = matrix.shape[0], depth = matrix.shape[1];
  for (int64_t r = 0; r < rows; ++r) {
    const float* row = matrix.f32().data() + r * depth;
    for (int64_t first = 0; first < depth; first += std::min(group, depth - first))
      visit(row + first, std::min(group, depth - first));
  }
}

/// Whether a type is of f32 [rows, columns], both known.
bool is_float_matrix(const TensorType& type);

/// The type of the scales of a matrix, bf16 [rows, groups of a row]; nullopt for what is none of
/// f32. `parameters`: the group, as transforms take it.
std::optional<TensorType> group_scales_type(const TensorType& type,
                                            const std::vector<int64_t>& parameters);

/// Scales of groups, `per_row` in a row, as they are kept: each is a bfloat16 already.
Tensor as_bfloat16(const std::vector<float>& scales, int64_t rows, int64_t per_row);

}  // namespace st
