// SPDX-License-Identifier: Apache-2.0
// Linear layers of integers: QuantizeRows, MatMulInt8, DequantizeRows (ARCHITECTURE.md,
// "Numerics").
#include <algorithm>
#include <cmath>

#include "core/graph/quantised_value.h"
#include "core/ops/matmul.h"
#include "core/ops/record.h"

namespace st {
namespace {

/// (x f32 [.., d]) -> (q i8 [.., d], scale f32 [..]).
Result<std::vector<TensorType>> quantize_rows_shape(const Graph& graph, const Node& node) {
  TensorType q = graph.type(node.inputs[0]);
  if (q.dtype != DType::F32 || q.shape.empty() || node.outputs.size() != 2 ||
      node.outputs[1] == NoValue)
    return shape_error(graph, node, "f32 rows are quantised to i8 rows and scales");
  TensorType scale = q;
  q.dtype = DType::I8;
  scale.shape.pop_back();
  return std::vector{q, scale};
}

Result<std::vector<Tensor>> quantize_rows_reference(const Node&,
                                                    const std::vector<const Tensor*>& in) {
  const int64_t width = in[0]->shape.back();
  std::vector<int64_t> outer(in[0]->shape.begin(), in[0]->shape.end() - 1);
  Tensor q = Tensor::zeros(DType::I8, in[0]->shape), scale = Tensor::zeros(DType::F32, outer);
  for (int64_t r = 0; r < scale.size(); ++r) {
    const float* row = in[0]->f32().data() + r * width;
    const float peak = peak_of(row, width);
    scale.f32()[r] = peak / 127.0f;
    for (int64_t i = 0; i < width; ++i) {
      q.as<int8_t>()[r * width + i] = rounded(row[i], peak == 0.0f ? 0.0f : 127.0f / peak);
    }
  }
  return std::vector{std::move(q), std::move(scale)};
}

Status lower_quantize_rows(Lowering& l, const Node& node) {
  ST_TRY(width, l.row_width(node, node.inputs[0]));
  const StreamType rows = l.row_stream(width);
  const Port x{l.row_tensor(node.inputs[0], width), rows, -1};
  const Port q{l.row_tensor(node.outputs[0], width, DType::I8), l.row_stream(width, DType::I8), -1};
  const Port scale{l.tensor(node.outputs[1], DType::F32, {Extent::symbol(Sequence)}),
                   l.per_row_stream(DType::F32), -1};
  Kernel& kernel = l.add_kernel("quantize_rows", node);
  kernel.inputs = {x};
  kernel.outputs = {q, scale};
  kernel.sizes = {{"L", rows.lanes}, {"Beats", width / rows.lanes}, {"Repeat0", 1}};
  return {};
}

/// (x i8 [.., k], w i8 or i4 [n, k]) -> i32 [.., n].
Result<std::vector<TensorType>> int8_matmul_shape(const Graph& graph, const Node& node) {
  TensorType y = graph.type(node.inputs[0]);
  const TensorType& w = graph.type(node.inputs[1]);
  const bool integers = w.dtype == DType::I8 || w.dtype == DType::I4;
  if (y.dtype != DType::I8 || !integers || y.shape.empty() || w.shape.size() != 2 ||
      y.shape.back() != w.shape[1] || !graph.values[node.inputs[1]].constant)
    return shape_error(graph, node, "i8 rows [.., k] are multiplied by a constant i8 or i4 [n, k]");
  y.dtype = DType::I32;
  y.shape.back() = w.shape[0];
  return std::vector{y};
}

template <typename W>
Tensor product(const std::vector<const Tensor*>& in) {
  const int64_t width = in[1]->shape[0], depth = in[1]->shape[1];
  std::vector<int64_t> shape = in[0]->shape;
  shape.back() = width;
  Tensor y = Tensor::zeros(DType::I32, shape);
  for (int64_t i = 0; i < y.size(); ++i) {
    const int8_t* x = in[0]->as<int8_t>().data() + (i / width) * depth;
    const W* w = in[1]->as<W>().data() + (i % width) * depth;
    int32_t sum = 0;
    for (int64_t k = 0; k < depth; ++k) sum += int32_t{x[k]} * int{w[k]};
    y.as<int32_t>()[i] = sum;
  }
  return y;
}

Result<std::vector<Tensor>> int8_matmul_reference(const Node&,
                                                  const std::vector<const Tensor*>& in) {
  return std::vector{in[1]->dtype() == DType::I4 ? product<Int4>(in) : product<int8_t>(in)};
}

Status lower_int8_matmul(Lowering& l, const Node& node) {
  ST_TRY(depth, l.row_width(node, node.inputs[0]));
  const TensorType& weights = l.graph().type(node.inputs[1]);
  const int64_t width = l.padded(weights.shape[0].offset());
  return add_matmul_kernel(l, node, {-1, "", depth, width, weights.dtype},
                           std::string(name_of(weights.dtype)), {});
}

/// (sums i32 [.., n], row scale f32 [..], channel scale f32 [n]) -> f32 [.., n].
Result<std::vector<TensorType>> dequantize_rows_shape(const Graph& graph, const Node& node) {
  TensorType y = graph.type(node.inputs[0]);
  const TensorType& row = graph.type(node.inputs[1]);
  const TensorType& channel = graph.type(node.inputs[2]);
  if (y.dtype != DType::I32 || y.shape.empty() || row.dtype != DType::F32 ||
      row.shape != std::vector<Extent>(y.shape.begin(), y.shape.end() - 1) ||
      channel.dtype != DType::F32 || channel.shape != std::vector{y.shape.back()})
    return shape_error(graph, node, "i32 sums [.., n] are scaled by f32 [..] and f32 [n]");
  y.dtype = DType::F32;
  return std::vector{y};
}

Result<std::vector<Tensor>> dequantize_rows_reference(const Node&,
                                                      const std::vector<const Tensor*>& in) {
  const int64_t width = in[2]->size();
  Tensor y = Tensor::zeros(DType::F32, in[0]->shape);
  for (int64_t i = 0; i < y.size(); ++i) {
    y.f32()[i] = static_cast<float>(in[0]->as<int32_t>()[i]) *
                 (in[1]->f32()[i / width] * in[2]->f32()[i % width]);
  }
  return std::vector{std::move(y)};
}

Status lower_dequantize_rows(Lowering& l, const Node& node) {
  ST_TRY(width, l.row_width(node, node.inputs[0]));
  const StreamType rows = l.row_stream(width);
  const Port sums{l.row_tensor(node.inputs[0], width, DType::I32), l.row_stream(width, DType::I32),
                  -1};
  const Port scale{l.tensor(node.inputs[1], DType::F32, {Extent::symbol(Sequence)}),
                   l.per_row_stream(DType::F32), -1};
  ST_TRY(channel_scale, l.parameter_row(node, node.inputs[2], width, rows.lanes));
  const Port y{l.row_tensor(node.outputs[0], width), rows, -1};
  Kernel& kernel = l.add_kernel("dequantize_rows", node);
  kernel.inputs = {sums, scale, channel_scale};
  kernel.outputs = {y};
  kernel.sizes = {{"L", rows.lanes}, {"Beats", width / rows.lanes}};
  return {};
}

}  // namespace

void add_quantised_ops(std::vector<OpRecord>& records) {
  records.push_back({"QuantizeRows", OwnDomain, 1, "f32 rows to i8 with one dynamic scale each", 1,
                     1, quantize_rows_shape, quantize_rows_reference, lower_quantize_rows,
                     "quantize_rows", true});
  records.push_back({"MatMulInt8", OwnDomain, 1, "i8 rows times i8 or i4 [n, k] into i32", 2, 2,
                     int8_matmul_shape, int8_matmul_reference, lower_int8_matmul, "matmul", true});
  records.push_back({"DequantizeRows", OwnDomain, 1, "i32 sums to f32 by row and channel scale", 3,
                     3, dequantize_rows_shape, dequantize_rows_reference, lower_dequantize_rows,
                     "dequantize_rows", true});
}

}  // namespace st
