// SPDX-License-Identifier: Apache-2.0
// Gather of table rows, Split and Concat of rows, Identity, and Transpose of constants.
#include <algorithm>
#include <numeric>

#include "core/ops/move_ops.h"
#include "core/ops/record.h"
#include "core/ops/shape_ops.h"

namespace st {
namespace {

Result<std::vector<TensorType>> gather_shape(const Graph& graph, const Node& node) {
  const TensorType& data = graph.type(node.inputs[0]);
  const TensorType& indices = graph.type(node.inputs[1]);
  if (node.integer("axis", 0) != 0 || data.shape.size() != 2) {
    return shape_error(graph, node, "only rows of a matrix are gathered (axis 0, rank 2)");
  }
  if (data.dtype != DType::F32) return shape_error(graph, node, "the table must be float32");
  if (indices.dtype != DType::I64 && indices.dtype != DType::I32) {
    return shape_error(graph, node, "the indices must be integers");
  }
  TensorType y{data.dtype, indices.shape};
  y.shape.push_back(data.shape[1]);
  return std::vector{y};
}

Status lower_gather(Lowering& l, const Node& node) {
  const Value& table = l.graph().values[node.inputs[0]];
  const Value& ids = l.graph().values[node.inputs[1]];
  if (!table.constant) return unsupported(node, "the table must be a constant");
  if (std::find(l.graph().inputs.begin(), l.graph().inputs.end(), node.inputs[1]) ==
      l.graph().inputs.end()) {
    return unsupported(node, "the indices '" + printable(ids.name) + "' must be a graph input");
  }
  ST_TRY(width, l.row_width(node, node.outputs[0]));
  const int64_t rows = table.type->shape[0].offset();
  const StreamType stream = l.row_stream(width);
  const Port index{l.tensor(node.inputs[1], DType::I32, {Extent::symbol(Sequence)}),
                   l.per_row_stream(DType::I32), -1};
  const Port y{l.row_tensor(node.outputs[0], width), stream, -1};
  Memory memory;
  memory.name = table.name;
  memory.role = MemoryRole::Table;
  memory.tensor = l.parameter(node.inputs[0], "table", DType::F32, {rows, width});
  memory.lanes = stream.lanes;
  memory.beats = width / stream.lanes;
  memory.rows = rows;
  memory.copies = table.constant->layers();
  const MemoryId id = l.add_memory(memory);
  Kernel& kernel = l.add_kernel("gather_rows", node);
  kernel.inputs = {index};
  kernel.outputs = {y};
  kernel.memories = {id};
  kernel.sizes = {{"L", stream.lanes}, {"Beats", width / stream.lanes}};
  return {};
}

/// Widths of the parts: from input or attribute `split`, or equal ones (the last may be smaller, as
/// ONNX says).
std::vector<int64_t> parts_of(const Node& node, int64_t width) {
  std::vector<int64_t> parts = node.integers("split");
  if (parts.empty()) {
    const int64_t count = static_cast<int64_t>(node.outputs.size());
    const int64_t part = (width + count - 1) / count;
    for (int64_t i = 0; i < count; ++i) parts.push_back(std::min(part, width - i * part));
  }
  return parts;
}

Result<std::vector<TensorType>> split_shape(const Graph& graph, const Node& node) {
  const TensorType& x = graph.type(node.inputs[0]);
  const int64_t rank = static_cast<int64_t>(x.shape.size());
  const int64_t axis = node.integer("axis", 0);
  if (x.dtype != DType::F32) return shape_error(graph, node, "the operand must be float32");
  if (rank == 0 || (axis != -1 && axis != rank - 1) || !x.shape.back().is_constant()) {
    return shape_error(
        graph, node,
        "only the last dimension is split (axis = -1), not axis " + std::to_string(axis));
  }
  if (node.input(1) != NoValue)
    return unsupported(node, "give the sizes by num_outputs, not as an input");
  const std::vector<int64_t> parts = parts_of(node, x.shape.back().offset());
  const bool positive = std::all_of(parts.begin(), parts.end(), [](int64_t p) { return p > 0; });
  if (parts.size() != node.outputs.size() || !positive ||
      std::accumulate(parts.begin(), parts.end(), int64_t{0}) != x.shape.back().offset()) {
    return shape_error(graph, node,
                       "the parts do not add up to the dimension of " + x.shape.back().text());
  }
  std::vector<TensorType> outputs(parts.size(), x);
  for (size_t i = 0; i < parts.size(); ++i) outputs[i].shape.back() = Extent(parts[i]);
  return outputs;
}

Status lower_split(Lowering& l, const Node& node) {
  ST_TRY(width, l.row_width(node, node.inputs[0]));
  const std::vector<int64_t> parts = parts_of(node, width);
  const int64_t common =
      std::accumulate(parts.begin(), parts.end(), int64_t{0}, std::gcd<int64_t, int64_t>);
  const int lanes = l.lanes(common);
  const Port x{l.row_tensor(node.inputs[0], width), l.row_stream(width, DType::F32, lanes), -1};
  std::vector<Port> outputs;
  for (size_t i = 0; i < parts.size(); ++i) {
    outputs.push_back(
        {l.row_tensor(node.outputs[i], parts[i]), l.row_stream(parts[i], DType::F32, lanes), -1});
  }
  Kernel& kernel = l.add_kernel("split", node);
  kernel.inputs = {x};
  kernel.outputs = std::move(outputs);
  kernel.sizes = {{"L", lanes}};
  for (size_t i = 0; i < parts.size(); ++i)
    kernel.sizes["Part" + std::to_string(i)] = parts[i] / lanes;
  return {};
}

/// ONNX sets no limit; each operand is an argument of the kernel.
constexpr int MostOperands = 64;

/// The dimension that `axis` of a Concat names, for operands of `rank` dimensions; -1 if none.
int64_t joined_dimension(const Node& node, int64_t rank) {
  const int64_t axis = node.integer("axis", rank);  // the attribute has no default
  if (axis < -rank || axis >= rank) return -1;
  return axis < 0 ? axis + rank : axis;
}

Result<std::vector<TensorType>> concat_shape(const Graph& graph, const Node& node) {
  if (std::find(node.inputs.begin(), node.inputs.end(), NoValue) != node.inputs.end())
    return shape_error(graph, node, "no operand may be left out");
  TensorType y = graph.type(node.inputs[0]);
  const int64_t axis = joined_dimension(node, static_cast<int64_t>(y.shape.size()));
  if (axis < 0) return shape_error(graph, node, "axis must name a dimension of the operands");
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    TensorType x = graph.type(node.inputs[i]);
    if (x.dtype != DType::F32) return shape_error(graph, node, "the operands must be float32");
    if (x.shape.size() != y.shape.size())
      return shape_error(graph, node, "the operands must have the same rank");
    if (i == 0) continue;
    y.shape[axis] = y.shape[axis] + x.shape[axis];
    x.shape[axis] = y.shape[axis];
    if (x.shape != y.shape) {
      return shape_error(
          graph, node,
          "the operands may differ in dimension " + std::to_string(axis) + " only (axis)");
    }
  }
  return std::vector{y};
}

Status lower_concat(Lowering& l, const Node& node) {
  const int64_t rank = static_cast<int64_t>(l.graph().type(node.outputs[0]).shape.size());
  if (joined_dimension(node, rank) != rank - 1) {
    return unsupported(node,
                       "only the last dimension of activations is joined (axis = -1), not axis " +
                           std::to_string(node.integer("axis", 0)));
  }
  std::vector<int64_t> parts;
  for (const ValueId operand : node.inputs) {
    ST_TRY(width, l.row_width(node, operand));
    parts.push_back(width);
  }
  const int lanes =
      l.lanes(std::accumulate(parts.begin(), parts.end(), int64_t{0}, std::gcd<int64_t, int64_t>));
  const int64_t sum = std::accumulate(parts.begin(), parts.end(), int64_t{0});
  std::vector<Port> inputs;
  for (size_t i = 0; i < parts.size(); ++i) {
    inputs.push_back(
        {l.row_tensor(node.inputs[i], parts[i]), l.row_stream(parts[i], DType::F32, lanes), -1});
  }
  const Port y{l.row_tensor(node.outputs[0], sum), l.row_stream(sum, DType::F32, lanes), -1};
  Kernel& kernel = l.add_kernel("concat", node);
  kernel.inputs = std::move(inputs);
  kernel.outputs = {y};
  kernel.sizes = {{"L", lanes}};
  for (size_t i = 0; i < parts.size(); ++i)
    kernel.sizes["Part" + std::to_string(i)] = parts[i] / lanes;
  return {};
}

Result<std::vector<TensorType>> transpose_shape(const Graph& graph, const Node& node) {
  TensorType y = graph.type(node.inputs[0]);
  const std::vector<int64_t> permutation = node.integers("perm");
  if (y.dtype != DType::F32) return shape_error(graph, node, "the operand must be float32");
  if (y.shape.size() != 2 || (!permutation.empty() && permutation != std::vector<int64_t>{1, 0})) {
    return shape_error(graph, node, "only matrices are transposed (perm = [1, 0])");
  }
  std::swap(y.shape[0], y.shape[1]);
  return std::vector{y};
}

Result<std::vector<TensorType>> identity_shape(const Graph& graph, const Node& node) {
  return std::vector{graph.type(node.inputs[0])};
}

}  // namespace

void add_data_ops(std::vector<OpRecord>& records) {
  records.push_back({"Gather", "", 1, "rows of a constant matrix", 2, 2, gather_shape,
                     gather_reference, lower_gather, "gather_rows"});
  records.push_back(
      {"Split", "", 2, "rows in parts", 1, 2, split_shape, split_reference, lower_split, "split"});
  records.push_back({"Concat", "", 4, "rows side by side", 1, MostOperands, concat_shape,
                     concat_reference, lower_concat, "concat"});
  records.push_back({"Transpose", "", 1, "of a constant matrix; folded away", 1, 1, transpose_shape,
                     transpose_reference,
                     [](Lowering&, const Node& node) -> Status {
                       return unsupported(node, "only constants are transposed");
                     },
                     ""});
  records.push_back({"Identity", "", 1, "removed", 1, 1, identity_shape, identity_reference,
                     [](Lowering&, const Node& node) -> Status {
                       return unsupported(node,
                                          "an Identity of a graph input or constant has no kernel");
                     },
                     ""});
}

}  // namespace st
