// SPDX-License-Identifier: Apache-2.0
#include "core/graph/quantised_transforms.h"

#include <algorithm>
#include <utility>

#include "core/graph/group_values.h"
#include "core/graph/int4_scale.h"
#include "core/graph/quantised_value.h"
#include "core/support/wide_loops.h"

namespace st {
namespace {

using Parameters = std::vector<int64_t>;

std::optional<TensorType> row_scales_type(const TensorType& type, const Parameters&) {
  if (!is_float_matrix(type)) return std::nullopt;
  return TensorType{DType::F32, {type.shape[0]}};
}

Tensor row_scales(const Tensor& weight, const Parameters&) {
  const int64_t depth = weight.shape[1];
  Tensor scales = Tensor::zeros(DType::F32, {weight.shape[0]});
  for (int64_t n = 0; n < scales.size(); ++n)
    scales.f32()[n] = wide::peak(weight.f32().data() + n * depth, depth) / Int8Peak;
  return scales;
}

std::optional<TensorType> quantised_rows_type(const TensorType& type, const Parameters&) {
  if (!is_float_matrix(type)) return std::nullopt;
  return TensorType{DType::I8, type.shape};
}

Tensor quantised_rows(const Tensor& weight, const Parameters&) {
  const int64_t depth = weight.shape[1];
  Tensor q = Tensor::zeros(DType::I8, weight.shape);
  for (int64_t n = 0; n < weight.shape[0]; ++n) {
    const float* row = weight.f32().data() + n * depth;
    const float peak = wide::peak(row, depth), inverse = peak == 0.0f ? 0.0f : Int8Peak / peak;
    wide::round_to_bytes(row, depth, inverse, Int8Peak, q.as<int8_t>().data() + n * depth);
  }
  return q;
}

Result<Tensor> quantised_rows_block(const Operand& operand, const Parameters&, const Block& block) {
  ST_TRY(rows, operand.load(block.whole_rows()));
  return block_of(quantised_rows(rows, {}), {0, Block::All, block.column, block.columns});
}

std::optional<TensorType> row_scales4_type(const TensorType& type, const Parameters&) {
  return row_scales_type(type, {});
}

/// Rows of weights, how many of them share a scale, and these scales, row by row.
struct Scaled {
  Tensor weights;
  int64_t group;
  std::vector<float> scales;

