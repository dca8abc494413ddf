// SPDX-License-Identifier: Apache-2.0
// What several constants make: weights of ONNX Runtime's MatMulNBits; words of striped layers.
#include <algorithm>

#include "core/graph/constant.h"
#include "core/graph/stripes.h"

namespace st {
namespace {

using Parameters = std::vector<int64_t>;

/// Sizes of a matrix [n, depth] whose rows are cut in blocks of `size` weights, each in
/// size * bits / 8 bytes, with a scale and a zero point for each block.
struct Blocks {
  int64_t bits, size, depth;

  explicit Blocks(const Parameters& p) : bits(p[0]), size(p[1]), depth(p[2]) {}
  [[nodiscard]] int64_t per_row() const { return (depth + size - 1) / size; }
  [[nodiscard]] int64_t block_bytes() const { return size / (8 / bits); }
  /// Zero points of a row begin with a byte.
  [[nodiscard]] int64_t zero_bytes() const { return (per_row() + 8 / bits - 1) / (8 / bits); }
};

int64_t elements_of(const TensorType& type) {
  std::vector<int64_t> shape;
  for (const Extent& extent : type.shape) shape.push_back(extent.constant().value_or(0));
  return element_count(shape);
}

bool is_float(DType type) {
  return type == DType::F32 || type == DType::F16 || type == DType::BF16;
}

std::optional<TensorType> dequantised_type(const std::vector<TensorType>& operands,
                                           const Parameters& parameters) {
  constexpr int64_t MostDepth = int64_t{1} << 31;
  const Blocks blocks(parameters);
  const TensorType &quantised = operands[0], &scales = operands[1];
  const bool packed = blocks.bits == 2 || blocks.bits == 4 || blocks.bits == 8;
  if (!packed || blocks.size > MostDepth || blocks.depth > MostDepth ||
      blocks.size * blocks.bits % 8 != 0 || quantised.dtype != DType::U8 ||
      quantised.shape.empty() || !is_float(scales.dtype))
    return std::nullopt;
  const int64_t rows = quantised.shape[0].constant().value_or(0);
  if (rows < 1 || rows > MostDepth || blocks.per_row() > MostDepth / blocks.block_bytes() ||
      elements_of(quantised) != element_count({rows, blocks.per_row(), blocks.block_bytes()}) ||
      elements_of(scales) != rows * blocks.per_row())
    return std::nullopt;
  if (operands.size() > 2) {
    const TensorType& zeros = operands[2];
    const bool bytes = zeros.dtype == DType::U8;
    if ((!bytes && !is_float(zeros.dtype)) ||
        elements_of(zeros) != rows * (bytes ? blocks.zero_bytes() : blocks.per_row()))
      return std::nullopt;
  }
  return TensorType{DType::F32, {Extent(rows), Extent(blocks.depth)}};
}

/// Number `i` of those that are packed in bytes, the first in the lowest bits.
int64_t packed_number(const Tensor& bytes, int64_t first, int64_t i, int64_t bits) {
  const int64_t per_byte = 8 / bits;
  return bytes.integer(first + i / per_byte) >> (i % per_byte * bits) & ((1 << bits) - 1);
}

Tensor dequantised(const std::vector<Tensor>& operands, const Parameters& parameters) {
  const Blocks blocks(parameters);
  const Tensor &quantised = operands[0], &scales = operands[1];
  const Tensor* zeros = operands.size() > 2 ? &operands[2] : nullptr;
  const int64_t rows = quantised.shape[0], per_row = blocks.per_row();
  Tensor weights = Tensor::zeros(DType::F32, {rows, blocks.depth});
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t b = 0; b < per_row; ++b) {
      const int64_t block = r * per_row + b;
      auto zero = static_cast<float>(1 << (blocks.bits - 1));
      if (zeros && zeros->dtype() == DType::F32) {
        zero = zeros->f32()[block];
      } else if (zeros) {
        zero = static_cast<float>(packed_number(*zeros, r * blocks.zero_bytes(), b, blocks.bits));
      }
      const int64_t first = b * blocks.size, end = std::min(first + blocks.size, blocks.depth);
      for (int64_t k = first; k < end; ++k) {
        const auto q = static_cast<float>(
            packed_number(quantised, block * blocks.block_bytes(), k - first, blocks.bits));
        weights.f32()[r * blocks.depth + k] = (q - zero) * scales.f32()[block];
      }
    }
  }
  return weights;
}

