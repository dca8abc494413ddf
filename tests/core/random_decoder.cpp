// SPDX-License-Identifier: Apache-2.0
#include "tests/core/random_decoder.h"

#include <cmath>

#include "core/ops/check.h"
#include "core/passes/infer.h"

namespace st::test {
namespace {

class DecoderMaker {
 public:
  DecoderMaker(uint64_t seed, DecoderSize size, DecoderLayers layers)
      : random_(seed),
        small_(size == DecoderSize::Small),
        equal_(layers == DecoderLayers::Equal),
        head_random_(~seed),
        window_random_(seed ^ 1),
        layer_random_(seed ^ 2) {
    graph_.name = "random " + std::to_string(seed);
    graph_.opset = 24;
    max_sequence_ = random_.between(4, 8);
    width_ = random_.pick<int64_t>({3, 4, 7, 8, 13, 16, 20, 24, 31, 32, 48, 67});
    vocabulary_ = random_.pick<int64_t>({5, 11, 61, 17, 32, 40});
    if (small_) width_ = random_.pick<int64_t>({3, 4, 7, 8, 13, 16, 20, 24, 32});
    rotary_ = random_.chance(0.5);
    head_ = rotary_ ? 2 * random_.between(1, 9) : random_.between(1, 17);
    kv_heads_ = random_.between(1, 3);
    heads_ = kv_heads_ * random_.between(1, 3);
    if (small_) {
      head_ = rotary_ ? 2 * random_.between(1, 2) : random_.between(1, 4);
      kv_heads_ = random_.between(1, 2);
      heads_ = kv_heads_ * random_.between(1, 2);
    }
    rms_ = random_.chance(0.5);
    biased_ = random_.chance(0.5);
    attends_ = random_.chance(0.9);
    head_norms_ = head_random_.chance(0.3);
    graph_.symbols["s"] = {1, max_sequence_};
    if (attends_) graph_.symbols["p"] = {0, random_.between(4, 12)};
    // Positions are needed by tables, which hold all of them.
    positions_ = max_sequence_ + (attends_ ? graph_.symbols["p"].high : 0);
  }

  Graph make() {
    ids_ = input("input_ids", DType::I64, {1, Extent::symbol("s")});
    const bool learned = random_.chance(0.5);
    if (learned || (rotary_ && attends_))
      position_ids_ = input("position_ids", DType::I64, {1, Extent::symbol("s")});
    const ValueId table = constant("wte", {vocabulary_, width_}, 1.0f);
    ValueId x = node("Gather", {table, ids_});
    if (learned)
      x = node("Add",
               {x, node("Gather", {constant("wpe", {positions_, width_}, 0.5f), position_ids_})});
    if (rotary_) {
      const auto tables = [&] {
        cosines_.push_back(constant("cos", {positions_, head_ / 2}, 1.0f));
        sines_.push_back(constant("sin", {positions_, head_ / 2}, 1.0f));
      };
      tables();
      std::swap(random_, layer_random_);
      if (random_.chance(0.5)) tables();
      std::swap(random_, layer_random_);
    }
    const int64_t layers = random_.between(equal_ ? 2 : 1, small_ ? 2 : 3);
    const Random first = random_, first_head = head_random_, first_window = window_random_;
    for (int64_t layer = 0; layer < layers; ++layer) {
      if (equal_) {
        random_ = first;
        head_random_ = first_head;
        window_random_ = first_window;
        gain_ = 1.0f + 0.25f * static_cast<float>(layer);
      }
      if (rotary_) angles_ = layer_random_.below(cosines_.size());
      const ValueId earlier = x;
      if (attends_ && random_.chance(0.2)) {  // both halves of the layer side by side
        const ValueId rows = norm(x);
        x = node("Add", {node("Add", {feed_forward(rows), attention(rows, layer)}), x});
      } else {
        if (attends_) x = node("Add", {x, attention(norm(x), layer)});
        if (random_.chance(0.9)) x = node("Add", {feed_forward(norm(x)), x});
      }
      if (random_.chance(0.3))
        x = node(random_.pick<std::string>({"Add", "Sub", "Mul"}), {x, earlier});
      x = maybe_scaled(x);
      if (random_.chance(0.2)) x = shuffled(x);
      if (random_.chance(0.2)) x = node("Identity", {x});
    }
    gain_ = 1;
    x = norm(x);
    ValueId logits;
    if (random_.chance(0.4)) {  // tied: the table once more, by a Transpose
      logits =
          node("MatMul", {x, node("Transpose", {table}, {{"perm", std::vector<int64_t>{1, 0}}})});
    } else {
      logits = linear(x, width_, vocabulary_);
    }
    graph_.values[logits].name = "logits";
    graph_.outputs.insert(graph_.outputs.begin(), logits);
    return std::move(graph_);
  }

