// SPDX-License-Identifier: Apache-2.0
// Weights of eight bits in groups: the scale of a group is the bfloat16 nearest to its largest
// magnitude / 127. Finding it costs no more than reading the weights, so nothing remembers it.
#include "core/graph/group_values.h"
#include "core/graph/int4_scale.h"
#include "core/graph/quantised_transforms.h"
#include "core/graph/quantised_value.h"
#include "core/support/wide_loops.h"

namespace st {
namespace {

using Parameters = std::vector<int64_t>;

std::optional<TensorType> quantised_groups_type(const TensorType& type, const Parameters&) {
  if (!is_float_matrix(type)) return std::nullopt;
  return TensorType{DType::I8, type.shape};
}

float byte_scale(const float* values, int64_t count) {
  return bfloat16_value(bfloat16_bits(wide::peak(values, count) / Int8Peak));
}

Tensor group_scales(const Tensor& weight, const Parameters& group) {
  std::vector<float> scales;
  for_each_group(weight, group[0], [&](const float* values, int64_t count) {
    scales.push_back(byte_scale(values, count));
  });
  return as_bfloat16(scales, weight.shape[0], groups_of(weight.shape[1], group[0]));
}

/// Weights come some rows at a time, as there are many more of them than of scales.
Result<Tensor> group_scales_block(const Operand& operand, const Parameters& group,
                                  const Block& block) {
  constexpr int64_t PartElements = int64_t{1} << 17;
  const bool in_parts = operand.source.has_blocks(operand.layer);
  std::vector<BFloat16> scales;
  int64_t rows = 0, per_row = 0;
  int64_t wanted = in_parts ? 1 : block.rows;  // the first part says how long rows are
  while (rows < block.rows) {
    const Block part = {block.row + rows, std::min(wanted, block.rows - rows), 0, Block::All};
    ST_TRY(weights, operand.load(part));
    const Tensor some = group_scales(weights, group);
    scales.insert(scales.end(), some.as<BFloat16>().begin(), some.as<BFloat16>().end());
    per_row = some.shape[1];
    rows += some.shape[0];
    if (some.shape[0] < part.rows) break;
    wanted = std::max<int64_t>(1, PartElements / std::max<int64_t>(1, weights.shape[1]));
  }
  Tensor matrix = Tensor::zeros(DType::BF16, {rows, per_row});
  matrix.as<BFloat16>() = std::move(scales);
  return block_of(std::move(matrix), {0, Block::All, block.column, block.columns});
}

Tensor quantised_groups(const Tensor& weight, const Parameters& group) {
  Tensor q = Tensor::zeros(DType::I8, weight.shape);
  const float* first = weight.f32().data();
  for_each_group(weight, group[0], [&](const float* values, int64_t count) {
    wide::round_to_bytes(values, count, inverse_of_scale(byte_scale(values, count)), Int8Peak,
                         q.as<int8_t>().data() + (values - first));
  });
  return q;
}

Result<Tensor> quantised_groups_block(const Operand& operand, const Parameters& group,
                                      const Block& block) {
  ST_TRY(rows, operand.load(block.whole_rows()));
  return block_of(quantised_groups(rows, group), {0, Block::All, block.column, block.columns});
}

}  // namespace

std::vector<TransformRecord> byte_group_transforms() {
  const char* matrix = "a matrix of f32";
  return {
      {"group_scales", "bf16: int8 scale of each group of g values of a row: group_scales g", 1,
       matrix, group_scales_type, group_scales, group_scales_block},
      {"quantised_groups", "int8: each group of g divided by its scale: quantised_groups g", 1,
       matrix, quantised_groups_type, quantised_groups, quantised_groups_block},
  };
}

}  // namespace st
