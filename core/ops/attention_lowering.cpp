// SPDX-License-Identifier: Apache-2.0
#include "core/ops/attention_lowering.h"

#include <algorithm>
#include <cmath>

#include "core/graph/layers.h"

namespace st {

AttentionShape attention_shape_of(const Node& node, int64_t query_width) {
  AttentionShape s;
  s.heads = node.integer("q_num_heads", 0);
  s.kv_heads = node.integer("kv_num_heads", 0);
  s.head = s.heads > 0 ? query_width / s.heads : 0;
  s.scale = node.real(
      "scale",
      static_cast<float>(1.0 / std::sqrt(static_cast<double>(std::max<int64_t>(s.head, 1)))));
  return s;
}

Result<std::vector<int64_t>> attention_windows(Lowering& l, const Node& node) {
  std::vector<int64_t> windows = {0};
  if (node.input(AttentionWindow) == NoValue) return windows;
  const Value& value = l.graph().values[node.inputs[AttentionWindow]];
  if (!value.constant) return unsupported(node, "the window must be a constant");
  windows.clear();
  for (int64_t layer = 0; layer < value.constant->layers(); ++layer) {
    ST_TRY(window, value.constant->load_layer(layer));
    const int64_t seen = window.as<int64_t>()[0];
    if (seen < 0) return unsupported(node, "a window of " + std::to_string(seen) + " positions");
    windows.push_back(seen < l.program().max_positions ? seen : 0);
  }
  if (std::all_of(windows.begin(), windows.end(), [&](int64_t w) { return w == windows[0]; }))
    windows.resize(1);
  return windows;
}

StreamType cached_stream(const Lowering& l, const AttentionShape& s, DType dtype, int64_t head,
                         int lanes) {
  StreamType type = {{{1, 1},
                      dtype,
                      {l.rows(), s.kv_heads, s.heads / s.kv_heads, l.visible_positions()},
                      {1, 1, 1, 1},
                      {1, 3}},
                     lanes};
  if (head > 0) {
    type.itensor.elem.push_back(head);
    type.itensor.map.emplace_back(Zero);
  }
  return type;
}

StreamType scored_stream(const Lowering& l, const AttentionShape& s, DType dtype) {
  return {{{1, 1, 1}, dtype, {l.rows(), s.heads, l.visible_positions()}, {1, 1, 1}, {1, 0, 2}}, 1};
}

Memory cache_memory(const Lowering& l, const Node& node, size_t operand, TensorId cache) {
  Memory memory;
  memory.name = l.graph().values[node.input(operand + 3)].name;
  memory.role = MemoryRole::Cache;
  memory.tensor = cache;
  if (node.layered) memory.copies = layers_of(l.graph()).count;
  return memory;
}

void lower_cache(Lowering& l, const Node& node, size_t operand, const AttentionShape& s,
                 TensorId cache, const StreamType& stream, const Port* rows) {
  const int lanes = stream.lanes;
  const int64_t width = s.kv_heads * s.head;
  Memory memory = cache_memory(l, node, operand, cache);
  memory.dtype = stream.itensor.dtype;
  memory.lanes = lanes;
  memory.beats = s.head / lanes;
  memory.rows = s.kv_heads * l.program().max_positions;
  const MemoryId id = l.add_memory(memory);
  const Port own = rows ? *rows
                        : Port{l.row_tensor(node.inputs[operand], width),
                               l.row_stream(width, DType::F32, lanes), -1};
  Kernel& kernel = l.add_kernel("cache_rows", node, operand == 1 ? ".keys" : ".values");
  kernel.inputs = {own};
  kernel.outputs = {{cache, stream, -1}};
  kernel.memories = {id};
  kernel.sizes = {{"L", lanes},
                  {"HeadBeats", s.head / lanes},
                  {"Heads", s.kv_heads},
                  {"Repeat", s.heads / s.kv_heads},
                  {"MaxPositions", l.program().max_positions}};
}

Status lower_float_attention(Lowering& l, const Node& node, int64_t width) {
  const AttentionShape s = attention_shape_of(node, width);
  ST_TRY(windows, attention_windows(l, node));
  const int lanes = l.lanes(s.head);
  const Extent context = Extent::symbol(Past) + Extent::symbol(Sequence);
  const StreamType cached = cached_stream(l, s, DType::F32, s.head, lanes);
  const StreamType scored = scored_stream(l, s, DType::F32);
  const TensorId keys =
      l.new_tensor(node.name + ".keys", DType::F32, {Extent(s.kv_heads), context, Extent(s.head)});
  const TensorId values = l.new_tensor(node.name + ".values", DType::F32,
                                       {Extent(s.kv_heads), context, Extent(s.head)});
  const TensorId scores = l.new_tensor(node.name + ".scores", DType::F32,
                                       {Extent(s.heads), Extent::symbol(Sequence), context});
  const TensorId probabilities = l.new_tensor(node.name + ".probabilities", DType::F32,
                                              {Extent(s.heads), Extent::symbol(Sequence), context});
  lower_cache(l, node, 1, s, keys, cached);
  {
    const Port q{l.row_tensor(node.inputs[0], width), l.row_stream(width, DType::F32, lanes), -1};
    Kernel& kernel = l.add_kernel("attention_scores", node, ".scores");
    kernel.inputs = {q, {keys, cached, -1}};
    kernel.outputs = {{scores, scored, -1}};
    kernel.sizes = {{"L", lanes}, {"HeadBeats", s.head / lanes}, {"Heads", s.heads}};
    kernel.reals = {{"scale", s.scale}};
  }
  {
    Kernel& kernel = l.add_kernel("softmax_rows", node, ".softmax");
    kernel.inputs = {{scores, scored, -1}};
    kernel.outputs = {{probabilities, scored, -1}};
    const int64_t most = l.program().max_positions;
    kernel.sizes = {{"MaxPositions", most}, {"Heads", s.heads}, {"Window", windows[0]}};
    if (windows.size() > 1) kernel.layer_sizes["Window"] = windows;
  }
  lower_cache(l, node, 2, s, values, cached);
  {
    const Port y{l.row_tensor(node.outputs[0], width), l.row_stream(width, DType::F32, lanes), -1};
    Kernel& kernel = l.add_kernel("attention_context", node, ".context");
    kernel.inputs = {{probabilities, scored, -1}, {values, cached, -1}};
    kernel.outputs = {y};
    kernel.sizes = {{"L", lanes}, {"HeadBeats", s.head / lanes}, {"Heads", s.heads}};
  }
  return {};
}

}  // namespace st