 private:
  ValueId input(const std::string& name, DType type, std::vector<Extent> shape) {
    const ValueId id = graph_.add_value(name, TensorType{type, std::move(shape)});
    graph_.inputs.push_back(id);
    return id;
  }
  ValueId constant(const std::string& name, const std::vector<int64_t>& shape, float scale) {
    const ValueId id = graph_.add_value(name + "." + std::to_string(graph_.values.size()),
                                        TensorType{DType::F32, {shape.begin(), shape.end()}});
    graph_.values[id].constant = constant_of(random_f32(random_, shape, scale * gain_));
    return id;
  }
  std::vector<ValueId> nodes(const std::string& op, std::vector<ValueId> inputs, size_t outputs,
                             std::map<std::string, Attribute> attributes = {}) {
    Node made;
    made.name = "/" + op + "_" + std::to_string(graph_.nodes.size());
    made.op = op;
    made.inputs = std::move(inputs);
    made.attributes = std::move(attributes);
    for (size_t i = 0; i < outputs; ++i)
      made.outputs.push_back(graph_.add_value(made.name + ":" + std::to_string(i)));
    graph_.nodes.push_back(made);
    // The same once more, for the pass that merges equal nodes: its result is used in place of the
    // first one by some readers.
    if (outputs == 1 && random_.chance(0.05)) {
      Node again = made;
      again.name += " again";
      again.outputs = {graph_.add_value(again.name)};
      graph_.nodes.push_back(again);
      if (random_.chance(0.5)) return again.outputs;
    }
    return made.outputs;
  }
  ValueId node(const std::string& op, std::vector<ValueId> inputs,
               std::map<std::string, Attribute> attributes = {}) {
    return nodes(op, std::move(inputs), 1, std::move(attributes))[0];
  }

