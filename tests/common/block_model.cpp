// SPDX-License-Identifier: Apache-2.0
#include "tests/common/block_model.h"

#include <cmath>

namespace st::test {
namespace fs = std::filesystem;
namespace {

class Block : public DecoderJson {
 public:
  Block(const std::string& name, const BlockShape& shape) : DecoderJson(name), shape_(shape) {}

  std::string parameter(const std::string& name, const std::vector<int>& shape) {
    weights_.emplace_back(name, Extents(shape.begin(), shape.end()));
    return weight(name, weights_.back().second);
  }

  /// x W + b, W as [in, out].
  std::string linear_with_bias(const std::string& name, const std::string& x, int in, int out) {
    node(name + ".product", "MatMul", {x, parameter(name + ".weight", {in, out})});
    return node(name, "Add", {name + ".product", parameter(name + ".bias", {out})});
  }

  /// x W. Files of such models keep W as [out, in]; turning 44 million weights takes a while.
  std::string linear(const std::string& name, const std::string& x, int in, int out) {
    return node(name, "MatMul", {x, parameter(name + ".weight", {in, out})});
  }

  std::string layer_norm(const std::string& name, const std::string& x) {
    const std::vector<int> row = {shape_.width};
    return node(name, "LayerNormalization",
                {x, parameter(name + ".weight", row), parameter(name + ".bias", row)},
                {integer("axis", -1), real("epsilon", 1e-5)});
  }

  std::string rms_norm(const std::string& name, const std::string& x) {
    return node(name, "RMSNormalization", {x, parameter(name + ".weight", {shape_.width})},
                {integer("axis", -1), real("epsilon", 1e-5)});
  }

  /// RMSNormalization of each head.
  std::string head_norm(const std::string& name, const std::string& x, int heads) {
    node(name + ".cut", "Reshape", {x, integers(name + ".heads", {0, 0, heads, shape_.head_dim})});
    node(name, "RMSNormalization", {name + ".cut", parameter(name + ".weight", {shape_.head_dim})},
         {integer("axis", -1), real("epsilon", 1e-6)});
    return node(name + ".joined", "Reshape", {name, integers(name + ".rows", {0, 0, -1})});
  }

  std::string rotary(const std::string& name, const std::string& x, int heads) {
    return node(name, "RotaryEmbedding", {x, "cos", "sin", "position_ids"},
                {integer("interleaved", 0), integer("num_heads", heads)});
  }

  std::string attend(const std::string& q, const std::string& k, const std::string& v) {
    return attention("attention", {q, k, v}, shape_.heads, shape_.kv_heads,
                     1 / std::sqrt(static_cast<double>(shape_.head_dim)));
  }

  std::string embedding(const std::string& name, const std::string& ids, int rows) {
    return node(name, "Gather", {parameter(name + ".weight", {rows, shape_.width}), ids},
                {integer("axis", 0)});
  }

  BlockModel finish(const std::string& normed) {
    const std::string head = parameter("lm_head.weight", {shape_.width, shape_.vocabulary});
    node("lm_head", "MatMul", {normed, head}, {}, {"logits"});
    interface(
        {shape_.vocabulary, shape_.kv_heads, shape_.head_dim, shape_.positions, shape_.longest});
    return {json(), std::move(weights_)};
  }

