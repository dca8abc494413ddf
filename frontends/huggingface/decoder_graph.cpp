// SPDX-License-Identifier: Apache-2.0
#include "frontends/huggingface/decoder_graph.h"

#include <algorithm>

#include "core/graph/attention.h"

namespace st::huggingface {
namespace {

/// The newest opset whose operators are used: Swish.
constexpr int64_t Opset = 24;
constexpr const char* SequenceLength = "sequence_length";
constexpr const char* PastLength = "past_sequence_length";

using Attributes = std::map<std::string, Attribute>;

/// Outputs of a linear layer that has them beside others.
struct Part {
  std::string name;
  int64_t begin = 0, size = 0;
};

class Builder {
 public:
  Builder(const ReadConfig& config, std::string prefix, const Bounds& bounds)
      : c_(config.decoder),
        names_(config.family->names),
        prefix_(std::move(prefix)),
        bounds_(bounds) {}

  DecoderGraph build(const std::string& name) {
    graph().name = name;
    graph().opset = Opset;
    add_inputs();
    ValueId x = embed();
    for (size_t layer = 0; layer < c_.layers.size(); ++layer) x = block(layer, x);
    add_head(norm(std::string(names_.final_norm), x));
    add_metadata();
    return std::move(made_);
  }

 private:
  Graph& graph() { return made_.graph; }

  ValueId node(const std::string& name, const std::string& op, std::vector<ValueId> inputs,
               Attributes attributes = {}) {
    Node made;
    made.name = name;
    made.op = op;
    made.inputs = std::move(inputs);
    made.outputs = {graph().add_value(name)};
    made.attributes = std::move(attributes);
    graph().nodes.push_back(made);
    return made.outputs[0];
  }

  ValueId constant(const std::string& name, Tensor tensor) {
    const TensorType type{tensor.dtype(), {tensor.shape.begin(), tensor.shape.end()}};
    const ValueId id = graph().add_value(name, type);
    graph().values[static_cast<size_t>(id)].constant = constant_of(std::move(tensor));
    return id;
  }

  ValueId add(Weight weight) {
    const std::vector<int64_t> shape = weight.shape();
    const ValueId id =
        graph().add_value(weight.name, TensorType{DType::F32, {shape.begin(), shape.end()}});
    made_.weights.push_back(std::move(weight));
    return id;
  }

  /// A tensor of the checkpoint as it is.
  ValueId tensor(const std::string& name, std::vector<Dimension> shape, WeightRole role) {
    Weight weight;
    weight.name = name;
    weight.tensor = prefix_ + name;
    weight.size = shape.back().size;
    weight.tensor_shape = std::move(shape);
    weight.role = role;
    return add(std::move(weight));
  }

  /// x W^T + b of the module `name`; `part`: of its outputs, or all of them.
  ValueId linear(const std::string& name, ValueId x, const Dimension& in, const Dimension& out,
                 bool bias, const Part& part = {}) {
    const std::string full = part.name.empty() ? name : name + "." + part.name;
    Weight weight;
    weight.name = full + ".weight";
    weight.tensor = prefix_ + name + ".weight";
    weight.begin = part.begin;
    // Parts are columns, so that there are none of matrices that are [out, in].
    weight.tensor_shape = names_.inputs_first ? std::vector{in, out} : std::vector{out, in};
    weight.size = part.size > 0 ? part.size : weight.tensor_shape.back().size;
    Weight offset = weight;
    ValueId matrix = add(std::move(weight));
    if (!names_.inputs_first)
      matrix =
          node(full + "/Transpose", "Transpose", {matrix}, {{"perm", std::vector<int64_t>{1, 0}}});
    const ValueId product = node(full + "/MatMul", "MatMul", {x, matrix});
    if (!bias) return product;
    offset.name = full + ".bias";
    offset.tensor = prefix_ + name + ".bias";
    offset.tensor_shape = {out};
    offset.size = part.size > 0 ? part.size : out.size;
    offset.role = WeightRole::Bias;
    return node(full + "/Add", "Add", {product, add(std::move(offset))});
  }

  /// The scale of a norm over `width`.
  ValueId norm_scale(const std::string& name, const Dimension& width) {
    Weight weight;
    weight.name = name + ".weight";
    weight.tensor = prefix_ + weight.name;
    weight.tensor_shape = {width};
    weight.size = width.size;
    weight.role = WeightRole::NormScale;
    weight.add_one = c_.one_plus_scale;
    return add(std::move(weight));
  }

  ValueId norm(const std::string& name, ValueId x) {
    std::vector<ValueId> inputs = {x, norm_scale(name, width_)};
    if (c_.norm == Norm::Layer)
      inputs.push_back(tensor(name + ".bias", {width_}, WeightRole::Bias));
    return node(name, c_.norm == Norm::Layer ? "LayerNormalization" : "RMSNormalization", inputs,
                {{"axis", int64_t{-1}}, {"epsilon", c_.epsilon}});
  }

