// SPDX-License-Identifier: Apache-2.0
#include "core/graph/quantised_transforms.h"

#include <cmath>

#include "core/graph/quantised_value.h"

namespace st {
namespace {

using Parameters = std::vector<int64_t>;

bool is_float_matrix(const TensorType& type) {
  return type.dtype == DType::F32 && type.shape.size() == 2 && type.shape[0].is_constant() &&
         type.shape[1].is_constant();
}

std::optional<TensorType> row_scales_type(const TensorType& type, const Parameters&) {
  if (!is_float_matrix(type)) return std::nullopt;
  return TensorType{DType::F32, {type.shape[0]}};
}

Tensor row_scales(const Tensor& weight, const Parameters&) {
  const int64_t depth = weight.shape[1];
  Tensor scales = Tensor::zeros(DType::F32, {weight.shape[0]});
  for (int64_t n = 0; n < scales.size(); ++n)
    scales.f32()[n] = peak_of(weight.f32().data() + n * depth, depth) / Int8Peak;
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
    const float peak = peak_of(row, depth);
    for (int64_t k = 0; k < depth; ++k) {
      q.as<int8_t>()[n * depth + k] = rounded(row[k], peak == 0.0f ? 0.0f : Int8Peak / peak);
    }
  }
  return q;
}

/// A row of weights is of whole groups.
bool has_groups(const TensorType& type, int64_t group) {
  return is_float_matrix(type) && type.shape[1].offset() % group == 0;
}

std::optional<TensorType> row_scales4_type(const TensorType& type, const Parameters&) {
  return row_scales_type(type, {});
}

Tensor row_scales4(const Tensor& weight, const Parameters&) {
  const int64_t depth = weight.shape[1];
  Tensor scales = Tensor::zeros(DType::F32, {weight.shape[0]});
  for (int64_t n = 0; n < scales.size(); ++n)
    scales.f32()[n] = int4_scale(weight.f32().data() + n * depth, depth, DType::F32);
  return scales;
}

std::optional<TensorType> group_scales4_type(const TensorType& type, const Parameters& group) {
  if (!has_groups(type, group[0])) return std::nullopt;
  return TensorType{DType::BF16, {type.shape[0], Extent(type.shape[1].offset() / group[0])}};
}

Tensor group_scales4(const Tensor& weight, const Parameters& group) {
  Tensor scales = Tensor::zeros(DType::BF16, {weight.shape[0], weight.shape[1] / group[0]});
  for (int64_t i = 0; i < scales.size(); ++i)
    scales.as<BFloat16>()[i] =
        BFloat16(int4_scale(weight.f32().data() + i * group[0], group[0], DType::BF16));
  return scales;
}

/// `group` values that follow each other share a scale.
Tensor int4_of(const Tensor& weight, int64_t group, DType scale_type) {
  Tensor q = Tensor::zeros(DType::I4, weight.shape);
  for (int64_t first = 0; first < weight.size(); first += group) {
    const float* values = weight.f32().data() + first;
    const float inverse = inverse_of_scale(int4_scale(values, group, scale_type));
    for (int64_t i = 0; i < group; ++i)
      q.as<Int4>()[first + i] = Int4(rounded(values[i], inverse, Int4Peak));
  }
  return q;
}

std::optional<TensorType> quantised_rows4_type(const TensorType& type, const Parameters&) {
  if (!is_float_matrix(type)) return std::nullopt;
  return TensorType{DType::I4, type.shape};
}

Tensor quantised_rows4(const Tensor& weight, const Parameters&) {
  return int4_of(weight, weight.shape[1], DType::F32);
}

std::optional<TensorType> quantised_groups4_type(const TensorType& type, const Parameters& group) {
  if (!has_groups(type, group[0])) return std::nullopt;
  return TensorType{DType::I4, type.shape};
}

Tensor quantised_groups4(const Tensor& weight, const Parameters& group) {
  return int4_of(weight, group[0], DType::BF16);
}

float as_held(float scale, DType type) {
  return type == DType::BF16 ? static_cast<float>(static_cast<double>(BFloat16(scale))) : scale;
}

}  // namespace

float inverse_of_scale(float scale) {
  const float inverse = 1.0f / scale;
  return std::isfinite(inverse) ? inverse : 0.0f;
}

float int4_scale(const float* weights, int64_t count, DType type) {
  constexpr int Candidates = 32;
  const float largest = peak_of(weights, count) / Int4Peak;
  float best = 0.0f;
  double least = INFINITY;
  for (int i = 0; i < Candidates; ++i) {
    const float share = 1.0f - 0.5f * static_cast<float>(i) / Candidates;
    const float scale = as_held(largest * share, type), inverse = inverse_of_scale(scale);
    if (inverse == 0.0f) break;
    double error = 0;
    for (int64_t k = 0; k < count; ++k) {
      const double off =
          double{weights[k]} - double{scale} * rounded(weights[k], inverse, Int4Peak);
      error += off * off;
    }
    if (!(error < least)) continue;
    least = error;
    best = scale;
  }
  return best;
}

std::vector<TransformRecord> quantised_transforms() {
  const char* matrix = "a matrix of f32";
  const char* groups = "a matrix of f32 whose rows are whole groups";
  return {
      {"group_scales4", "bf16: int4 scale of each group of g values of a row: group_scales4 g", 1,
       groups, group_scales4_type, group_scales4},
      {"quantised_groups4", "int4: each group of g divided by its scale: quantised_groups4 g", 1,
       groups, quantised_groups4_type, quantised_groups4},
      {"quantised_rows", "int8: each row divided by its scale, rounded half away from zero", 0,
       matrix, quantised_rows_type, quantised_rows},
      {"quantised_rows4", "int4: each row divided by its scale, rounded half away from zero", 0,
       matrix, quantised_rows4_type, quantised_rows4},
      {"row_scales", "symmetric scale of each row: largest magnitude / 127; 0 for zeroes", 0,
       matrix, row_scales_type, row_scales},
      {"row_scales4", "symmetric int4 scale of each row, of least square error; 0 for zeroes", 0,
       matrix, row_scales4_type, row_scales4},
  };
}

}  // namespace st
