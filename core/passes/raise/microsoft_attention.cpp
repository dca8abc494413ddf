// SPDX-License-Identifier: Apache-2.0
// Attention, MultiHeadAttention and GroupQueryAttention: ONNX's Attention behind what they fuse.
#include <algorithm>

#include "core/graph/attention.h"
#include "core/ops/record.h"
#include "core/passes/raise/microsoft.h"
#include "core/passes/raise/padding_masks.h"
#include "core/passes/raise/positions.h"

namespace st {
namespace {

/// Replaces node `n` by an Attention of these operands; `heads`: of queries, and of keys and
/// values.
void make_attention(Rewriter& rewriter, size_t n, std::vector<ValueId> operands, int64_t heads,
                    int64_t kv_heads, bool causal, int64_t window = 0) {
  const Node node = rewriter.graph().nodes[n];
  std::map<std::string, Attribute> attributes = {
      {"is_causal", int64_t{causal ? 1 : 0}}, {"q_num_heads", heads}, {"kv_num_heads", kv_heads}};
  // A scale of 0 stands for the default.
  if (node.real("scale", 0.0f) != 0.0f) attributes["scale"] = node.real("scale", 0.0f);
  while (!operands.empty() && operands.back() == NoValue) operands.pop_back();
  if (window > 0) {
    operands.resize(AttentionWindow, NoValue);
    operands.push_back(rewriter.add_constant(node, "window", TensorType{DType::I64, {}},
                                             constant_of({{}, std::vector<int64_t>{window}})));
  }
  rewriter.replace(n, "Attention", std::move(operands), std::move(attributes),
                   window > 0 ? OwnDomain : "");
}

Status check_padding(const Rewriter& rewriter, const Node& node, ValueId id) {
  if (id == NoValue || tells_padding_only(rewriter, id)) return {};
  return unsupported(node, "'" + printable(rewriter.graph().values[static_cast<size_t>(id)].name) +
                               "' may hide keys: it does not follow from 'attention_mask' alone");
}

Status raise_merged(Rewriter& rewriter, size_t n) {
  const Node node = rewriter.graph().nodes[n];
  enum { X, Weights, Bias, Mask, Past, Added, PastLength };
  ST_CHECK(check_form(
      node, 2, 7, {"num_heads", "unidirectional", "qkv_hidden_sizes", "scale", "mask_filter_value"},
      {Past, PastLength}));
  ST_CHECK(check_padding(rewriter, node, node.input(Mask)));
  if (output_of(node, 1) != NoValue)
    return unsupported(node, "keys and values in one cache are not supported",
                       "export the model with a cache for keys and one for values");
  const std::vector<int64_t> sizes = node.integers("qkv_hidden_sizes");
  const int64_t heads = node.integer("num_heads", 0);
  if (!sizes.empty() && sizes.size() != 3)
    return unsupported(node, "qkv_hidden_sizes must have three elements");
  ValueId x = rewriter.add(node, "product", "MatMul", {node.inputs[X], node.inputs[Weights]});
  if (node.input(Bias) != NoValue) x = rewriter.add(node, "biased", "Add", {x, node.inputs[Bias]});
  std::map<std::string, Attribute> cut = {{"axis", int64_t{-1}}};
  if (sizes.empty()) {
    cut["num_outputs"] = int64_t{3};
  } else {
    cut["split"] = sizes;
  }
  const auto parts = rewriter.add_several(node, "projected", 3, "Split", {x}, std::move(cut));
  rewriter.graph().nodes[n].outputs.resize(1);
  make_attention(rewriter, n, {parts[0], parts[1], parts[2], node.input(Added)}, heads, heads,
                 node.integer("unidirectional", 0) != 0);
  return {};
}

Status raise_multi_head(Rewriter& rewriter, size_t n) {
  const Node node = rewriter.graph().nodes[n];
  enum { Query, Key, Value, Bias, Padding, Added, PastKey, PastValue, PastLength, Beams };
  ST_CHECK(check_form(node, 3, 10, {"num_heads", "unidirectional", "scale", "mask_filter_value"},
                      {Bias, PastLength, Beams}));
  ST_CHECK(check_padding(rewriter, node, node.input(Padding)));
  for (size_t i : {Query, Key, Value}) {
    const TensorType* type = rewriter.type(node.inputs[i]);
    if (type != nullptr && type->shape.size() != 3)
      return unsupported(node, "query, key and value must be [batch, sequence, heads * head]");
  }
  if (output_of(node, 3) != NoValue) return unsupported(node, "the output of scores is not made");
  const int64_t heads = node.integer("num_heads", 0);
  make_attention(rewriter, n,
                 {node.inputs[Query], node.inputs[Key], node.inputs[Value], node.input(Added),
                  node.input(PastKey), node.input(PastValue)},
                 heads, heads, node.integer("unidirectional", 0) != 0);
  return {};
}

/// Its operands. Names of theirs, such as Value, mean something else outside of these functions.
struct GroupQuery {
  enum Operand {
    Query,
    Key,
    Value,
    PastKey,
    PastValue,
    Lengths,
    TotalLength,
    Cosines,
    Sines,
    Positions,
    AddedBias,
    HeadSink,
    KeyScale,
    ValueScale,
    QueryNorm,
    KeyNorm
  };
};

/// Attributes whose other values would be another operator.
Status check_group_query(const Rewriter& rewriter, const Node& node) {
  using enum GroupQuery::Operand;
  ST_CHECK(
      check_form(node, 1, 16,
                 {"num_heads", "kv_num_heads", "scale", "softcap", "local_window_size", "do_rotary",
                  "rotary_interleaved", "smooth_softmax", "qk_output", "causal", "k_quant_type",
                  "v_quant_type", "kv_cache_bit_width", "qk_norm_epsilon", "sliding_window_cache"},
                 {AddedBias, HeadSink, KeyScale, ValueScale, QueryNorm, KeyNorm}));
  const std::pair<const char*, int64_t> neutral[] = {
      {"smooth_softmax", 0}, {"qk_output", 0}, {"causal", 1}, {"sliding_window_cache", 0}};
  for (const auto& [name, value] : neutral) {
    // Exporters write -1 or 0 for a switch that is off.
    const int64_t own = node.integer(name, value);
    if (own != value && !(value == 0 && own == -1))
      return unsupported(node,
                         std::string(name) + " = " + std::to_string(own) + " is not supported");
  }
  if (node.string("k_quant_type", "NONE") != "NONE" ||
      node.string("v_quant_type", "NONE") != "NONE")
    return unsupported(node, "quantised caches are not supported");
  if (node.real("softcap", 0.0f) != 0.0f) return unsupported(node, "softcap is not supported");
  if (output_of(node, 3) != NoValue) return unsupported(node, "the output of scores is not made");
  for (size_t i : {Lengths, TotalLength}) ST_CHECK(check_padding(rewriter, node, node.input(i)));
  if (node.integer("num_heads", 0) < 1 || node.integer("kv_num_heads", 0) < 1)
    return unsupported(node, "num_heads and kv_num_heads must be positive");
  return {};
}

Status raise_group_query(Rewriter& rewriter, size_t n) {
  using enum GroupQuery::Operand;
  const Node node = rewriter.graph().nodes[n];
  ST_CHECK(check_group_query(rewriter, node));
  const int64_t heads = node.integer("num_heads", 0), kv_heads = node.integer("kv_num_heads", 0);
  ValueId q = node.inputs[Query], k = node.input(Key), v = node.input(Value);
  if ((k == NoValue) != (v == NoValue))
    return unsupported(node, "key and value come together, or are both in the query");
  if (k == NoValue) {
    const auto width = rewriter.width(q);
    const int64_t parts = heads + 2 * kv_heads;
    if (!width || *width % parts != 0)
      return unsupported(node, "the width of the packed query, keys and values is not known");
    const int64_t head = *width / parts;
    const std::vector<int64_t> sizes = {heads * head, kv_heads * head, kv_heads * head};
    const auto cut = rewriter.add_several(node, "projected", 3, "Split", {q},
                                          {{"axis", int64_t{-1}}, {"split", sizes}});
    q = cut[0];
    k = cut[1];
    v = cut[2];
  }
  if (node.integer("do_rotary", 0) != 0) {
    if (node.input(Cosines) == NoValue || node.input(Sines) == NoValue)
      return unsupported(node, "do_rotary = 1 needs tables of cosines and sines");
    const auto positions = node.input(Positions) != NoValue ? std::optional(node.input(Positions))
                                                            : decoder_positions(rewriter, node);
    if (!positions)
      return unsupported(node, "positions are counted on, and there is no graph input 'input_ids'",
                         "give them as input 9, position_ids");
    const auto turned = [&](const char* name, ValueId x, int64_t count) {
      return rewriter.add(
          node, name, "RotaryEmbedding", {x, node.inputs[Cosines], node.inputs[Sines], *positions},
          {{"interleaved", node.integer("rotary_interleaved", 0)}, {"num_heads", count}});
    };
    q = turned("query", q, heads);
    k = turned("key", k, kv_heads);
  }
  // As of ONNX Runtime 1.21 on: the window holds the query's own position.
  const int64_t window = std::max<int64_t>(node.integer("local_window_size", -1), 0);
  make_attention(rewriter, n, {q, k, v, NoValue, node.input(PastKey), node.input(PastValue)}, heads,
                 kv_heads, true, window);
  return {};
}

}  // namespace

Status raise_microsoft_attention(Rewriter& rewriter, size_t n) {
  const std::string& op = rewriter.graph().nodes[n].op;
  if (op == "Attention") return raise_merged(rewriter, n);
  if (op == "MultiHeadAttention") return raise_multi_head(rewriter, n);
  return raise_group_query(rewriter, n);
}

}  // namespace st