 private:
  const BlockShape shape_;
  std::vector<std::pair<std::string, Extents>> weights_;
};

}  // namespace

BlockModel gpt2_block(const BlockShape& shape) {
  Block b("gpt2_block", shape);
  const int width = shape.width;
  b.embedding("wte", "input_ids", shape.vocabulary);
  b.embedding("wpe", "position_ids", shape.positions);
  std::string x = b.node("embedding", "Add", {"wte", "wpe"});
  b.linear_with_bias("c_attn", b.layer_norm("ln_1", x), width, 3 * width);
  b.node("split", "Split", {"c_attn"}, {integer("axis", -1), integer("num_outputs", 3)},
         {"query", "key", "value"});
  b.attend("query", "key", "value");
  b.linear_with_bias("c_proj", "attention", width, width);
  x = b.node("residual_1", "Add", {x, "c_proj"});
  b.linear_with_bias("c_fc", b.layer_norm("ln_2", x), width, shape.hidden);
  b.node("gelu", "Gelu", {"c_fc"},
         {{{"name", "approximate"}, {"type", "STRING"}, {"s", "dGFuaA=="}}});
  b.linear_with_bias("mlp_c_proj", "gelu", shape.hidden, width);
  x = b.node("residual_2", "Add", {x, "mlp_c_proj"});
  return b.finish(b.layer_norm("ln_f", x));
}

BlockModel llama_block(const BlockShape& shape, bool first_norm, bool biases) {
  Block b("llama_block", shape);
  const int width = shape.width, keys = shape.kv_heads * shape.head_dim;
  std::string x = b.embedding("embed_tokens", "input_ids", shape.vocabulary);
  b.parameter("cos", {shape.positions, shape.head_dim / 2});
  b.parameter("sin", {shape.positions, shape.head_dim / 2});
  const std::string read = first_norm ? b.rms_norm("input_norm", x) : x;
  const auto project = [&](const std::string& name, int out) {
    if (biases) {
      b.linear_with_bias(name, read, width, out);
    } else {
      b.linear(name, read, width, out);
    }
  };
  project("q_proj", shape.heads * shape.head_dim);
  project("k_proj", keys);
  project("v_proj", keys);
  b.attend(b.rotary("query", "q_proj", shape.heads), b.rotary("key", "k_proj", shape.kv_heads),
           "v_proj");
  b.linear("o_proj", "attention", shape.heads * shape.head_dim, width);
  x = b.node("residual_1", "Add", {x, "o_proj"});
  b.rms_norm("post_norm", x);
  b.node("swish", "Swish", {b.linear("gate_proj", "post_norm", width, shape.hidden)});
  b.linear("up_proj", "post_norm", width, shape.hidden);
  b.node("gated", "Mul", {"swish", "up_proj"});
  b.linear("down_proj", "gated", shape.hidden, width);
  x = b.node("residual_2", "Add", {x, "down_proj"});
  return b.finish(b.rms_norm("norm", x));
}

BlockModel gemma_block(const BlockShape& shape) {
  Block b("gemma_block", shape);
  const int width = shape.width, keys = shape.kv_heads * shape.head_dim;
  std::string x = b.embedding("embed_tokens", "input_ids", shape.vocabulary);
  b.parameter("cos", {shape.positions, shape.head_dim / 2});
  b.parameter("sin", {shape.positions, shape.head_dim / 2});
  b.rms_norm("input_norm", x);
  b.linear("q_proj", "input_norm", width, shape.heads * shape.head_dim);
  b.linear("k_proj", "input_norm", width, keys);
  b.linear("v_proj", "input_norm", width, keys);
  b.attend(b.rotary("query", b.head_norm("q_norm", "q_proj", shape.heads), shape.heads),
           b.rotary("key", b.head_norm("k_norm", "k_proj", shape.kv_heads), shape.kv_heads),
           "v_proj");
  b.linear("o_proj", "attention", shape.heads * shape.head_dim, width);
  x = b.node("residual_1", "Add", {x, b.rms_norm("post_attention_norm", "o_proj")});
  b.rms_norm("pre_feedforward_norm", x);
  b.node("gelu", "Gelu", {b.linear("gate_proj", "pre_feedforward_norm", width, shape.hidden)},
         {{{"name", "approximate"}, {"type", "STRING"}, {"s", "dGFuaA=="}}});
  b.linear("up_proj", "pre_feedforward_norm", width, shape.hidden);
  b.node("gated", "Mul", {"gelu", "up_proj"});
  b.linear("down_proj", "gated", shape.hidden, width);
  x = b.node("residual_2", "Add", {x, b.rms_norm("post_feedforward_norm", "down_proj")});
  return b.finish(b.rms_norm("norm", x));
}

fs::path BlockModel::write(const fs::path& folder) const {
  fs::create_directories(folder);
  Noise noise;
  WeightFile file(folder / "weights.h5");
  for (const auto& [name, shape] : weights)
    file.add(name, shape, [&] { return 0.05F * noise.next(); });
  test::write(folder / "model.json", json.dump(1, ' ', true) + "\n");
  return folder / "model.json";
}

}  // namespace st::test