  /// The norm of each head, with one scale for all.
  ValueId head_norm(const std::string& name, ValueId x, int64_t heads) {
    const ValueId cut =
        constant(name + "/heads", {{4}, std::vector<int64_t>{0, 0, heads, c_.head}});
    const ValueId joined =
        constant(name + "/row", {{3}, std::vector<int64_t>{0, 0, heads * c_.head}});
    const ValueId parts = node(name + "/Reshape", "Reshape", {x, cut});
    const ValueId normed =
        node(name, "RMSNormalization", {parts, norm_scale(name, {c_.head, "head_dim"})},
             {{"axis", int64_t{-1}}, {"epsilon", c_.epsilon}});
    return node(name + "/Join", "Reshape", {normed, joined});
  }

  ValueId embed() {
    embedding_ = tensor(std::string(names_.embedding) + ".weight", {vocabulary_, width_},
                        WeightRole::Matrix);
    ValueId x = node(std::string(names_.embedding), "Gather", {embedding_, input_ids_},
                     {{"axis", int64_t{0}}});
    if (c_.embedding_scale != 1) {
      const auto scale = static_cast<float>(c_.embedding_scale);
      x = node("embedding/Mul", "Mul", {x, constant("embedding/scale", {{}, std::vector{scale}})});
    }
    if (c_.learned_positions) {
      const std::string name(names_.positions);
      const ValueId table = tensor(name + ".weight", {positions_, width_}, WeightRole::Matrix);
      x = node("embedding/Add", "Add",
               {x, node(name, "Gather", {table, position_ids_}, {{"axis", int64_t{0}}})});
    }
    for (size_t i = 0; i < c_.rotary.size(); ++i) {
      const std::string name = i == 0 ? "rotary" : "rotary." + std::to_string(i);
      auto [cosine, sine] = rotary_tables(c_.rotary[i], c_.head, bounds_.context);
      tables_.emplace_back(table(name + ".cos", std::move(cosine)),
                           table(name + ".sin", std::move(sine)));
    }
    return x;
  }

  ValueId table(const std::string& name, Tensor values) {
    Weight weight;
    weight.name = name;
    weight.computed = std::move(values);
    return add(std::move(weight));
  }

  /// Each position's pairs turned by its angles.
  ValueId rotated(const std::string& name, ValueId x, int64_t heads, const LayerConfig& layer) {
    if (tables_.empty()) return x;
    const auto& [cosine, sine] = tables_[layer.rotary];
    return node(name, "RotaryEmbedding", {x, cosine, sine, position_ids_}, {{"num_heads", heads}});
  }

  ValueId attention(const std::string& layer_name, size_t number, ValueId x) {
    const LayerConfig& layer = c_.layers[number];
    const std::string base = layer_name + ".";
    ValueId q, k, v;
    if (!names_.query_key_value.empty()) {
      const std::string name = base + std::string(names_.query_key_value);
      const Dimension out{queries_.size + 2 * keys_.size, "3 * n_embd"};
      q = linear(name, x, width_, out, c_.qkv_bias, {"query", 0, queries_.size});
      k = linear(name, x, width_, out, c_.qkv_bias, {"key", queries_.size, keys_.size});
      v = linear(name, x, width_, out, c_.qkv_bias,
                 {"value", queries_.size + keys_.size, keys_.size});
    } else {
      q = linear(base + std::string(names_.query), x, width_, queries_, c_.qkv_bias);
      k = linear(base + std::string(names_.key), x, width_, keys_, c_.qkv_bias);
      v = linear(base + std::string(names_.value), x, width_, keys_, c_.qkv_bias);
    }
    if (c_.head_norms) {
      q = head_norm(base + std::string(names_.query_norm), q, c_.heads);
      k = head_norm(base + std::string(names_.key_norm), k, c_.kv_heads);
    }
    q = rotated(layer_name + "/query_rotary", q, c_.heads, layer);
    k = rotated(layer_name + "/key_rotary", k, c_.kv_heads, layer);
    const ValueId mixed = attend(layer_name + "/attention", number, {q, k, v, NoValue});
    return linear(base + std::string(names_.output), mixed, queries_, width_, c_.output_bias);
  }

  /// Causal attention of a layer over the cached rows and the new ones.
  ValueId attend(const std::string& name, size_t number, std::vector<ValueId> inputs) {
    const LayerConfig& layer = c_.layers[number];
    const ValueId mixed = node(name, "Attention", {},
                               {{"is_causal", int64_t{1}},
                                {"kv_num_heads", c_.kv_heads},
                                {"q_num_heads", c_.heads},
                                {"scale", static_cast<float>(layer.scale)}});
    for (const std::string part : {"key", "value"}) {
      const std::string suffix = "." + std::to_string(number) + "." + part;
      const auto cache = [&](const Extent& rows) {
        return TensorType{DType::F32, {1, c_.kv_heads, rows, c_.head}};
      };
      const Extent past = Extent::symbol(PastLength), fresh = Extent::symbol(SequenceLength);
      inputs.push_back(graph().add_value("past_key_values" + suffix, cache(past)));
      graph().inputs.push_back(inputs.back());
      const ValueId present = graph().add_value("present" + suffix, cache(past + fresh));
      graph().outputs.push_back(present);
      graph().nodes.back().outputs.push_back(present);
    }
    // All layers have a window if one has, so that they stay alike.
    if (std::any_of(c_.layers.begin(), c_.layers.end(),
                    [](const LayerConfig& any) { return any.window > 0; })) {
      inputs.resize(AttentionWindow, NoValue);
      inputs.push_back(constant(name + "/window", {{}, std::vector<int64_t>{layer.window}}));
      graph().nodes.back().domain = OwnDomain;
    }
    graph().nodes.back().inputs = std::move(inputs);
    return mixed;
  }