  [[nodiscard]] int64_t per_row() const { return groups_of(weights.shape[1], group); }
};

/// The scales of whole rows in groups of `group`, or one for each row where that is 0.
Scaled scaled(Tensor weights, int64_t group, DType type) {
  Scaled result{std::move(weights), group, {}};
  if (group == 0) result.group = std::max<int64_t>(1, result.weights.shape[1]);
  for_each_group(result.weights, result.group, [&](const float* values, int64_t count) {
    result.scales.push_back(int4_scale(values, count, type));
  });
  return result;
}

/// The same for rows of a constant, which remembers scales.
Result<Scaled> scaled_rows(const Operand& operand, int64_t group, DType type, const Block& block) {
  ST_TRY(weights, operand.load(block.whole_rows()));
  const int64_t rows = weights.shape[0];
  const int64_t size = group == 0 ? std::max<int64_t>(1, weights.shape[1]) : group;
  ScaleMemo& memo = operand.source.scales();
  std::vector<float> known = memo.find(operand.layer, group, block.row, rows);
  if (!known.empty()) return Scaled{std::move(weights), size, std::move(known)};
  Scaled result = scaled(std::move(weights), group, type);
  if (!result.scales.empty())
    memo.keep(operand.layer, group, block.row, result.per_row(), result.scales);
  return result;
}

Tensor int4_of(const Scaled& scaled) {
  Tensor q = Tensor::zeros(DType::I4, scaled.weights.shape);
  const float* first = scaled.weights.f32().data();
  auto scale = scaled.scales.begin();
  for_each_group(scaled.weights, scaled.group, [&](const float* values, int64_t count) {
    wide::round_to_nibbles(values, count, inverse_of_scale(*scale++), Int4Peak,
                           &q.as<Int4>()[values - first].bits);
  });
  return q;
}

Result<Tensor> row_scales4_block(const Operand& operand, const Parameters&, const Block& block) {
  ST_TRY(rows, scaled_rows(operand, 0, DType::F32, block));
  Tensor scales = Tensor::zeros(DType::F32, {rows.weights.shape[0]});
  scales.f32() = std::move(rows.scales);
  return scales;
}

Tensor row_scales4(const Tensor& weight, const Parameters&) {
  Tensor scales = Tensor::zeros(DType::F32, {weight.shape[0]});
  scales.f32() = scaled(weight, 0, DType::F32).scales;
  return scales;
}

Tensor group_scales4(const Tensor& weight, const Parameters& group) {
  const Scaled rows = scaled(weight, group[0], DType::BF16);
  return as_bfloat16(rows.scales, weight.shape[0], rows.per_row());
}

/// Those that are known need no weights; for the others weights come some rows at a time, as there
/// are many more of them than of scales.
Result<Tensor> group_scales4_block(const Operand& operand, const Parameters& group,
                                   const Block& block) {
  constexpr int64_t PartElements = int64_t{1} << 17;
  const bool in_parts = operand.source.has_blocks(operand.layer);
  const ScaleMemo& memo = operand.source.scales();
  std::vector<float> scales;
  int64_t rows = 0, per_row = 0;
  Block part = {block.row, 1, 0, Block::All};  // the first one says how long rows are
  while (rows < block.rows) {
    part.rows = std::min(part.rows, block.rows - rows);
    std::vector<float> some = memo.find(operand.layer, group[0], part.row, part.rows);
    int64_t count = part.rows;
    if (some.empty()) {
      ST_TRY(made, scaled_rows(operand, group[0], DType::BF16, part));
      count = made.weights.shape[0];
      per_row = made.per_row();
      some = std::move(made.scales);
    } else {
      per_row = static_cast<int64_t>(some.size()) / count;
    }
    scales.insert(scales.end(), some.begin(), some.end());
    rows += count;
    if (count < part.rows) break;
    part.row += count;
    part.rows = in_parts
                    ? std::max<int64_t>(1, PartElements / std::max<int64_t>(1, per_row * group[0]))
                    : Block::All;
  }
  return block_of(as_bfloat16(scales, rows, per_row), {0, Block::All, block.column, block.columns});
}

std::optional<TensorType> quantised_rows4_type(const TensorType& type, const Parameters&) {
  if (!is_float_matrix(type)) return std::nullopt;
  return TensorType{DType::I4, type.shape};
}

Tensor quantised_rows4(const Tensor& weight, const Parameters&) {
  return int4_of(scaled(weight, 0, DType::F32));
}

Result<Tensor> quantised_rows4_block(const Operand& operand, const Parameters&,
                                     const Block& block) {
  ST_TRY(rows, scaled_rows(operand, 0, DType::F32, block));
  return block_of(int4_of(rows), {0, Block::All, block.column, block.columns});
}

Tensor quantised_groups4(const Tensor& weight, const Parameters& group) {
  return int4_of(scaled(weight, group[0], DType::BF16));
}

Result<Tensor> quantised_groups4_block(const Operand& operand, const Parameters& group,
                                       const Block& block) {
  ST_TRY(rows, scaled_rows(operand, group[0], DType::BF16, block));
  return block_of(int4_of(rows), {0, Block::All, block.column, block.columns});
}

}  // namespace

std::vector<TransformRecord> quantised_transforms() {
  const char* matrix = "a matrix of f32";
  std::vector<TransformRecord> records = {
      {"group_scales4", "bf16: int4 scale of each group of g values of a row: group_scales4 g", 1,
       matrix, group_scales_type, group_scales4, group_scales4_block},
      {"quantised_groups4", "int4: each group of g divided by its scale: quantised_groups4 g", 1,
       matrix, quantised_rows4_type, quantised_groups4, quantised_groups4_block},
      {"quantised_rows", "int8: each row divided by its scale, rounded half away from zero", 0,
       matrix, quantised_rows_type, quantised_rows, quantised_rows_block},
      {"quantised_rows4", "int4: each row divided by its scale, rounded half away from zero", 0,
       matrix, quantised_rows4_type, quantised_rows4, quantised_rows4_block},
      {"row_scales", "symmetric scale of each row: largest magnitude / 127; 0 for zeroes", 0,
       matrix, row_scales_type, row_scales, nullptr},
      {"row_scales4", "symmetric int4 scale of each row, of least square error; 0 for zeroes", 0,
       matrix, row_scales4_type, row_scales4, row_scales4_block},
  };
  for (TransformRecord& record : byte_group_transforms()) records.push_back(std::move(record));
  return records;
}

}  // namespace st