  ValueId norm(ValueId x) {
    std::vector<ValueId> inputs = {x, constant("scale", {width_}, 1.0f)};
    if (!rms_ && random_.chance(0.7)) inputs.push_back(constant("shift", {width_}, 0.3f));
    return node(rms_ ? "RMSNormalization" : "LayerNormalization", inputs,
                {{"axis", int64_t{-1}}, {"epsilon", 1e-5f}});
  }
  ValueId linear(ValueId x, int64_t depth, int64_t width) {
    const float scale = 1.7f / std::sqrt(static_cast<float>(depth));
    ValueId y = node("MatMul", {x, constant("weight", {depth, width}, scale)});
    if (!biased_) return y;
    const ValueId bias = constant("bias", {width}, 0.3f);
    return random_.chance(0.5) ? node("Add", {y, bias}) : node("Add", {bias, y});
  }
  ValueId maybe_scaled(ValueId x) {
    if (random_.chance(0.7)) return x;
    const std::string op = random_.pick<std::string>({"Mul", "Div", "Sub"});
    const std::vector<int64_t> shape =
        random_.pick<std::vector<int64_t>>({{}, {1}, {width_}, {1, 1, width_}});
    Tensor factors = random_f32(random_, shape, 0.4f * gain_);
    for (float& f : factors.f32()) f += 1.0f;  // never near 0
    const ValueId id = graph_.add_value("factor." + std::to_string(graph_.values.size()),
                                        TensorType{DType::F32, {shape.begin(), shape.end()}});
    graph_.values[id].constant = constant_of(factors);
    return node(op, {x, id});
  }
  /// The parts of a row in another order: its last columns first, or its columns twice, of which
  /// one half is taken.
  ValueId shuffled(ValueId x) {
    const std::map<std::string, Attribute> axis = {{"axis", int64_t{-1}}};
    const int64_t first = random_.between(1, width_ - 1);
    auto cut = axis;
    if (random_.chance(0.5)) {
      cut["split"] = std::vector<int64_t>{first, width_ - first};
      const auto parts = nodes("Split", {x}, 2, cut);
      return node("Concat", {parts[1], parts[0]}, axis);
    }
    cut["split"] = std::vector<int64_t>{first, width_, width_ - first};
    return nodes("Split", {node("Concat", {x, x}, axis)}, 3, cut)[1];
  }
  ValueId activated(ValueId x) {
    const int64_t form = random_.below(7);
    if (form == 0) return node("Gelu", {x});
    if (form == 1) return node("Gelu", {x}, {{"approximate", std::string("tanh")}});
    if (form == 2) return node("Relu", {x});
    if (form == 3) return node("Swish", {x});
    if (form == 4) return node("Mul", {x, node("Sigmoid", {x})});
    if (form == 5) return node("Tanh", {x});
    return node("Mul", {x, x});
  }
  ValueId feed_forward(ValueId x) {
    const int64_t hidden = small_ ? random_.pick<int64_t>({5, 8, 12, 19, 32})
                                  : random_.pick<int64_t>({5, 8, 19, 32, 33, 64});
    const int64_t form = random_.below(4);
    if (form == 3) {  // the third part is read by nobody
      const auto parts = nodes("Split", {linear(x, width_, 3 * hidden)}, 3,
                               {{"axis", int64_t{-1}}, {"num_outputs", int64_t{3}}});
      return linear(node("Sub", {parts[1], activated(parts[0])}), hidden, width_);
    }
    if (form == 0) return linear(activated(linear(x, width_, hidden)), hidden, width_);
    ValueId gate, up;
    if (form == 1) {
      gate = linear(x, width_, hidden);
      up = linear(x, width_, hidden);
    } else {
      const auto parts = nodes("Split", {linear(x, width_, 2 * hidden)}, 2,
                               {{"axis", int64_t{-1}}, {"num_outputs", int64_t{2}}});
      gate = parts[0];
      up = parts[1];
    }
    return linear(node("Mul", {activated(gate), up}), hidden, width_);
  }