  ValueId activated(const std::string& name, ValueId x) {
    Attributes attributes;
    if (c_.activation.op == "Gelu") attributes["approximate"] = c_.activation.approximate;
    return node(name + c_.activation.op, c_.activation.op, {x}, attributes);
  }

  ValueId feed_forward(const std::string& layer_name, ValueId x) {
    const std::string base = layer_name + ".", mlp = layer_name + "/mlp/";
    const auto layer = [&](std::string_view name) {
      return linear(base + std::string(name), x, width_, hidden_, c_.mlp_bias);
    };
    ValueId inner = 0;
    if (c_.gated) {
      const ValueId gate = activated(mlp, layer(names_.gate));
      inner = node(mlp + "Mul", "Mul", {gate, layer(names_.up)});
    } else {
      inner = activated(mlp, layer(names_.up));
    }
    return linear(base + std::string(names_.down), inner, hidden_, width_, c_.mlp_bias);
  }

  ValueId block(size_t number, ValueId x) {
    const std::string name = std::string(names_.layers) + "." + std::to_string(number);
    const auto module = [&](std::string_view part) { return name + "." + std::string(part); };
    ValueId mixed = attention(name, number, norm(module(names_.attention_norm), x));
    if (c_.post_norms) mixed = norm(module(names_.post_attention_norm), mixed);
    x = node(name + "/attention/residual", "Add", {x, mixed});
    ValueId made = feed_forward(name, norm(module(names_.mlp_norm), x));
    if (c_.post_norms) made = norm(module(names_.post_mlp_norm), made);
    return node(name + "/mlp/residual", "Add", {x, made});
  }

  void add_head(ValueId x) {
    const std::string name(names_.head);
    ValueId matrix = embedding_;
    if (!c_.tied) {
      Weight weight;
      weight.name = weight.tensor = name + ".weight";
      weight.tensor_shape = {vocabulary_, width_};
      weight.size = width_.size;
      matrix = add(std::move(weight));
    }
    const ValueId turned =
        node(name + "/Transpose", "Transpose", {matrix}, {{"perm", std::vector<int64_t>{1, 0}}});
    const ValueId logits = node(name + "/MatMul", "MatMul", {x, turned});
    Value& value = graph().values[static_cast<size_t>(logits)];
    value.name = "logits";
    value.type = TensorType{DType::F32, {1, Extent::symbol(SequenceLength), vocabulary_.size}};
    graph().outputs.insert(graph().outputs.begin(), logits);
  }

  void add_inputs() {
    const TensorType ids{DType::I64, {1, Extent::symbol(SequenceLength)}};
    input_ids_ = graph().add_value("input_ids", ids);
    position_ids_ = graph().add_value("position_ids", ids);
    graph().inputs = {input_ids_, position_ids_};
  }

  void add_metadata() {
    graph().symbols = {{SequenceLength, {1, bounds_.sequence}},
                       {PastLength, {0, bounds_.context - 1}}};
    graph().metadata = {{"streamtensor.context", std::to_string(bounds_.context)}};
    for (const auto& [symbol, range] : graph().symbols)
      graph().metadata["streamtensor.dim." + symbol] =
          std::to_string(range.low) + ".." + std::to_string(range.high);
  }

  const DecoderConfig& c_;
  const TensorNames& names_;
  const std::string prefix_;
  const Bounds bounds_;
  const Dimension width_{c_.width, "width"}, hidden_{c_.hidden, "feed-forward width"};
  const Dimension vocabulary_{c_.vocabulary, "vocab_size"};
  const Dimension queries_{c_.heads * c_.head, "heads * head size"};
  const Dimension positions_{c_.positions, "n_positions"};
  const Dimension keys_{c_.kv_heads * c_.head, "key heads * head size"};
  DecoderGraph made_;
  ValueId input_ids_ = NoValue, position_ids_ = NoValue, embedding_ = NoValue;
  std::vector<std::pair<ValueId, ValueId>> tables_;  ///< cosines and sines
};

}  // namespace

DecoderGraph make_decoder(const ReadConfig& config, const std::string& prefix,
                          const std::string& name, const Bounds& bounds) {
  return Builder(config, prefix, bounds).build(name);
}

}  // namespace st::huggingface
