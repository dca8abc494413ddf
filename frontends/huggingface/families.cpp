// SPDX-License-Identifier: Apache-2.0
// The families. Defaults of absent fields are those of the families' published configurations.
#include <cmath>

#include "frontends/huggingface/family.h"
#include "frontends/huggingface/family_fields.h"

namespace st::huggingface {
namespace {

TensorNames llama_names() {
  TensorNames names;
  names.prefix = "model.";
  names.embedding = "embed_tokens";
  names.layers = "layers";
  names.attention_norm = "input_layernorm";
  names.query = "self_attn.q_proj";
  names.key = "self_attn.k_proj";
  names.value = "self_attn.v_proj";
  names.output = "self_attn.o_proj";
  names.mlp_norm = "post_attention_layernorm";
  names.gate = "mlp.gate_proj";
  names.up = "mlp.up_proj";
  names.down = "mlp.down_proj";
  names.final_norm = "norm";
  names.head = "lm_head";
  names.buffers = {"rotary_emb.inv_freq"};
  return names;
}

TensorNames with_head_norms(TensorNames names) {
  names.query_norm = "self_attn.q_norm";
  names.key_norm = "self_attn.k_norm";
  return names;
}

TensorNames with_post_norms(TensorNames names) {
  names.post_attention_norm = "post_attention_layernorm";
  names.mlp_norm = "pre_feedforward_layernorm";
  names.post_mlp_norm = "post_feedforward_layernorm";
  return names;
}

TensorNames gpt2_names() {
  TensorNames names;
  names.prefix = "transformer.";
  names.embedding = "wte";
  names.positions = "wpe";
  names.layers = "h";
  names.attention_norm = "ln_1";
  names.query_key_value = "attn.c_attn";
  names.output = "attn.c_proj";
  names.mlp_norm = "ln_2";
  names.up = "mlp.c_fc";
  names.down = "mlp.c_proj";
  names.final_norm = "ln_f";
  names.head = "lm_head";
  names.inputs_first = true;
  names.buffers = {".attn.bias", ".attn.masked_bias"};
  return names;
}

void read_llama(ConfigReader& config, DecoderConfig& decoder) {
  read_llama_fields(config, decoder, 0, false);
  decoder.positions = config.size("max_position_embeddings", 2048);
  decoder.activation = read_activation(config, "hidden_act", "silu");
  decoder.qkv_bias = decoder.output_bias = config.flag("attention_bias", false);
  decoder.mlp_bias = config.flag("mlp_bias", false);
  decoder.rotary = {read_one_rotary(config, 10000)};
}

/// Windows of Qwen's later layers, which most of its models do not use.
void read_qwen_windows(ConfigReader& config, DecoderConfig& decoder) {
  const int64_t window = config.size("sliding_window", 4096);
  const auto whole =
      static_cast<size_t>(config.has("max_window_layers") ? config.size("max_window_layers") : 28);
  const bool used = config.flag("use_sliding_window", false);
  const auto slides = read_layer_types(config, decoder.layers.size(),
                                       [&](size_t layer) { return used && layer >= whole; });
  for (size_t i = 0; i < slides.size(); ++i) {
    if (slides[i]) decoder.layers[i].window = window;
  }
}

/// What Qwen 2 and 3 have in common. `head`: the size of a head where the config has none; 0: the
/// width by the heads.
void read_qwen(ConfigReader& config, DecoderConfig& decoder, int64_t head) {
  read_llama_fields(config, decoder, head, false);
  decoder.positions = config.size("max_position_embeddings", 32768);
  decoder.activation = read_activation(config, "hidden_act", "silu");
  decoder.rotary = {read_one_rotary(config, 10000)};
  read_qwen_windows(config, decoder);
}

void read_qwen2(ConfigReader& config, DecoderConfig& decoder) {
  read_qwen(config, decoder, 0);
  decoder.qkv_bias = true;
}

void read_qwen3(ConfigReader& config, DecoderConfig& decoder) {
  read_qwen(config, decoder, 128);
  decoder.qkv_bias = decoder.output_bias = config.flag("attention_bias", false);
  decoder.head_norms = true;
}

void read_gemma(ConfigReader& config, DecoderConfig& decoder) {
  read_llama_fields(config, decoder, 256, true);
  decoder.positions = config.size("max_position_embeddings", 8192);
  // Its models were trained with the approximation, whatever the older `hidden_act` says.
  config.text("hidden_act", "");
  decoder.activation = read_activation(config, "hidden_activation", "gelu_pytorch_tanh");
  decoder.qkv_bias = decoder.output_bias = config.flag("attention_bias", false);
  decoder.one_plus_scale = true;
  decoder.embedding_scale = std::sqrt(static_cast<double>(decoder.width));
  decoder.rotary = {read_one_rotary(config, 10000)};
}

/// Global layers and those with windows have frequencies of their own.
void read_gemma3_rotary(ConfigReader& config, DecoderConfig& decoder) {
  const double global = config.positive("rope_theta", 1e6);
  const double local = config.positive("rope_local_base_freq", 1e4);
  const json::Value* parameters = config.object("rope_parameters");
  const json::Value* scaling = config.object("rope_scaling");
  if (parameters == nullptr) {
    decoder.rotary = {read_rotary(config, scaling, "/rope_scaling", global),
                      read_rotary(config, nullptr, "", local)};
    return;
  }
  ConfigReader by_type(*parameters, "/rope_parameters", config.problems());
  const json::Value* full = by_type.object("full_attention");
  const json::Value* sliding = by_type.object("sliding_attention");
  if (full == nullptr || sliding == nullptr)
    config.wrong("rope_parameters", "needs the objects full_attention and sliding_attention");
  decoder.rotary = {read_rotary(config, full, "/rope_parameters/full_attention", global),
                    read_rotary(config, sliding, "/rope_parameters/sliding_attention", local)};
}

void read_gemma3(ConfigReader& config, DecoderConfig& decoder) {
  read_llama_fields(config, decoder, 256, true);
  decoder.positions = config.size("max_position_embeddings", 131072);
  decoder.activation = read_activation(config, "hidden_activation", "gelu_pytorch_tanh");
  decoder.qkv_bias = decoder.output_bias = config.flag("attention_bias", false);
  decoder.one_plus_scale = decoder.head_norms = decoder.post_norms = true;
  decoder.embedding_scale = std::sqrt(static_cast<double>(decoder.width));
  read_gemma3_rotary(config, decoder);
  const double scale = 1 / std::sqrt(config.positive("query_pre_attn_scalar", 256));
  const int64_t window = config.size("sliding_window", 4096);
  const std::string pattern_field =
      config.has("_sliding_window_pattern") ? "_sliding_window_pattern" : "sliding_window_pattern";
  const auto pattern = static_cast<size_t>(config.size(pattern_field, 6));
  const auto slides = read_layer_types(config, decoder.layers.size(),
                                       [&](size_t layer) { return (layer + 1) % pattern != 0; });
  for (size_t i = 0; i < slides.size(); ++i) {
    decoder.layers[i].scale = scale;
    decoder.layers[i].window = slides[i] ? window : 0;
    decoder.layers[i].rotary = slides[i] ? 1 : 0;
  }
}

void read_gpt2(ConfigReader& config, DecoderConfig& decoder) {
  decoder.width = config.size("n_embd", 768);
  decoder.layers.resize(static_cast<size_t>(config.size("n_layer", 12, MostLayers)));
  decoder.heads = decoder.kv_heads = config.size("n_head", 12);
  if (config.problems().empty() && decoder.width % decoder.heads != 0)
    config.wrong("n_head", "does not divide n_embd, " + std::to_string(decoder.width));
  decoder.head = decoder.width / decoder.heads;
  decoder.hidden = config.size("n_inner", 4 * decoder.width);
  decoder.vocabulary = config.size("vocab_size", 50257);
  decoder.positions = config.size("n_positions", 1024);
  decoder.norm = Norm::Layer;
  decoder.epsilon = static_cast<float>(config.positive("layer_norm_epsilon", 1e-5));
  decoder.activation = read_activation(config, "activation_function", "gelu_new");
  decoder.gated = false;
  decoder.qkv_bias = decoder.output_bias = decoder.mlp_bias = true;
  decoder.tied = config.flag("tie_word_embeddings", true);
  decoder.learned_positions = true;
  const bool scaled = config.flag("scale_attn_weights", true);
  const bool by_layer = config.flag("scale_attn_by_inverse_layer_idx", false);
  for (size_t i = 0; i < decoder.layers.size(); ++i) {
    double& scale = decoder.layers[i].scale;
    if (scaled) scale /= std::sqrt(static_cast<double>(decoder.head));
    if (by_layer) scale /= static_cast<double>(i + 1);
  }
}

}  // namespace

const std::vector<Family>& families() {
  static const std::vector<Family> all = {
      {"GPT-2", "GPT2LMHeadModel", "gpt2", gpt2_names(), read_gpt2},
      {"Gemma", "GemmaForCausalLM", "gemma", llama_names(), read_gemma},
      {"Gemma 3", "Gemma3ForCausalLM", "gemma3_text",
       with_head_norms(with_post_norms(llama_names())), read_gemma3},
      {"Llama", "LlamaForCausalLM", "llama", llama_names(), read_llama},
      {"Qwen2", "Qwen2ForCausalLM", "qwen2", llama_names(), read_qwen2},
      {"Qwen3", "Qwen3ForCausalLM", "qwen3", with_head_norms(llama_names()), read_qwen3},
  };
  return all;
}

}  // namespace st::huggingface