  ValueId reshaped(ValueId x, const std::vector<int64_t>& sizes) {
    Tensor shape = Tensor::zeros(DType::I64, {static_cast<int64_t>(sizes.size())});
    shape.as<int64_t>() = sizes;
    const ValueId id = graph_.add_value("shape." + std::to_string(graph_.values.size()),
                                        TensorType{DType::I64, {shape.size()}});
    graph_.values[id].constant = constant_of(shape);
    return node("Reshape", {x, id});
  }
  /// RMSNormalization of each head, as ONNX spells it.
  ValueId heads_normed(ValueId x, int64_t heads, ValueId scale) {
    using Sizes = std::vector<int64_t>;
    x = reshaped(
        x,
        random_.pick<Sizes>(
            {{0, 0, heads, head_}, {0, 0, -1, head_}, {0, 0, heads, -1}, {1, -1, heads, head_}}));
    x = node("RMSNormalization", {x, scale}, {{"axis", int64_t{-1}}, {"epsilon", 1e-6f}});
    return reshaped(
        x, random_.pick<Sizes>({{0, 0, -1}, {0, 0, heads * head_}, {1, -1, heads * head_}}));
  }
  ValueId turned(ValueId x, int64_t heads) {
    const std::map<std::string, Attribute> attributes = {{"num_heads", heads},
                                                         {"interleaved", interleaved_}};
    if (random_.chance(0.5))
      return node("RotaryEmbedding", {x, cosines_[angles_], sines_[angles_], position_ids_},
                  attributes);
    return node("RotaryEmbedding",
                {x, node("Gather", {cosines_[angles_], position_ids_}),
                 node("Gather", {sines_[angles_], position_ids_})},
                attributes);
  }
  ValueId attention(ValueId x, int64_t layer) {
    const int64_t q_width = heads_ * head_, kv_width = kv_heads_ * head_;
    ValueId q, k, v;
    if (random_.chance(0.4)) {
      std::map<std::string, Attribute> attributes = {{"axis", int64_t{2}}};
      if (heads_ != kv_heads_)
        attributes["split"] = std::vector<int64_t>{q_width, kv_width, kv_width};
      const auto parts = nodes("Split", {linear(x, width_, q_width + 2 * kv_width)}, 3, attributes);
      q = parts[0], k = parts[1], v = parts[2];
    } else {
      q = linear(x, width_, q_width);
      k = linear(x, width_, kv_width);
      v = linear(x, width_, kv_width);
    }
    if (head_norms_) {
      // Numbers of their own, so that decoders differ in these norms alone.
      std::swap(random_, head_random_);
      const ValueId scale = constant("head scale", {head_}, 1.0f);
      q = heads_normed(q, heads_, scale);
      k = heads_normed(k, kv_heads_,
                       random_.chance(0.3) ? scale : constant("head scale", {head_}, 1.0f));
      std::swap(random_, head_random_);
    }
    if (rotary_) {
      q = turned(q, heads_);
      k = turned(k, kv_heads_);
    }
    const std::vector<Extent> cache = {1, kv_heads_, Extent::symbol("p"), head_};
    const std::string name = std::to_string(layer);
    const ValueId keys = input("past_key_values." + name + ".key", DType::F32, cache);
    const ValueId values = input("past_key_values." + name + ".value", DType::F32, cache);
    std::map<std::string, Attribute> attributes = {
        {"is_causal", int64_t{1}}, {"q_num_heads", heads_}, {"kv_num_heads", kv_heads_}};
    if (random_.chance(0.3)) attributes["scale"] = 0.25f;
    // Numbers of their own, so that decoders differ in this alone.
    const bool windowed = window_random_.chance(0.5);
    Node made;
    made.name = "/attention_" + name;
    made.op = "Attention";
    if (windowed) made.domain = OwnDomain;
    made.inputs = {q, k, v, NoValue, keys, values};
    if (windowed) {
      made.inputs.push_back(NoValue);
      made.inputs.push_back(graph_.add_value(made.name + "/window", TensorType{DType::I64, {}}));
      graph_.values[made.inputs.back()].constant =
          constant_of({{}, std::vector<int64_t>{layer_random_.between(0, 5)}});
    }
    made.attributes = attributes;
    made.outputs = {graph_.add_value(made.name), graph_.add_value("present." + name + ".key"),
                    graph_.add_value("present." + name + ".value")};
    graph_.outputs.push_back(made.outputs[1]);
    graph_.outputs.push_back(made.outputs[2]);
    graph_.nodes.push_back(made);
    return linear(made.outputs[0], q_width, width_);
  }

  Random random_;
  bool small_, equal_;
  float gain_ = 1;  ///< of the weights of the layer at hand
  Random head_random_, window_random_;
  Random layer_random_;  ///< of what equal layers may differ in: windows, and tables of angles
  Graph graph_;
  int64_t max_sequence_, width_, vocabulary_, head_, kv_heads_, heads_, positions_;
  int64_t interleaved_ = random_.below(2);
  bool rotary_, rms_, biased_, attends_, head_norms_;
  ValueId ids_ = NoValue, position_ids_ = NoValue;
  std::vector<ValueId> cosines_, sines_;
  size_t angles_ = 0;  ///< of the layer at hand
};

}  // namespace

Graph random_decoder(uint64_t seed, DecoderSize size, DecoderLayers layers) {
  return DecoderMaker(seed, size, layers).make();
}

Status prepare(Graph& graph) {
  ST_CHECK(graph.check_and_sort());
  ST_CHECK(check_operators(graph));
  return infer_types(graph);
}

}  // namespace st::test
