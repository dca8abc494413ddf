// SPDX-License-Identifier: Apache-2.0
// Linear layers of integers whose activations and weights both have a scale for every group of a
// row: QuantizeGroups, MatMulScaledGroups (ARCHITECTURE.md, "Numerics"). A group is `group` values
// from index 0 on; the last one has what is left.
#include <algorithm>
#include <numeric>

#include "core/graph/group_values.h"
#include "core/graph/quantised_value.h"
#include "core/ops/matmul.h"
#include "core/ops/record.h"

namespace st {
namespace {

/// The group that a node asks for; 0 if there can be none.
int64_t group_of(const Node& node) { return std::max<int64_t>(0, node.integer("group", 0)); }

/// (x f32 [.., d]) -> (q i8 [.., d], scales f32 [.., groups]).
Result<std::vector<TensorType>> quantize_groups_shape(const Graph& graph, const Node& node) {
  TensorType q = graph.type(node.inputs[0]);
  const int64_t group = group_of(node);
  if (q.dtype != DType::F32 || q.shape.empty() || !q.shape.back().is_constant() || group == 0 ||
      node.outputs.size() != 2 || node.outputs[1] == NoValue)
    return shape_error(graph, node,
                       "f32 rows are quantised to i8 rows and a scale for each group of `group`");
  TensorType scales = q;
  q.dtype = DType::I8;
  scales.shape.back() = Extent(groups_of(q.shape.back().offset(), group));
  return std::vector{q, scales};
}

Result<std::vector<Tensor>> quantize_groups_reference(const Node& node,
                                                      const std::vector<const Tensor*>& in) {
  const int64_t width = in[0]->shape.back(), group = group_of(node);
  const int64_t groups = groups_of(width, group);
  std::vector<int64_t> shape = in[0]->shape;
  shape.back() = groups;
  Tensor q = Tensor::zeros(DType::I8, in[0]->shape), scales = Tensor::zeros(DType::F32, shape);
  for (int64_t s = 0; s < scales.size(); ++s) {
    const int64_t first = s / groups * width + s % groups * group;
    const int64_t count = std::min(group, width - s % groups * group);
    const float* values = in[0]->f32().data() + first;
    const float peak = peak_of(values, count);
    scales.f32()[s] = peak / 127.0f;
    for (int64_t i = 0; i < count; ++i)
      q.as<int8_t>()[first + i] = rounded(values[i], peak == 0.0f ? 0.0f : 127.0f / peak);
  }
  return std::vector{std::move(q), std::move(scales)};
}

/// The stream of a row's scales, `width` values being carried.
Port scales_port(Lowering& l, ValueId value, int64_t width, int64_t group) {
  const int64_t groups = groups_of(width, group);
  return {l.row_tensor(value, groups), l.row_stream(groups, DType::F32, 1), -1};
}

Status lower_quantize_groups(Lowering& l, const Node& node) {
  ST_TRY(width, l.row_width(node, node.inputs[0]));
  const int64_t group = std::min(width, group_of(node));
  // Groups are whole beats; where there is one only, any beat will do.
  const int lanes = l.lanes(group < width ? std::gcd(width, group) : width);
  const Port x{l.row_tensor(node.inputs[0], width), l.row_stream(width, DType::F32, lanes), -1};
  const Port q{l.row_tensor(node.outputs[0], width, DType::I8),
               l.row_stream(width, DType::I8, lanes), -1};
  const Port scales = scales_port(l, node.outputs[1], width, group);
  Kernel& kernel = l.add_kernel("quantize_groups", node);
  kernel.inputs = {x};
  kernel.outputs = {q, scales};
  kernel.sizes = {
      {"L", lanes}, {"Beats", width / lanes}, {"GroupBeats", group / lanes}, {"Repeat0", 1}};
  return {};
}

/// (x i8 [.., k], w i8 or i4 [n, k], scales bf16 [n, groups], x scales f32 [.., groups]) -> f32
/// [.., n].
Result<std::vector<TensorType>> scaled_matmul_shape(const Graph& graph, const Node& node) {
  TensorType y = graph.type(node.inputs[0]);
  const TensorType &w = graph.type(node.inputs[1]), &scales = graph.type(node.inputs[2]);
  TensorType x_scales = graph.type(node.inputs[3]);
  const int64_t group = group_of(node);
  const bool constants =
      graph.values[node.inputs[1]].constant && graph.values[node.inputs[2]].constant;
  const bool types = y.dtype == DType::I8 && (w.dtype == DType::I8 || w.dtype == DType::I4) &&
                     scales.dtype == GroupScaleType && x_scales.dtype == DType::F32;
  bool fits = constants && types && group > 0 && !y.shape.empty() && w.shape.size() == 2 &&
              y.shape.back() == w.shape[1] && w.shape[1].is_constant();
  if (fits) {
    const Extent groups(groups_of(w.shape[1].offset(), group));
    fits = scales.shape == std::vector{w.shape[0], groups};
    y.shape.back() = groups;
    fits = fits && x_scales.shape == y.shape;
  }
  if (!fits)
    return shape_error(graph, node,
                       "i8 rows [.., k] with f32 scales [.., groups] are multiplied by a constant "
                       "i8 or i4 [n, k] with bf16 scales [n, groups]");
  y.dtype = DType::F32;
  y.shape.back() = w.shape[0];
  return std::vector{y};
}

template <typename W>
Tensor product(const Node& node, const std::vector<const Tensor*>& in) {
  const int64_t width = in[1]->shape[0], depth = in[1]->shape[1], group = group_of(node);
  const int64_t groups = groups_of(depth, group);
  std::vector<int64_t> shape = in[0]->shape;
  shape.back() = width;
  Tensor y = Tensor::zeros(DType::F32, shape);
  for (int64_t i = 0; i < y.size(); ++i) {
    const int64_t row = i / width, n = i % width;
    const int8_t* x = in[0]->as<int8_t>().data() + row * depth;
    const W* w = in[1]->as<W>().data() + n * depth;
    float total = 0.0f;
    for (int64_t g = 0; g < groups; ++g) {
      int32_t sum = 0;
      for (int64_t k = g * group; k < std::min(depth, (g + 1) * group); ++k)
        sum += int32_t{x[k]} * int{w[k]};
      const float scale = bfloat16_value(in[2]->as<BFloat16>()[n * groups + g].bits);
      const float scaled = static_cast<float>(sum) * (in[3]->f32()[row * groups + g] * scale);
      total = total + scaled;
    }
    y.f32()[i] = total;
  }
  return y;
}

/// Sums of a group are integers; groups are added in their order, each step rounded to float32 as
/// the kernel does it.
Result<std::vector<Tensor>> scaled_matmul_reference(const Node& node,
                                                    const std::vector<const Tensor*>& in) {
  return std::vector{in[1]->dtype() == DType::I4 ? product<Int4>(node, in)
                                                 : product<int8_t>(node, in)};
}

Status lower_scaled_matmul(Lowering& l, const Node& node) {
  ST_TRY(depth, l.row_width(node, node.inputs[0]));
  const TensorType& weights = l.graph().type(node.inputs[1]);
  const int64_t group = std::min(depth, group_of(node));
  ST_CHECK(add_matmul_kernel(
      l, node, {-1, "", depth, l.padded(weights.shape[0].offset()), weights.dtype, group, true},
      std::string(name_of(weights.dtype)), {}));
  return {};
}

}  // namespace

void add_scaled_group_ops(std::vector<OpRecord>& records) {
  records.push_back({"QuantizeGroups", OwnDomain, 1,
                     "f32 rows to i8 with a dynamic scale for each group of a row", 1, 1,
                     quantize_groups_shape, quantize_groups_reference, lower_quantize_groups,
                     "quantize_groups", true});
  records.push_back({"MatMulScaledGroups", OwnDomain, 1,
                     "i8 rows times i8 or i4 [n, k], both with scales of groups, into f32", 4, 4,
                     scaled_matmul_shape, scaled_matmul_reference, lower_scaled_matmul,
                     "matmul_scaled_groups", true});
}

}  // namespace st
