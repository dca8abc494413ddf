// SPDX-License-Identifier: Apache-2.0
// MatMul of an activation with a constant matrix: a linear layer.
#include "core/ops/matmul.h"

#include "core/ops/product_ops.h"
#include "core/ops/record.h"

namespace st {
namespace {

Result<std::vector<TensorType>> matmul_shape(const Graph& graph, const Node& node) {
  const TensorType& a = graph.type(node.inputs[0]);
  const TensorType& b = graph.type(node.inputs[1]);
  if (a.dtype != DType::F32 || b.dtype != DType::F32)
    return shape_error(graph, node, "the operands must be float32");
  if (a.shape.size() < 2 || b.shape.size() != 2) {
    return shape_error(graph, node, "only [.., m, k] times [k, n] is implemented");
  }
  if (a.shape.back() != b.shape[0]) return shape_error(graph, node, "the inner dimensions differ");
  TensorType y = a;
  y.shape.back() = b.shape[1];
  return std::vector{y};
}

Status lower_matmul(Lowering& l, const Node& node) {
  const Value& w = l.graph().values[node.inputs[1]];
  if (!w.constant)
    return unsupported(node, "operand '" + printable(w.name) + "' must be a constant matrix",
                       "use Attention for products of activations");
  ST_TRY(depth, l.row_width(node, node.inputs[0]));
  const int64_t width = l.padded(w.type->shape[1].offset());
  return add_matmul_kernel(l, node, {-1, "", depth, width, DType::F32}, "transposed",
                           {{"transpose", {}}});
}

}  // namespace

Status add_matmul_kernel(Lowering& l, const Node& node, const LinearLayer& layer,
                         const std::string& role, std::vector<Lowering::Step> steps) {
  ST_TRY(shape, tiled_matmul(layer, l.tiling_of(node), l.tiling().lanes()));
  const DType in_type = rows_for(layer.dtype);
  const DType out_type = layer.group > 0 ? DType::F32 : sums_of(layer.dtype);
  const TensorId x = l.row_tensor(node.inputs[0], layer.depth, in_type);
  const TensorId y = l.row_tensor(node.outputs[0], layer.width, out_type);
  const int64_t elements = element_count({layer.width, layer.depth});
  const auto& own = l.graph().type(node.inputs[1]).shape;
  if (own[0].offset() * own[1].offset() != elements)
    steps.push_back({"padded_matrix", {layer.width, layer.depth}});
  // A weight stream carries every streams-th group of rows.
  std::vector<TensorId> weights;
  for (int64_t s = 0; s < shape.streams; ++s) {
    std::vector<Lowering::Step> part = steps;
    if (shape.streams > 1) part.push_back({"dealt", {shape.rows, shape.streams, s + 1}});
    weights.push_back(l.parameter(node.inputs[1],
                                  shape.streams > 1 ? role + " part " + std::to_string(s) : role,
                                  layer.dtype, {layer.width / shape.streams, layer.depth}, part));
  }
  Kernel& kernel = l.add_kernel(layer.x_scales    ? "matmul_scaled_groups"
                                : layer.group > 0 ? "matmul_groups"
                                                  : "matmul",
                                node);
  kernel.inputs = {{x, shape.x_type(l.rows(), in_type), -1}};
  if (layer.x_scales)
    kernel.inputs.push_back(
        {l.row_tensor(node.inputs[3], shape.groups()), shape.x_scale_type(l.rows()), -1});
  if (layer.group > 0) {
    const std::vector<int64_t> scales = {layer.width, shape.groups()};
    const auto& there = l.graph().type(node.inputs[2]).shape;
    std::vector<Lowering::Step> padding;
    if (there != std::vector<Extent>(scales.begin(), scales.end()))
      padding.push_back({"padded_matrix", scales});
    kernel.inputs.push_back({l.parameter(node.inputs[2], "scales", GroupScaleType, scales, padding),
                             shape.scale_type(l.rows()), -1});
  }
  for (TensorId weight : weights)
    kernel.inputs.push_back({weight, shape.weight_type(l.rows(), layer.dtype), -1});
  kernel.outputs = {{y, shape.y_type(l.rows(), out_type), -1}};
  kernel.sizes = shape.sizes();
  return {};
}

void add_matmul_ops(std::vector<OpRecord>& records) {
  records.push_back({"MatMul", "", 1, "activation [.., m, k] times constant [k, n]", 2, 2,
                     matmul_shape, matmul_reference, lower_matmul, "matmul", true});
}

}  // namespace st
