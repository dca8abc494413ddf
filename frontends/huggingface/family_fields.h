// SPDX-License-Identifier: Apache-2.0
/// Fields of config.json that several families share. Private to this folder.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "frontends/huggingface/config_reader.h"
#include "frontends/huggingface/decoder_config.h"

namespace st::huggingface {

/// Layers of the deepest model that is read.
inline constexpr int64_t MostLayers = 4096;

/// Complains of fields that change what a model computes, in a way that no family here supports.
void refuse_fields(ConfigReader& config);

/// The activation that `field` names.
Activation read_activation(ConfigReader& config, const std::string& field,
                           const std::string& otherwise);

/// Sizes, norms and biases as Llama's config and those after it spell them. `head`: what head_dim
/// is where it is absent; 0 for hidden_size / num_attention_heads.
void read_llama_fields(ConfigReader& config, DecoderConfig& decoder, int64_t head, bool tied);

/// Frequencies: `parameters` is rope_scaling, or an entry of rope_parameters, or nullptr; `theta`
/// is used where it has no rope_theta.
Rotary read_rotary(ConfigReader& config, const json::Value* parameters, const std::string& place,
                   double theta);

/// The frequencies of all layers, from rope_theta and rope_scaling or from rope_parameters.
Rotary read_one_rotary(ConfigReader& config, double theta);

/// Whether each layer has a window: by layer_types, or else by `slides`.
std::vector<bool> read_layer_types(ConfigReader& config, size_t layers,
                                   const std::function<bool(size_t)>& slides);

}  // namespace st::huggingface
