// SPDX-License-Identifier: Apache-2.0
#include "core/graph/group_values.h"

namespace st {

bool is_float_matrix(const TensorType& type) {
  return type.dtype == DType::F32 && type.shape.size() == 2 && type.shape[0].is_constant() &&
         type.shape[1].is_constant();
}

std::optional<TensorType> group_scales_type(const TensorType& type,
                                            const std::vector<int64_t>& parameters) {
  if (!is_float_matrix(type)) return std::nullopt;
  const int64_t groups = groups_of(type.shape[1].offset(), parameters[0]);
  return TensorType{DType::BF16, {type.shape[0], Extent(groups)}};
}

Tensor as_bfloat16(const std::vector<float>& scales, int64_t rows, int64_t per_row) {
  Tensor matrix = Tensor::zeros(DType::BF16, {rows, per_row});
  for (size_t i = 0; i < scales.size(); ++i)
    matrix.as<BFloat16>()[i].bits = bfloat16_bits(scales[i]);
  return matrix;
}

}  // namespace st
