// SPDX-License-Identifier: Apache-2.0
// Sample: the token that follows each row of logits (core/graph/sample.h).
#include "core/graph/sample.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/ops/record.h"

namespace st {
namespace {

/// (logits f32 [1, s, v], draws f32 [1, s, 4]) -> i64 [1, s]; without draws where top_k is 1.
Result<std::vector<TensorType>> sample_shape(const Graph& graph, const Node& node) {
  const TensorType& logits = graph.type(node.inputs[0]);
  const int64_t most = node.integer("top_k", 1), vocabulary = node.integer("vocabulary", 0);
  if (logits.dtype != DType::F32 || logits.shape.size() != 3 || !logits.shape[2].is_constant())
    return shape_error(graph, node, "the logits must be float32 [1, sequence, vocabulary]");
  if (vocabulary < 1 || vocabulary > logits.shape[2].offset())
    return shape_error(graph, node, "vocabulary must be in 1.." + logits.shape[2].text());
  if (most < 1 || most > MostTopK || (most == 1) != (node.input(1) == NoValue))
    return shape_error(graph, node,
                       "top_k must be in 1.." + std::to_string(MostTopK) +
                           ", and draws are there where it is above 1");
  if (most > 1) {
    const TensorType& draws = graph.type(node.inputs[1]);
    const std::vector<Extent> wanted = {logits.shape[0], logits.shape[1], DrawWidth};
    if (draws.dtype != DType::F32 || draws.shape != wanted)
      return shape_error(graph, node,
                         "draws must be float32 [1, sequence, " + std::to_string(DrawWidth) + "]");
  }
  return std::vector{TensorType{DType::I64, {logits.shape[0], logits.shape[1]}}};
}

/// The ids of a row with the largest logits, sorted; of equals the smaller id first.
std::vector<int64_t> largest_of(const float* row, int64_t vocabulary, int64_t most) {
  std::vector<int64_t> ids(static_cast<size_t>(vocabulary));
  std::iota(ids.begin(), ids.end(), 0);
  const auto count = std::min(most, vocabulary);
  std::partial_sort(ids.begin(), ids.begin() + count, ids.end(), [&](int64_t a, int64_t b) {
    return row[a] != row[b] ? row[a] > row[b] : a < b;
  });
  ids.resize(static_cast<size_t>(count));
  return ids;
}

int64_t drawn(const float* row, const std::vector<int64_t>& ids, const float* draw) {
  const float temperature = draw[0];
  if (!(temperature > 0)) return ids[0];
  const float inverse = 1.0f / temperature;
  std::vector<float> weights;
  for (const int64_t id : ids) {
    const bool counts = weights.empty() || static_cast<float>(weights.size()) < draw[2];
    const float weight = counts ? std::exp((row[id] - row[ids[0]]) * inverse) : 0.0f;
    weights.push_back((weights.empty() ? 0.0f : weights.back()) + weight);
  }
  for (size_t k = 0; k < weights.size(); ++k)
    if (weights[k] > draw[1] * weights.back()) return ids[k];
  return ids[0];
}

Result<std::vector<Tensor>> sample_reference(const Node& node, const Operands& in) {
  const Tensor& logits = *in[0];
  const int64_t width = logits.shape.back(), most = node.integer("top_k", 1);
  Tensor ids = Tensor::zeros(DType::I64, {logits.shape[0], logits.shape[1]});
  for (int64_t r = 0; r < ids.size(); ++r) {
    const float* row = logits.f32().data() + r * width;
    const auto largest = largest_of(row, node.integer("vocabulary", width), most);
    ids.as<int64_t>()[r] =
        most == 1 ? largest[0] : drawn(row, largest, in[1]->f32().data() + r * DrawWidth);
  }
  return std::vector{std::move(ids)};
}

/// Comparisons that a kernel makes at once, at most.
constexpr int64_t MostComparisons = 128;

Status lower_sample(Lowering& l, const Node& node) {
  ST_TRY(width, l.row_width(node, node.inputs[0]));
  const int64_t most = node.integer("top_k", 1);
  // Each lane keeps its own largest: where there are many of them, fewer lanes do.
  const int lanes =
      lanes_for(l.lanes(width), static_cast<int>(std::max<int64_t>(1, MostComparisons / most)));
  const Port x{l.row_tensor(node.inputs[0], width), l.row_stream(width, DType::F32, lanes), -1};
  const Port y{l.tensor(node.outputs[0], DType::I32, {Extent::symbol(Sequence)}),
               l.per_row_stream(DType::I32), -1};
  std::vector<Port> inputs = {x};
  if (most > 1)
    inputs.push_back({l.row_tensor(node.inputs[1], DrawWidth),
                      l.row_stream(DrawWidth, DType::F32, DrawWidth), -1});
  Kernel& kernel = l.add_kernel(most > 1 ? "sample_rows" : "greedy_rows", node);
  kernel.inputs = std::move(inputs);
  kernel.outputs = {y};
  kernel.sizes = {
      {"L", lanes}, {"Beats", width / lanes}, {"Vocabulary", node.integer("vocabulary", width)}};
  if (most > 1) kernel.sizes.insert({{"K", most}, {"Draw", DrawWidth}});
  return {};
}

}  // namespace

void add_sample_ops(std::vector<OpRecord>& records) {
  records.push_back({"Sample", OwnDomain, 1,
                     "the token after each row: the largest logit, or one "
                     "of the largest by draws",
                     1, 2, sample_shape, sample_reference, lower_sample,
                     "greedy_rows, sample_rows"});
}

}  // namespace st