/// Of matrices with their scales, one after the other: [w, scales, ...] ports rows blocks
/// group_words.
std::optional<StripeLayout> stripes_of(const std::vector<TensorType>& operands,
                                       const Parameters& parameters) {
  constexpr int64_t Most = int64_t{1} << 28;
  if (operands.size() % 2 != 0) return std::nullopt;
  const auto is_matrix = [](const TensorType& type) {
    return type.shape.size() == 2 && type.shape[0].is_constant() && type.shape[1].is_constant();
  };
  const TensorType& first = operands[0];
  if (!is_matrix(first) || !is_matrix(operands[1]) || operands[1].shape[1].offset() < 1 ||
      (first.dtype != DType::I4 && first.dtype != DType::I8) ||
      std::any_of(parameters.begin(), parameters.end(), [](int64_t p) { return p > Most; }))
    return std::nullopt;
  StripeLayout layout;
  layout.ports = parameters[0];
  layout.rows = parameters[1];
  layout.blocks = parameters[2];
  layout.group_words = parameters[3];
  layout.word_rows = first.dtype == DType::I4 ? 2 : 1;
  layout.groups = operands[1].shape[1].offset();
  const int64_t depth = first.shape[1].offset(), group = layout.group_words * StripeColumns;
  int64_t rows = 0;
  for (size_t i = 0; i < operands.size(); i += 2) {
    const TensorType &w = operands[i], &scales = operands[i + 1];
    if (!is_matrix(w) || !is_matrix(scales) || w.dtype != first.dtype ||
        scales.dtype != DType::BF16 || w.shape[1] != first.shape[1] ||
        scales.shape != std::vector<Extent>{w.shape[0], layout.groups})
      return std::nullopt;
    rows += w.shape[0].offset();
  }
  const bool whole = layout.rows % layout.word_rows == 0 && rows <= layout.all_rows() &&
                     layout.groups == (depth + group - 1) / group;
  return whole ? std::optional(layout) : std::nullopt;
}

std::optional<TensorType> stripes_type(const std::vector<TensorType>& operands,
                                       const Parameters& parameters) {
  const auto layout = stripes_of(operands, parameters);
  if (!layout) return std::nullopt;
  return TensorType{DType::I8, {Extent(layout->ports * layout->words()), Extent(StripeColumns)}};
}

Tensor stripes(const std::vector<Tensor>& operands, const Parameters& parameters) {
  std::vector<TensorType> types;
  std::vector<Tensor> weights, scales;
  for (size_t i = 0; i < operands.size(); ++i) {
    types.push_back({operands[i].dtype(), {operands[i].shape.begin(), operands[i].shape.end()}});
    (i % 2 == 0 ? weights : scales).push_back(operands[i]);
  }
  return striped(weights, scales, *stripes_of(types, parameters));
}

}  // namespace

const std::vector<CombinationRecord>& combination_records() {
  static const std::vector<CombinationRecord> records = {
      {"dequantised_blocks",
       "(q - zero) * scale of q in blocks, as MatMulNBits has them: dequantised_blocks [q, scales, "
       "zeros] bits size depth",
       2, 3, 3,
       "u8 [n, blocks, bytes], f32 or f16 scales for as many blocks, and zero points, packed u8 or "
       "f32",
       dequantised_type, dequantised},
      {"stripes",
       "words of linear layers for all memory ports, one port behind the other: stripes [weights, "
       "scales, ...] ports rows blocks group_words",
       2, 16, 4, "i4 or i8 [n, k], and bf16 [n, groups], of layers of one depth", stripes_type,
       stripes},
  };
  return records;
}

const CombinationRecord* find_combination(std::string_view name) {
  for (const CombinationRecord& record : combination_records()) {
    if (record.name == name) return &record;
  }
  return nullptr;
}

}  // namespace st
