// SPDX-License-Identifier: Apache-2.0
// Linear layers whose weights have a scale for every group of a row: MatMulGroups, ScaleRows
// (ARCHITECTURE.md, "Numerics").
#include "core/ops/matmul.h"
#include "core/ops/record.h"

namespace st {
namespace {

/// (x i8 [.., k], w i4 [n, k], scales [n, groups]) -> f32 [.., n].
Result<std::vector<TensorType>> grouped_matmul_shape(const Graph& graph, const Node& node) {
  TensorType y = graph.type(node.inputs[0]);
  const TensorType &w = graph.type(node.inputs[1]), &scales = graph.type(node.inputs[2]);
  const bool constants =
      graph.values[node.inputs[1]].constant && graph.values[node.inputs[2]].constant;
  const bool types = y.dtype == DType::I8 && w.dtype == DType::I4 && scales.dtype == GroupScaleType;
  if (!constants || !types || y.shape.empty() || w.shape.size() != 2 || scales.shape.size() != 2 ||
      y.shape.back() != w.shape[1] || scales.shape[0] != w.shape[0] ||
      scales.shape[1].offset() < 1 || w.shape[1].offset() % scales.shape[1].offset() != 0)
    return shape_error(graph, node,
                       "i8 rows [.., k] are multiplied by a constant i4 [n, k] with bf16 scales "
                       "[n, groups] of as many weights each");
  y.dtype = DType::F32;
  y.shape.back() = w.shape[0];
  return std::vector{y};
}

/// Sums of a group are integers; groups are added in their order, each step rounded to float32 as
/// the kernel does it.
Result<std::vector<Tensor>> grouped_matmul_reference(const Node&,
                                                     const std::vector<const Tensor*>& in) {
  const int64_t width = in[1]->shape[0], depth = in[1]->shape[1], groups = in[2]->shape[1];
  const int64_t group = depth / groups;
  std::vector<int64_t> shape = in[0]->shape;
  shape.back() = width;
  Tensor y = Tensor::zeros(DType::F32, shape);
  for (int64_t i = 0; i < y.size(); ++i) {
    const int8_t* x = in[0]->as<int8_t>().data() + (i / width) * depth;
    const Int4* w = in[1]->as<Int4>().data() + (i % width) * depth;
    const BFloat16* scales = in[2]->as<BFloat16>().data() + (i % width) * groups;
    float total = 0.0f;
    for (int64_t g = 0; g < groups; ++g) {
      int32_t sum = 0;
      for (int64_t k = g * group; k < (g + 1) * group; ++k) sum += int32_t{x[k]} * int{w[k]};
      const auto scale = static_cast<float>(static_cast<double>(scales[g]));
      total = total + static_cast<float>(sum) * scale;
    }
    y.f32()[i] = total;
  }
  return std::vector{std::move(y)};
}

Status lower_grouped_matmul(Lowering& l, const Node& node) {
  ST_TRY(depth, l.row_width(node, node.inputs[0]));
  const auto& scales = l.graph().type(node.inputs[2]).shape;
  const auto& weights = l.graph().type(node.inputs[1]).shape;
  // A depth that a group divides is carried as it is.
  const int64_t group = weights[1].offset() / scales[1].offset();
  return add_matmul_kernel(
      l, node, {-1, "", depth, l.padded(weights[0].offset()), DType::I4, group}, "i4", {});
}

/// (x f32 [.., n], row scale f32 [..]) -> f32 [.., n].
Result<std::vector<TensorType>> scale_shape(const Graph& graph, const Node& node) {
  const TensorType &x = graph.type(node.inputs[0]), &row = graph.type(node.inputs[1]);
  if (x.dtype != DType::F32 || x.shape.empty() || row.dtype != DType::F32 ||
      row.shape != std::vector<Extent>(x.shape.begin(), x.shape.end() - 1))
    return shape_error(graph, node, "f32 rows [.., n] are scaled by f32 [..]");
  return std::vector{x};
}

Result<std::vector<Tensor>> scale_reference(const Node&, const std::vector<const Tensor*>& in) {
  const int64_t width = in[0]->shape.back();
  Tensor y = *in[0];
  for (int64_t i = 0; i < y.size(); ++i) y.f32()[i] *= in[1]->f32()[i / width];
  return std::vector{std::move(y)};
}

Status lower_scale(Lowering& l, const Node& node) {
  ST_TRY(width, l.row_width(node, node.inputs[0]));
  const StreamType rows = l.row_stream(width);
  const Port x{l.row_tensor(node.inputs[0], width), rows, -1};
  const Port scale{l.tensor(node.inputs[1], DType::F32, {Extent::symbol(Sequence)}),
                   l.per_row_stream(DType::F32), -1};
  const Port y{l.row_tensor(node.outputs[0], width), rows, -1};
  Kernel& kernel = l.add_kernel("scale_rows", node);
  kernel.inputs = {x, scale};
  kernel.outputs = {y};
  kernel.sizes = {{"L", rows.lanes}, {"Beats", width / rows.lanes}};
  return {};
}

}  // namespace

void add_grouped_ops(std::vector<OpRecord>& records) {
  records.push_back({"MatMulGroups", OwnDomain, 1,
                     "i8 rows times i4 [n, k] with a scale for each group of a row, into f32", 3, 3,
                     grouped_matmul_shape, grouped_matmul_reference, lower_grouped_matmul,
                     "matmul_groups", true});
  records.push_back({"ScaleRows", OwnDomain, 1, "f32 rows, each times its scale", 2, 2, scale_shape,
                     scale_reference, lower_scale, "scale_rows", true});
}

}  // namespace st
