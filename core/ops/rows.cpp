// SPDX-License-Identifier: Apache-2.0
// LayerNormalization and RMSNormalization over the last dimension, and over each head of it.
#include <cmath>

#include "core/ops/normalise.h"
#include "core/ops/record.h"

namespace st {
namespace {

Result<std::vector<TensorType>> norm_shape(const Graph& graph, const Node& node) {
  const TensorType& x = graph.type(node.inputs[0]);
  const int64_t rank = static_cast<int64_t>(x.shape.size());
  const int64_t axis = node.integer("axis", -1);
  if (x.dtype != DType::F32) return shape_error(graph, node, "the operand must be float32");
  if (rank == 0 || (axis != -1 && axis != rank - 1)) {
    return shape_error(
        graph, node,
        "only normalisation over the last dimension is implemented (axis = -1), not axis " +
            std::to_string(axis));
  }
  if (!x.shape.back().is_constant())
    return shape_error(graph, node, "the last dimension must be constant");
  for (size_t i = 1; i < node.inputs.size(); ++i) {
    if (node.inputs[i] == NoValue) continue;
    const TensorType& p = graph.type(node.inputs[i]);
    if (p.dtype != DType::F32 || p.shape.size() != 1 || p.shape[0] != x.shape.back()) {
      return shape_error(graph, node,
                         "scale and bias must be float32 [" + x.shape.back().text() + "]");
    }
  }
  if (node.outputs.size() > 1)
    return unsupported(node, "the outputs for training (mean, deviation) are not made");
  return std::vector{x};
}

/// (x f32 [.., num_heads * d], scale f32 [d]).
Result<std::vector<TensorType>> head_norm_shape(const Graph& graph, const Node& node) {
  const TensorType &x = graph.type(node.inputs[0]), &scale = graph.type(node.inputs[1]);
  const int64_t width = x.shape.empty() ? 0 : x.shape.back().constant().value_or(0);
  const int64_t heads = node.integer("num_heads", 0);
  if (x.dtype != DType::F32 || scale.dtype != DType::F32 || width < 1 || heads < 1 ||
      width % heads != 0 || scale.shape != std::vector<Extent>{width / heads})
    return shape_error(graph, node, "f32 rows [.., num_heads * d] are scaled by f32 [d]");
  return std::vector{x};
}

/// Normalises each part of a row that is as wide as the scale: x / sqrt(mean of x^2 + epsilon).
Result<std::vector<Tensor>> head_norm_reference(const Node& node,
                                                const std::vector<const Tensor*>& in) {
  const double epsilon = node.real("epsilon", 1e-5f);
  const int64_t width = in[1]->size();
  Tensor y = *in[0];
  for (int64_t first = 0; first < y.size(); first += width) {
    float* row = y.f32().data() + first;
    double square = 0;
    for (int64_t i = 0; i < width; ++i) square += static_cast<double>(row[i]) * row[i];
    const double inverse = 1.0 / std::sqrt(square / static_cast<double>(width) + epsilon);
    for (int64_t i = 0; i < width; ++i)
      row[i] = static_cast<float>(row[i] * inverse * in[1]->f32()[i]);
  }
  return std::vector{std::move(y)};
}

Status lower_norm(Lowering& l, const Node& node) {
  ST_TRY(width, l.row_width(node, node.inputs[0]));
  const StreamType rows = l.row_stream(width);
  const bool centred = node.op == "LayerNormalization";
  std::vector<Port> inputs = {{l.row_tensor(node.inputs[0], width), rows, -1}};
  ST_TRY(scale, l.parameter_row(node, node.inputs[1], width, rows.lanes));
  inputs.push_back(scale);
  if (centred) {
    // The template has a bias; a missing one is a row of zeroes.
    if (node.input(2) != NoValue) {
      ST_TRY(bias, l.parameter_row(node, node.inputs[2], width, rows.lanes));
      inputs.push_back(bias);
    } else {
      const TensorId zero = l.new_tensor(node.name + ".bias", DType::F32, {width});
      l.program().tensors[zero].constant = zeros_constant(DType::F32, {width});
      inputs.push_back({zero, l.repeated_row_stream(width, rows.lanes), -1});
    }
  }
  const Port y{l.row_tensor(node.outputs[0], width), rows, -1};
  Kernel& kernel = l.add_kernel(centred ? "layer_norm" : "rms_norm", node);
  kernel.inputs = std::move(inputs);
  kernel.outputs = {y};
  kernel.sizes = {{"L", rows.lanes}, {"Beats", width / rows.lanes}, {"Repeat0", 1}};
  kernel.reals = {{"epsilon", node.real("epsilon", 1e-5f)}};
  return {};
}

Status lower_head_norm(Lowering& l, const Node& node) {
  ST_TRY(width, l.row_width(node, node.inputs[0]));
  const int64_t heads = node.integer("num_heads", 1), head = width / heads;
  const int lanes = l.lanes(head);
  const StreamType rows = l.row_stream(width, DType::F32, lanes);
  ST_TRY(scale, l.parameter_row(node, node.inputs[1], head, lanes));
  scale.type = {{{lanes}, DType::F32, {l.rows(), heads, head / lanes}, {1, 1, lanes}, {2}}, lanes};
  const Port x{l.row_tensor(node.inputs[0], width), rows, -1};
  const Port y{l.row_tensor(node.outputs[0], width), rows, -1};
  Kernel& kernel = l.add_kernel("rms_norm_heads", node);
  kernel.inputs = {x, scale};
  kernel.outputs = {y};
  kernel.sizes = {{"L", lanes}, {"Beats", head / lanes}, {"Heads", heads}};
  kernel.reals = {{"epsilon", node.real("epsilon", 1e-5f)}};
  return {};
}

}  // namespace

void add_row_ops(std::vector<OpRecord>& records) {
  records.push_back({"LayerNormalization", "", 17,
                     "over the last dimension, with scale and optional bias", 2, 3, norm_shape,
                     layer_norm_reference, lower_norm, "layer_norm"});
  records.push_back({"RMSNormalization", "", 23, "over the last dimension, with scale", 2, 2,
                     norm_shape, rms_norm_reference, lower_norm, "rms_norm"});
  records.push_back({"RMSNormalization", OwnDomain, 1, "of each head, with one scale for all", 2, 2,
                     head_norm_shape, head_norm_reference, lower_head_norm, "rms_norm_heads"});
}

}  // namespace st
