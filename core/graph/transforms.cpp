// SPDX-License-Identifier: Apache-2.0
// What may be done to constants before they are packed.
#include <algorithm>
#include <cmath>

#include "core/graph/constant.h"
#include "core/graph/quantised_transforms.h"
#include "core/support/wide_loops.h"

namespace st {
namespace {

using Parameters = std::vector<int64_t>;

bool is_matrix(const TensorType& type) {
  return type.shape.size() == 2 && type.shape[0].is_constant() && type.shape[1].is_constant();
}

std::optional<TensorType> transposed_type(const TensorType& type, const Parameters&) {
  if (!is_matrix(type)) return std::nullopt;
  return TensorType{type.dtype, {type.shape[1], type.shape[0]}};
}

Tensor transposed(const Tensor& m, const Parameters&) {
  const int64_t rows = m.shape[0], columns = m.shape[1];
  Tensor t = Tensor::zeros(m.dtype(), {columns, rows});
  if (m.dtype() == DType::F32) {
    wide::transpose(m.f32().data(), rows, columns, t.f32().data());
    return t;
  }
  std::visit(
      [&](auto& to) {
        const auto& from = std::get<std::decay_t<decltype(to)>>(m.data);
        for (int64_t r = 0; r < rows; ++r) {
          for (int64_t c = 0; c < columns; ++c) to[c * rows + r] = from[r * columns + c];
        }
      },
      t.data);
  return t;
}

Result<Tensor> transposed_block(const Operand& operand, const Parameters&, const Block& block) {
  ST_TRY(part, operand.load(block.transposed()));
  return transposed(part, {});
}

/// Groups of rows, the number of hands, and which hand this is, from 1 on.
std::optional<TensorType> dealt_type(const TensorType& type, const Parameters& deal) {
  const int64_t hands = deal[1];
  if (!is_matrix(type) || deal[2] > hands || deal[0] > (int64_t{1} << 30) / hands ||
      type.shape[0].offset() % (deal[0] * hands) != 0)
    return std::nullopt;
  return TensorType{type.dtype, {Extent(type.shape[0].offset() / hands), type.shape[1]}};
}

Tensor dealt(const Tensor& m, const Parameters& deal) {
  const int64_t group = deal[0], hands = deal[1], hand = deal[2] - 1, columns = m.shape[1];
  Tensor part = Tensor::zeros(m.dtype(), {m.shape[0] / hands, columns});
  auto move = [&](auto& to, const auto& from) {
    for (int64_t r = 0; r < part.shape[0]; ++r) {
      const int64_t source = (r / group * hands + hand) * group + r % group;
      std::copy_n(from.begin() + source * columns, columns, to.begin() + r * columns);
    }
  };
  std::visit([&](auto& to) { move(to, std::get<std::decay_t<decltype(to)>>(m.data)); }, part.data);
  return part;
}

/// Rows of a hand that follow each other, to the end of their group, are so in the matrix.
Result<Tensor> dealt_block(const Operand& operand, const Parameters& deal, const Block& block) {
  const int64_t group = deal[0], hands = deal[1], hand = deal[2] - 1;
  std::vector<Tensor> parts;
  int64_t rows = 0, columns = 0;
  while (rows < block.rows) {
    const int64_t row = block.row + rows;
    const int64_t count = std::min(block.rows - rows, group - row % group);
    const int64_t source = (row / group * hands + hand) * group + row % group;
    ST_TRY(part, operand.load({source, count, block.column, block.columns}));
    const int64_t there = part.shape[0];
    columns = part.shape[1];
    rows += there;
    parts.push_back(std::move(part));
    if (there < count) break;
  }
  Tensor result = Tensor::zeros(parts.front().dtype(), {rows, columns});
  std::visit(
      [&](auto& to) {
        auto at = to.begin();
        for (const Tensor& part : parts) {
          const auto& from = std::get<std::decay_t<decltype(to)>>(part.data);
          at = std::copy(from.begin(), from.end(), at);
        }
      },
      result.data);
  return result;
}

std::optional<TensorType> row_type(const TensorType& type, const Parameters& width) {
  std::vector<int64_t> shape;
  for (const Extent& extent : type.shape) shape.push_back(extent.constant().value_or(0));
  const int64_t size = element_count(shape);
  if (type.dtype != DType::F32 || !(size == 1 || size == width[0])) return std::nullopt;
  return TensorType{DType::F32, {Extent(width[0])}};
}

Tensor row(const Tensor& values, const Parameters& width) {
  Tensor repeated = Tensor::zeros(DType::F32, {width[0]});
  for (int64_t i = 0; i < width[0]; ++i)
    repeated.f32()[i] = values.f32()[values.size() == 1 ? 0 : i];
  return repeated;
}

/// Up to as much again: nobody pads more.
bool pads(int64_t to, const Extent& from) {
  return from.is_constant() && to >= from.offset() && to - from.offset() <= from.offset();
}

std::optional<TensorType> padded_row_type(const TensorType& type, const Parameters& width) {
  if (type.shape.size() != 1 || !pads(width[0], type.shape[0])) return std::nullopt;
  return TensorType{type.dtype, {Extent(width[0])}};
}

std::optional<TensorType> padded_matrix_type(const TensorType& type, const Parameters& shape) {
  if (!is_matrix(type) || !pads(shape[0], type.shape[0]) || !pads(shape[1], type.shape[1]))
    return std::nullopt;
  return TensorType{type.dtype, {Extent(shape[0]), Extent(shape[1])}};
}

/// Rows and columns of zeroes behind those that there are.
Tensor padded(const Tensor& values, const Parameters& shape) {
  const int64_t columns = values.shape.back(), rows = values.size() / columns;
  Tensor wider = Tensor::zeros(values.dtype(), shape);
  std::visit(
      [&](auto& to) {
        const auto& from = std::get<std::decay_t<decltype(to)>>(values.data);
        for (int64_t r = 0; r < rows; ++r)
          std::copy_n(from.begin() + r * columns, columns, to.begin() + r * shape.back());
      },
      wider.data);
  return wider;
}

std::optional<TensorType> part_type(const TensorType& type, const Parameters& which) {
  if (!is_matrix(type) || type.shape[0].offset() % which[0] != 0 ||
      which[1] > type.shape[0].offset() / which[0])
    return std::nullopt;
  return TensorType{type.dtype, {Extent(which[0]), type.shape[1]}};
}

Tensor part(const Tensor& m, const Parameters& which) {
  return copied_block(m, {(which[1] - 1) * which[0], which[0], 0, Block::All});
}

Result<Tensor> part_block(const Operand& operand, const Parameters& which, const Block& block) {
  const Block in = block.within(which[0], Block::All);
  return operand.load({(which[1] - 1) * which[0] + in.row, in.rows, block.column, block.columns});
}

Result<Tensor> padded_block(const Operand& operand, const Parameters& shape, const Block& block) {
  const Block part = block.within(shape[0], shape[1]);
  ST_TRY(values, operand.load(part));
  if (values.shape[0] == part.rows && values.shape[1] == part.columns) return std::move(values);
  if (values.size() == 0) return Tensor::zeros(values.dtype(), {part.rows, part.columns});
  return padded(values, {part.rows, part.columns});
}

std::optional<TensorType> first_columns_type(const TensorType& type, const Parameters& count) {
  if (!is_matrix(type) || count[0] > type.shape[1].offset()) return std::nullopt;
  return TensorType{type.dtype, {type.shape[0], Extent(count[0])}};
}

Tensor first_columns(const Tensor& m, const Parameters& count) {
  return block_of(m, {0, Block::All, 0, count[0]});
}

/// A row for each position, from frequencies of any shape.
std::optional<TensorType> angles_type(const TensorType& type, const Parameters& rows) {
  constexpr int64_t MostRows = int64_t{1} << 24;
  std::vector<int64_t> shape;
  for (const Extent& extent : type.shape) shape.push_back(extent.constant().value_or(0));
  const int64_t count = element_count(shape);
  if (type.dtype != DType::F32 || count < 1 || rows[0] > MostRows ||
      count > (int64_t{1} << 40) / MostRows)
    return std::nullopt;
  return TensorType{DType::F32, {Extent(rows[0]), Extent(count)}};
}

template <double (*function)(double)>
Tensor of_angles(const Tensor& frequencies, const Parameters& rows) {
  const int64_t count = frequencies.size();
  Tensor table = Tensor::zeros(DType::F32, {rows[0], count});
  for (int64_t at = 0; at < table.size(); ++at) {
    // Models round the angle to float32, and compute its cosine from that.
    const int64_t position = at / count;
    const float angle = static_cast<float>(position) * frequencies.f32()[at % count];
    table.f32()[at] = static_cast<float>(function(static_cast<double>(angle)));
  }
  return table;
}

/// All records by name.
std::vector<TransformRecord> with_quantised(std::vector<TransformRecord> records) {
  for (TransformRecord& record : quantised_transforms()) records.push_back(std::move(record));
  std::sort(records.begin(), records.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return records;
}

}  // namespace

const std::vector<TransformRecord>& transform_records() {
  static const std::vector<TransformRecord> records = with_quantised({
      {"columns", "its first n columns", 1, "a matrix of at least as many columns",
       first_columns_type, first_columns, nullptr},
      {"cosines", "cosines of positions times frequencies, for that many positions", 1,
       "frequencies of f32", angles_type, of_angles<std::cos>, nullptr},
      {"dealt", "every n-th group of g rows, from group i on: dealt g n i", 3,
       "a matrix with that many groups of rows", dealt_type, dealt, dealt_block},
      {"padded_matrix", "zeroes behind its rows and columns: padded_matrix rows columns", 2,
       "a matrix of up to that many rows and columns, and at least half as many",
       padded_matrix_type, padded, padded_block},
      {"padded_row", "zeroes behind it, up to that width", 1,
       "a row of up to as many elements, and at least half as many", padded_row_type, padded,
       nullptr},
      {"part", "the i-th n rows: part n i", 2, "a matrix of whole parts of n rows", part_type, part,
       part_block},
      {"row", "a row of that width, from as many elements in any shape, or from one", 1,
       "as many elements of f32 as it makes, or one", row_type, row, nullptr},
      {"sines", "sines of positions times frequencies, for that many positions", 1,
       "frequencies of f32", angles_type, of_angles<std::sin>, nullptr},
      {"transpose", "rows become columns", 0, "a matrix", transposed_type, transposed,
       transposed_block},
  });
  return records;
}

const TransformRecord* find_transform(std::string_view name) {
  const auto& records = transform_records();
  const auto found = std::lower_bound(
      records.begin(), records.end(), name,
      [](const TransformRecord& record, std::string_view n) { return record.name < n; });
  return found != records.end() && found->name == name ? &*found : nullptr;
}

}  // namespace st
