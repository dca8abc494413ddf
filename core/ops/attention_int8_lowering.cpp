// SPDX-License-Identifier: Apache-2.0
// Attention over int8 keys and values: heads become integers with a scale each, which are cached
// apart; scores, weights and context are sums of integers.
#include "core/ops/attention_lowering.h"

namespace st {
namespace {

/// Rows of integers, and a scale for each of their heads.
struct QuantisedHeads {
  Port values, scales;
};

/// Makes the kernels of one node.
class Int8Attention {
 public:
  Int8Attention(Lowering& l, const Node& node, const AttentionShape& s, int lanes)
      : l_(l), node_(node), s_(s), lanes_(lanes) {}

  void lower(const std::vector<int64_t>& windows) {
    const QuantisedHeads query = quantised(0, s_.heads, DType::F32, ".query");
    const QuantisedHeads keys = cached(1, ".key");
    const Port scores = scores_of(query, keys);
    const QuantisedHeads values = cached(2, ".value");
    const QuantisedHeads weights = weights_of(scores, values.scales, windows);
    context_of(weights, values.values);
  }

 private:
  /// A value for each head of a row.
  [[nodiscard]] Port per_head(const std::string& name, int64_t heads, DType dtype) {
    const TensorId id = l_.new_tensor(node_.name + name, dtype, {Extent::symbol(Sequence), heads});
    return {id, {{{1, 1}, dtype, {l_.rows(), heads}, {1, 1}, {0, 1}}, 1}, -1};
  }

  /// A value for each head of a row and each position.
  [[nodiscard]] Port scored(const std::string& name, DType dtype) {
    const Extent context = Extent::symbol(Past) + Extent::symbol(Sequence);
    const TensorId id = l_.new_tensor(node_.name + name, dtype,
                                      {Extent(s_.heads), Extent::symbol(Sequence), context});
    return {id, scored_stream(l_, s_, dtype), -1};
  }

  /// Operand `operand` as integers, with scales of that type.
  QuantisedHeads quantised(size_t operand, int64_t heads, DType scale, const std::string& name) {
    const int64_t width = heads * s_.head;
    const Port x{l_.row_tensor(node_.inputs[operand], width),
                 l_.row_stream(width, DType::F32, lanes_), -1};
    const TensorId id =
        l_.new_tensor(node_.name + name + "_int8", DType::I8, {Extent::symbol(Sequence), width});
    QuantisedHeads made{{id, l_.row_stream(width, DType::I8, lanes_), -1},
                        per_head(name + "_scale", heads, scale)};
    Kernel& kernel = l_.add_kernel("quantize_heads", node_, name + "_int8");
    kernel.inputs = {x};
    kernel.outputs = {made.values, made.scales};
    kernel.sizes = {{"L", lanes_}, {"HeadBeats", s_.head / lanes_}, {"Heads", heads}};
    return made;
  }

  /// Keys or values, and their scales, of all visible positions.
  QuantisedHeads cached(size_t operand, const std::string& name) {
    const Extent context = Extent::symbol(Past) + Extent::symbol(Sequence);
    const QuantisedHeads rows = quantised(operand, s_.kv_heads, DType::BF16, name);
    const TensorId values = l_.new_tensor(node_.name + name + "s", DType::I8,
                                          {Extent(s_.kv_heads), context, Extent(s_.head)});
    const TensorId scales =
        l_.new_tensor(node_.name + name + "_scales", DType::BF16, {Extent(s_.kv_heads), context});
    QuantisedHeads made{{values, cached_stream(l_, s_, DType::I8, s_.head, lanes_), -1},
                        {scales, cached_stream(l_, s_, DType::BF16, 0, 1), -1}};
    lower_cache(l_, node_, operand, s_, values, made.values.type, &rows.values);
    lower_scales(operand, name, rows.scales, made.scales);
    return made;
  }

  void lower_scales(size_t operand, const std::string& name, const Port& rows, const Port& scales) {
    const int64_t positions = l_.program().max_positions;
    Memory memory = cache_memory(l_, node_, operand, scales.tensor);
    memory.name += ".scales";
    memory.dtype = DType::BF16;
    memory.lanes = 1;
    memory.beats = positions;
    memory.rows = s_.kv_heads;
    const MemoryId id = l_.add_memory(memory);
    Kernel& kernel = l_.add_kernel("cache_scales", node_, name + "_scales");
    kernel.inputs = {rows};
    kernel.outputs = {scales};
    kernel.memories = {id};
    kernel.sizes = {
        {"Heads", s_.kv_heads}, {"Repeat", s_.heads / s_.kv_heads}, {"MaxPositions", positions}};
  }

  Port scores_of(const QuantisedHeads& query, const QuantisedHeads& keys) {
    Port scores = scored(".scores", DType::F32);
    Kernel& kernel = l_.add_kernel("attention_scores_int8", node_, ".scores");
    kernel.inputs = {query.values, query.scales, keys.values, keys.scales};
    kernel.outputs = {scores};
    kernel.sizes = {{"L", lanes_}, {"HeadBeats", s_.head / lanes_}, {"Heads", s_.heads}};
    kernel.reals = {{"scale", s_.scale}};
    return scores;
  }

  /// Weights of positions, and the factor of each head.
  QuantisedHeads weights_of(const Port& scores, const Port& scales,
                            const std::vector<int64_t>& windows) {
    QuantisedHeads made{scored(".weights", DType::I16), per_head(".factors", s_.heads, DType::F32)};
    Kernel& kernel = l_.add_kernel("attention_weights_int8", node_, ".weights");
    kernel.inputs = {scores, scales};
    kernel.outputs = {made.values, made.scales};
    kernel.sizes = {
        {"MaxPositions", l_.program().max_positions}, {"Heads", s_.heads}, {"Window", windows[0]}};
    if (windows.size() > 1) kernel.layer_sizes["Window"] = windows;
    return made;
  }

  void context_of(const QuantisedHeads& weights, const Port& values) {
    const int64_t width = s_.heads * s_.head;
    const Port y{l_.row_tensor(node_.outputs[0], width), l_.row_stream(width, DType::F32, lanes_),
                 -1};
    Kernel& kernel = l_.add_kernel("attention_context_int8", node_, ".context");
    kernel.inputs = {weights.values, values, weights.scales};
    kernel.outputs = {y};
    kernel.sizes = {{"L", lanes_}, {"HeadBeats", s_.head / lanes_}, {"Heads", s_.heads}};
  }

  Lowering& l_;
  const Node& node_;
  const AttentionShape s_;
  const int lanes_;
};

/// Sums that would not fit. Errors: E0309.
Status check_sums(const Node& node, const AttentionShape& s, int64_t positions) {
  if (positions > MostInt8Positions)
    return unsupported(node,
                       "a context of " + std::to_string(positions) +
                           " positions is too long for integer sums over int8 keys and values",
                       "at most " + std::to_string(MostInt8Positions) +
                           " positions, or --kv-cache f32; --dim bounds them");
  if (s.head > MostInt8Head)
    return unsupported(node,
                       "a head of " + std::to_string(s.head) +
                           " elements is too wide for integer sums over int8 keys",
                       "at most " + std::to_string(MostInt8Head) + ", or --kv-cache f32");
  return {};
}

}  // namespace

Status lower_int8_attention(Lowering& l, const Node& node, int64_t width) {
  const AttentionShape s = attention_shape_of(node, width);
  ST_TRY(windows, attention_windows(l, node));
  ST_CHECK(check_sums(node, s, l.program().max_positions));
  Int8Attention(l, node, s, l.lanes(s.head)).lower(windows);
  return {};
}

}  // namespace st
