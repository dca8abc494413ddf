// SPDX-License-Identifier: Apache-2.0
// RotaryEmbedding, and causal Attention over a cache, in their three-dimensional forms [batch,
// sequence, heads * head].
#include <algorithm>
#include <cmath>

#include "core/ops/attention_lowering.h"
#include "core/ops/attention_reference.h"
#include "core/ops/record.h"

namespace st {
namespace {

/// True if two sizes of a batch are known to differ; one of them may be a symbol that stands for 1.
bool differ(const Extent& a, const Extent& b) {
  return a.is_constant() && b.is_constant() && a != b;
}

Result<std::vector<TensorType>> rotary_shape(const Graph& graph, const Node& node) {
  const TensorType& x = graph.type(node.inputs[0]);
  const int64_t heads = node.integer("num_heads", 0);
  if (x.shape.size() != 3 || x.dtype != DType::F32 || !x.shape[2].is_constant() || heads <= 0 ||
      x.shape[2].offset() % heads != 0) {
    return shape_error(
        graph, node,
        "expected float32 [1, sequence, heads * head] and num_heads that divides the width");
  }
  const int64_t head = x.shape[2].offset() / heads;
  const int64_t rotated = node.integer("rotary_embedding_dim", 0);
  if (head % 2 != 0 || (rotated != 0 && rotated != head)) {
    return shape_error(graph, node,
                       "a head must be even and rotated whole, not " + std::to_string(rotated) +
                           " of " + std::to_string(head));
  }
  const size_t rank = node.input(3) == NoValue ? 3 : 2;
  for (int i : {1, 2}) {
    const TensorType& table = graph.type(node.inputs[i]);
    if (table.shape.size() != rank || table.shape.back() != Extent(head / 2) ||
        table.dtype != DType::F32) {
      return shape_error(graph, node,
                         "cosine and sine must be float32 with " + std::to_string(head / 2) +
                             " columns and rank " + std::to_string(rank));
    }
    if (rank == 3 && (differ(table.shape[0], x.shape[0]) || table.shape[1] != x.shape[1]))
      return shape_error(graph, node,
                         "cosine and sine must have a row for each row of the operand");
  }
  if (graph.type(node.inputs[1]).shape != graph.type(node.inputs[2]).shape)
    return shape_error(graph, node, "cosine and sine differ in shape");
  if (rank == 2) {
    const TensorType& positions = graph.type(node.inputs[3]);
    const bool integers = positions.dtype == DType::I64 || positions.dtype == DType::I32;
    if (!integers || positions.shape.size() != 2 || differ(positions.shape[0], x.shape[0]) ||
        positions.shape[1] != x.shape[1]) {
      return shape_error(graph, node, "the positions must be integers [1, sequence]");
    }
  }
  return std::vector{x};
}

Status lower_rotary(Lowering& l, const Node& node) {
  if (node.input(3) != NoValue)
    return unsupported(node, "the rows of the tables were not gathered");
  ST_TRY(width, l.row_width(node, node.inputs[0]));
  // Angles are streamed row by row beside the operand; constants of that shape are not.
  for (size_t table : {1, 2}) ST_CHECK(l.row_width(node, node.inputs[table]));
  const int64_t heads = node.integer("num_heads", 1), head = width / heads;
  const int lanes = l.lanes(head);
  const StreamType rows = l.row_stream(width, DType::F32, lanes), table = l.row_stream(head / 2);
  const Port x{l.row_tensor(node.inputs[0], width), rows, -1};
  const Port cosine{l.row_tensor(node.inputs[1], head / 2), table, -1};
  const Port sine{l.row_tensor(node.inputs[2], head / 2), table, -1};
  const Port y{l.row_tensor(node.outputs[0], width), rows, -1};
  Kernel& kernel = l.add_kernel("rotary", node);
  kernel.inputs = {x, cosine, sine};
  kernel.outputs = {y};
  kernel.sizes = {{"L", lanes},        {"HeadBeats", head / lanes},
                  {"Heads", heads},    {"Interleaved", node.integer("interleaved", 0) != 0},
                  {"CL", table.lanes}, {"CBeats", head / 2 / table.lanes}};
  return {};
}

Result<std::vector<TensorType>> attention_shape(const Graph& graph, const Node& node) {
  const TensorType& q = graph.type(node.inputs[0]);
  const TensorType& k = graph.type(node.inputs[1]);
  const TensorType& v = graph.type(node.inputs[2]);
  for (const TensorType* t : {&q, &k, &v}) {
    if (t->shape.size() != 3 || t->dtype != DType::F32 || !t->shape[2].is_constant()) {
      return shape_error(graph, node,
                         "query, key and value must be float32 [1, sequence, heads * head]");
    }
  }
  const AttentionShape s = attention_shape_of(node, q.shape[2].offset());
  if (s.heads <= 0 || s.kv_heads <= 0 || s.heads % s.kv_heads != 0 ||
      q.shape[2].offset() % s.heads != 0) {
    return shape_error(
        graph, node,
        "q_num_heads must divide the query's width, and be a multiple of kv_num_heads");
  }
  if (k.shape[2] != Extent(s.kv_heads * s.head) || v.shape != k.shape || k.shape[1] != q.shape[1] ||
      differ(k.shape[0], q.shape[0])) {
    return shape_error(graph, node, "keys and values must have the query's length and head size");
  }
  if (node.input(3) != NoValue)
    return unsupported(node, "an explicit mask is not implemented", "use is_causal = 1");
  if (node.integer("is_causal", 0) != 1)
    return unsupported(node, "attention that is not causal is not implemented",
                       "set is_causal = 1");
  if (node.input(AttentionWindow) != NoValue) {
    const TensorType& window = graph.type(node.inputs[AttentionWindow]);
    if (window.dtype != DType::I64 || !window.shape.empty())
      return shape_error(graph, node, "the window must be one int64, 0 for all positions");
  }
  if (node.domain == OwnDomain && node.has(AttentionCache) && !has_int8_cache(node))
    return unsupported(node, "keys and values are kept in f32, or cache = \"int8\"");
  if (node.input(6) != NoValue) return unsupported(node, "padded keys are not implemented");
  if (node.real("softcap", 0.0f) != 0.0f) return unsupported(node, "softcap is not implemented");
  if (node.outputs.size() > 3) return unsupported(node, "the output of raw scores is not made");
  TensorType present{DType::F32, {q.shape[0], Extent(s.kv_heads), q.shape[1], Extent(s.head)}};
  if (node.input(4) != NoValue || node.input(5) != NoValue) {
    for (size_t i : {4, 5}) {
      if (node.input(i) == NoValue)
        return shape_error(graph, node, "past_key and past_value come together");
      const TensorType& past = graph.type(node.inputs[i]);
      if (past.dtype != DType::F32 || past.shape.size() != 4 || differ(past.shape[0], q.shape[0]) ||
          past.shape[1] != Extent(s.kv_heads) || past.shape[3] != Extent(s.head)) {
        return shape_error(graph, node,
                           "a cache must be float32 [1, " + std::to_string(s.kv_heads) +
                               ", past, " + std::to_string(s.head) + "]");
      }
    }
    if (graph.type(node.inputs[4]) != graph.type(node.inputs[5]))
      return shape_error(graph, node, "the caches differ in shape");
    present.shape[2] = graph.type(node.inputs[4]).shape[2] + q.shape[1];
  }
  return std::vector{q, present, present};
}

Status lower_attention(Lowering& l, const Node& node) {
  ST_TRY(width, l.row_width(node, node.inputs[0]));
  const Graph& graph = l.graph();
  for (size_t i : {4, 5}) {
    const bool is_input =
        node.input(i) != NoValue &&
        std::find(graph.inputs.begin(), graph.inputs.end(), node.inputs[i]) != graph.inputs.end();
    const bool is_output =
        node.outputs.size() > i - 3 && std::find(graph.outputs.begin(), graph.outputs.end(),
                                                 node.outputs[i - 3]) != graph.outputs.end();
    if (!is_input || !is_output) {
      return unsupported(
          node,
          "keys and values must come from graph inputs past_key_values.N.* and go to outputs "
          "present.N.*",
          "export the model with its cache (Optimum: task text-generation-with-past)");
    }
  }
  for (size_t i : {4, 5}) {
    const std::string& past = graph.values[node.inputs[i]].name;
    const std::string present =
        "present" + past.substr(std::min(past.size(), std::string("past_key_values").size()));
    if (graph.values[node.outputs[i - 3]].name != present) {
      return unsupported(node, "cache '" + printable(past) + "' goes to output '" +
                                   printable(graph.values[node.outputs[i - 3]].name) +
                                   "', not to '" + printable(present) + "'");
    }
    if (graph.consumers(node.inputs[i]).size() != 1)
      return unsupported(node, "cache '" + printable(past) + "' has another reader");
  }
  return has_int8_cache(node) ? lower_int8_attention(l, node, width)
                              : lower_float_attention(l, node, width);
}

}  // namespace

void add_attention_ops(std::vector<OpRecord>& records) {
  records.push_back({"RotaryEmbedding", "", 23, "of each head; whole heads, both pairings", 3, 4,
                     rotary_shape, rotary_reference, lower_rotary, "rotary"});
  records.push_back({"Attention", "", 23, "causal, grouped-query, with a cache", 3, 7,
                     attention_shape, attention_reference, lower_attention,
                     "cache_rows, attention_scores, softmax_rows, attention_context"});
  OpRecord windowed = records.back();
  windowed.domain = OwnDomain;
  windowed.since_opset = 1;
  windowed.summary =
      "the same, each query over as many of the last positions as operand 7 says, and over int8 "
      "keys and values where cache = \"int8\"";
  windowed.kernels =
      "those of Attention; for int8 quantize_heads, cache_rows, cache_scales, "
      "attention_scores_int8, attention_weights_int8, attention_context_int8";
  windowed.max_inputs = 8;
  windowed.in_models = true;
  records.push_back(std::move(windowed));
}

}  // namespace st
