// SPDX-License-Identifier: Apache-2.0
// Add, Sub, Mul, Div with broadcasting; Gelu, Swish, Sigmoid, Tanh, Relu.
#include <algorithm>
#include <cmath>

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

/// Index in a tensor of `shape` of element `flat` of `out`, by broadcasting.
int64_t broadcast_index(int64_t flat, const std::vector<int64_t>& out,
                        const std::vector<int64_t>& shape) {
  int64_t index = 0, stride = 1;
  for (size_t i = 0; i < shape.size(); ++i) {
    const int64_t extent = out[out.size() - 1 - i];
    const int64_t own = shape[shape.size() - 1 - i];
    if (own != 1) index += (flat % extent) * stride;
    stride *= own;
    flat /= extent;
  }
  return index;
}

template <typename Op>
Result<std::vector<Tensor>> binary_reference(const Node& node, const std::vector<const Tensor*>& in,
                                             Op op) {
  if (in[0]->dtype() != DType::F32 || in[1]->dtype() != DType::F32) {
    return unsupported(node, "only float32 operands are implemented");
  }
  const size_t rank = std::max(in[0]->shape.size(), in[1]->shape.size());
  std::vector<int64_t> shape(rank, 1);
  for (size_t i = 0; i < rank; ++i) {
    for (const Tensor* t : in) {
      if (i + t->shape.size() >= rank)
        shape[i] = std::max(shape[i], t->shape[i + t->shape.size() - rank]);
    }
  }
  Tensor y = Tensor::zeros(DType::F32, shape);
  for (int64_t i = 0; i < y.size(); ++i) {
    y.f32()[i] = op(in[0]->f32()[broadcast_index(i, shape, in[0]->shape)],
                    in[1]->f32()[broadcast_index(i, shape, in[1]->shape)]);
  }
  return std::vector{std::move(y)};
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

template <typename Op>
void add_binary(std::vector<OpRecord>& records, std::string_view name, std::string_view kind,
                Op op) {
  records.push_back(
      {name, "", 7, "elementwise, with broadcasting of constants", 2, 2, binary_shape,
       [op](const Node& node, const std::vector<const Tensor*>& in) {
         return binary_reference(node, in, op);
       },
       [kind](Lowering& l, const Node& node) { return lower_binary(l, node, std::string(kind)); },
       kind});
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

template <typename Op>
void add_unary(std::vector<OpRecord>& records, std::string_view name, int opset,
               std::string_view kind, std::string_view summary, Op op) {
  records.push_back(
      {name, "", opset, summary, 1, 1, same_float_shape,
       [op](const Node&, const std::vector<const Tensor*>& in) -> Result<std::vector<Tensor>> {
         Tensor y = *in[0];
         for (float& v : y.f32()) v = op(v);
         return std::vector{std::move(y)};
       },
       [kind](Lowering& l, const Node& node) { return lower_unary(l, node, std::string(kind)); },
       kind});
}

float gelu_exact(double x) {
  return static_cast<float>(0.5 * x * (1.0 + std::erf(x * std::sqrt(0.5))));
}
float gelu_tanh(double x) {
  return static_cast<float>(0.5 * x *
                            (1.0 + std::tanh(std::sqrt(2.0 / M_PI) * (x + 0.044715 * x * x * x))));
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
  auto reference = [](const Node& node,
                      const std::vector<const Tensor*>& in) -> Result<std::vector<Tensor>> {
    const bool tanh = node.string("approximate", "none") == "tanh";
    Tensor y = *in[0];
    for (float& v : y.f32()) v = tanh ? gelu_tanh(v) : gelu_exact(v);
    return std::vector{std::move(y)};
  };
  auto lower = [](Lowering& l, const Node& node) {
    return lower_unary(l, node,
                       node.string("approximate", "none") == "tanh" ? "gelu_tanh" : "gelu_erf");
  };
  records.push_back(
      {"Gelu", "", 20, "exact, or by tanh", 1, 1, shape, reference, lower, "gelu_erf, gelu_tanh"});
}

void add_swish(std::vector<OpRecord>& records) {
  auto reference = [](const Node& node,
                      const std::vector<const Tensor*>& in) -> Result<std::vector<Tensor>> {
    const double alpha = node.real("alpha", 1.0f);
    Tensor y = *in[0];
    for (float& v : y.f32()) v = static_cast<float>(v / (1.0 + std::exp(-alpha * v)));
    return std::vector{std::move(y)};
  };
  auto lower = [](Lowering& l, const Node& node) -> Status {
    if (node.real("alpha", 1.0f) != 1.0f) return unsupported(node, "alpha must be 1");
    return lower_unary(l, node, "silu");
  };
  records.push_back({"Swish", "", 24, "x * sigmoid(alpha * x)", 1, 1, same_float_shape, reference,
                     lower, "silu"});
}

}  // namespace

void add_elementwise_ops(std::vector<OpRecord>& records) {
  add_binary(records, "Add", "add", [](float a, float b) { return a + b; });
  add_binary(records, "Sub", "subtract", [](float a, float b) { return a - b; });
  add_binary(records, "Mul", "multiply", [](float a, float b) { return a * b; });
  add_binary(records, "Div", "divide", [](float a, float b) { return a / b; });
  add_gelu(records);
  add_swish(records);
  add_unary(records, "Sigmoid", 13, "sigmoid", "1 / (1 + exp(-x))", [](float x) {
    return static_cast<float>(1.0 / (1.0 + std::exp(-static_cast<double>(x))));
  });
  add_unary(records, "Tanh", 13, "tanh_act", "tanh(x)", [](float x) { return std::tanh(x); });
  add_unary(records, "Relu", 13, "relu", "max(x, 0)", [](float x) { return std::max(x, 0.0f); });
}

}  // namespace st
