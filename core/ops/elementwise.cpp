// SPDX-License-Identifier: Apache-2.0
// Add, Sub, Mul, Div with broadcasting; Gelu, Swish, Sigmoid, Tanh, Relu.
#include <algorithm>

#include "core/ops/arithmetic.h"
#include "core/ops/record.h"

namespace st {
namespace {

/// ONNX broadcasting of two symbolic shapes; nullopt if they do not fit.
std::optional<std::vector<Extent>> broadcast(const std::vector<Extent>& a,
                                             const std::vector<Extent>& b) {
  const size_t rank = std::max(a.size(), b.size());
  std::vector<Extent> out(rank);
  for (size_t i = 0; i < rank; ++i) {
    const Extent x = i + a.size() >= rank ? a[i + a.size() - rank] : Extent(1);
    const Extent y = i + b.size() >= rank ? b[i + b.size() - rank] : Extent(1);
    if (x == y || y == Extent(1)) {
      out[i] = x;
    } else if (x == Extent(1)) {
      out[i] = y;
    } else {
      return std::nullopt;
    }
  }
  return out;
}

Result<std::vector<TensorType>> binary_shape(const Graph& graph, const Node& node) {
  const TensorType& a = graph.type(node.inputs[0]);
  const TensorType& b = graph.type(node.inputs[1]);
  if (a.dtype != b.dtype)
    return shape_error(graph, node, "the operands have different element types");
  auto shape = broadcast(a.shape, b.shape);
  if (!shape) return shape_error(graph, node, "the shapes do not broadcast");
  return std::vector{TensorType{a.dtype, *shape}};
}

/// A row operand, or a constant row that the parameter loader repeats for each token.
Result<Port> operand(Lowering& l, const Node& node, ValueId value, int64_t width) {
  if (l.graph().values[value].constant) return l.parameter_row(node, value, width, 0);
  ST_TRY(own, l.row_width(node, value));
  if (own != width)
    return unsupported(node, "an activation would have to be broadcast along its width");
  return Port{l.row_tensor(value, width), l.row_stream(width), -1};
}

Status lower_binary(Lowering& l, const Node& node, const std::string& kind) {
  if (l.graph().type(node.outputs[0]).dtype != DType::F32)
    return unsupported(node, "only float32 operands have kernels");
  ST_TRY(width, l.row_width(node, node.outputs[0]));
  ST_TRY(a, operand(l, node, node.inputs[0], width));
  ST_TRY(b, operand(l, node, node.inputs[1], width));
  const StreamType rows = l.row_stream(width);
  const TensorId y = l.row_tensor(node.outputs[0], width);
  Kernel& kernel = l.add_kernel(kind, node);
  kernel.inputs = {a, b};
  kernel.outputs = {{y, rows, -1}};
  kernel.sizes = {{"L", rows.lanes}, {"Beats", width / rows.lanes}};
  return {};
}

void add_binary(std::vector<OpRecord>& records, std::string_view name, std::string_view kind,
                bool keeps_zeroes) {
  records.push_back(
      {name, "", 7, "elementwise, with broadcasting of constants", 2, 2, binary_shape,
       arithmetic_reference,
       [kind](Lowering& l, const Node& node) { return lower_binary(l, node, std::string(kind)); },
       kind, keeps_zeroes});
}

Result<std::vector<TensorType>> same_float_shape(const Graph& graph, const Node& node) {
  const TensorType& x = graph.type(node.inputs[0]);
  if (x.dtype != DType::F32) return shape_error(graph, node, "the operand must be float32");
  return std::vector{x};
}

Status lower_unary(Lowering& l, const Node& node, const std::string& kind) {
  ST_TRY(width, l.row_width(node, node.inputs[0]));
  const StreamType rows = l.row_stream(width);
  const Port x{l.row_tensor(node.inputs[0], width), rows, -1};
  const Port y{l.row_tensor(node.outputs[0], width), rows, -1};
  Kernel& kernel = l.add_kernel(kind, node);
  kernel.inputs = {x};
  kernel.outputs = {y};
  kernel.sizes = {{"L", rows.lanes}, {"Beats", width / rows.lanes}};
  return {};
}

void add_unary(std::vector<OpRecord>& records, std::string_view name, int opset,
               std::string_view kind, std::string_view summary, bool keeps_zeroes) {
  records.push_back(
      {name, "", opset, summary, 1, 1, same_float_shape, unary_reference,
       [kind](Lowering& l, const Node& node) { return lower_unary(l, node, std::string(kind)); },
       kind, keeps_zeroes});
}

void add_gelu(std::vector<OpRecord>& records) {
  auto shape = [](const Graph& graph, const Node& node) -> Result<std::vector<TensorType>> {
    const std::string form = node.string("approximate", "none");
    if (form != "none" && form != "tanh") {
      return Diagnostic{
          "E0307",
          "node '" + printable(node.name) + "' (Gelu): approximate is '" + printable(form) + "'",
          node.where,
          {},
          "use 'none' or 'tanh'"};
    }
    return same_float_shape(graph, node);
  };
  auto lower = [](Lowering& l, const Node& node) {
    return lower_unary(l, node,
                       node.string("approximate", "none") == "tanh" ? "gelu_tanh" : "gelu_erf");
  };
  records.push_back({"Gelu", "", 20, "exact, or by tanh", 1, 1, shape, unary_reference, lower,
                     "gelu_erf, gelu_tanh", true});
}

void add_swish(std::vector<OpRecord>& records) {
  auto lower = [](Lowering& l, const Node& node) -> Status {
    if (node.real("alpha", 1.0f) != 1.0f) return unsupported(node, "alpha must be 1");
    return lower_unary(l, node, "silu");
  };
  records.push_back({"Swish", "", 24, "x * sigmoid(alpha * x)", 1, 1, same_float_shape,
                     unary_reference, lower, "silu", true});
}

}  // namespace

void add_elementwise_ops(std::vector<OpRecord>& records) {
  add_binary(records, "Add", "add", true);
  add_binary(records, "Sub", "subtract", true);
  add_binary(records, "Mul", "multiply", true);
  add_binary(records, "Div", "divide", false);
  add_gelu(records);
  add_swish(records);
  add_unary(records, "Sigmoid", 6, "sigmoid", "1 / (1 + exp(-x))", false);
  add_unary(records, "Tanh", 6, "tanh_act", "tanh(x)", true);
  add_unary(records, "Relu", 6, "relu", "max(x, 0)", true);
}

}  // namespace st
