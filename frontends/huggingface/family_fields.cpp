// SPDX-License-Identifier: Apache-2.0
#include "frontends/huggingface/family_fields.h"

#include <cmath>
#include <map>

namespace st::huggingface {
namespace {

struct RefusedField {
  const char* name;
  const char* why;
};

/// Numbers and objects that must be absent or null.
constexpr RefusedField RefusedValues[] = {
    {"attn_logit_softcapping", "soft caps of attention scores have no kernel"},
    {"final_logit_softcapping", "soft caps of logits have no kernel"},
    {"quantization_config", "quantised checkpoints are not read; give the original one"},
};
/// Flags that must be absent or false.
constexpr RefusedField RefusedFlags[] = {
    {"add_cross_attention", "attention to an encoder is not supported"},
    {"is_encoder_decoder", "only decoders are supported"},
    {"rope_interleaved", "checkpoints whose pairs are interleaved are not supported"},
    {"use_bidirectional_attention", "only causal attention is supported"},
};

/// Complains unless a part of each head that turns is all of it.
void check_partial_rotary(ConfigReader& config) {
  if (config.has("partial_rotary_factor") && config.positive("partial_rotary_factor", 1) != 1)
    config.unsupported("partial_rotary_factor", "only heads that are rotated whole are supported");
}

}  // namespace

void refuse_fields(ConfigReader& config) {
  for (const RefusedField& field : RefusedValues) {
    if (config.has(field.name)) config.unsupported(field.name, field.why);
  }
  for (const RefusedField& field : RefusedFlags) {
    if (config.flag(field.name, false)) config.unsupported(field.name, field.why);
  }
  check_partial_rotary(config);
}

Activation read_activation(ConfigReader& config, const std::string& field,
                           const std::string& otherwise) {
  static const std::map<std::string, Activation> known = {
      {"silu", {"Swish", ""}},         {"swish", {"Swish", ""}},
      {"gelu", {"Gelu", "none"}},      {"gelu_new", {"Gelu", "tanh"}},
      {"gelu_fast", {"Gelu", "tanh"}}, {"gelu_pytorch_tanh", {"Gelu", "tanh"}},
      {"relu", {"Relu", ""}},
  };
  const std::string name = config.text(field, otherwise);
  const auto found = known.find(name);
  if (found != known.end()) return found->second;
  std::string names;
  for (const auto& [text, activation] : known) names += (names.empty() ? "" : ", ") + text;
  config.unsupported(field, "this activation is not supported", "supported: " + names);
  return known.at(otherwise);
}

void read_llama_fields(ConfigReader& config, DecoderConfig& decoder, int64_t head, bool tied) {
  decoder.width = config.size("hidden_size");
  decoder.layers.resize(
      static_cast<size_t>(config.size("num_hidden_layers", std::nullopt, MostLayers)));
  decoder.heads = config.size("num_attention_heads");
  decoder.kv_heads = config.size("num_key_value_heads", decoder.heads);
  decoder.head = config.size("head_dim", head > 0 ? head : decoder.width / decoder.heads, MostSize);
  decoder.hidden = config.size("intermediate_size");
  decoder.vocabulary = config.size("vocab_size");
  decoder.epsilon = static_cast<float>(config.positive("rms_norm_eps", 1e-6));
  decoder.tied = config.flag("tie_word_embeddings", tied);
  for (LayerConfig& layer : decoder.layers)
    layer.scale = 1 / std::sqrt(static_cast<double>(decoder.head));
  // Sizes are compared where each is one.
  if (!config.problems().empty()) return;
  if (decoder.heads % decoder.kv_heads != 0)
    config.wrong("num_key_value_heads",
                 "does not divide num_attention_heads, " + std::to_string(decoder.heads));
  if (!config.has("head_dim") && head == 0 && decoder.width % decoder.heads != 0)
    config.wrong("num_attention_heads", "does not divide hidden_size, " +
                                            std::to_string(decoder.width) +
                                            ", and there is no head_dim");
  if (decoder.head > MostSize / decoder.heads)
    config.wrong("head_dim", "is too large for " + std::to_string(decoder.heads) + " heads");
  if (decoder.head % 2 != 0) config.wrong("head_dim", "is odd, so that no pairs can be rotated");
}

Rotary read_rotary(ConfigReader& config, const json::Value* parameters, const std::string& place,
                   double theta) {
  Rotary rotary;
  rotary.theta = theta;
  if (parameters == nullptr) return rotary;
  ConfigReader scaling(*parameters, place, config.problems());
  check_partial_rotary(scaling);
  rotary.theta = scaling.positive("rope_theta", theta);
  const std::string field = scaling.has("type") && !scaling.has("rope_type") ? "type" : "rope_type";
  const std::string type = scaling.text(field);
  if (type == "linear") {
    rotary.scaling = RotaryScaling::Linear;
    rotary.factor = scaling.positive("factor");
  } else if (type == "llama3") {
    rotary.scaling = RotaryScaling::Llama3;
    rotary.factor = scaling.positive("factor");
    rotary.low_factor = scaling.positive("low_freq_factor");
    rotary.high_factor = scaling.positive("high_freq_factor");
    rotary.original = scaling.positive("original_max_position_embeddings");
    if (rotary.high_factor <= rotary.low_factor)
      scaling.wrong("high_freq_factor", "is not above low_freq_factor");
  } else if (type != "default" && scaling.has(field)) {
    scaling.unsupported(field, "this scaling of frequencies is not supported",
                        "supported: default, linear, llama3");
  }
  return rotary;
}

Rotary read_one_rotary(ConfigReader& config, double theta) {
  const std::string field = config.has("rope_parameters") ? "rope_parameters" : "rope_scaling";
  const json::Value* parameters = config.object(field);
  return read_rotary(config, parameters, "/" + field, config.positive("rope_theta", theta));
}

std::vector<bool> read_layer_types(ConfigReader& config, size_t layers,
                                   const std::function<bool(size_t)>& slides) {
  std::vector<bool> made;
  if (!config.has("layer_types")) {
    for (size_t i = 0; i < layers; ++i) made.push_back(slides(i));
    return made;
  }
  const std::vector<std::string> types = config.texts("layer_types");
  if (types.size() != layers)
    config.wrong("layer_types", "has " + std::to_string(types.size()) + " entries for " +
                                    std::to_string(layers) + " layers");
  for (const std::string& type : types) {
    if (type != "full_attention" && type != "sliding_attention")
      config.unsupported("layer_types", "a layer of type '" + printable(type) + "'",
                         "supported: full_attention, sliding_attention");
    made.push_back(type == "sliding_attention");
  }
  made.resize(layers);
  return made;
}

}  // namespace st::huggingface
