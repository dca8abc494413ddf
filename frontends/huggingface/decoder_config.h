// SPDX-License-Identifier: Apache-2.0
/// What a config.json means, in terms that all families share.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/graph/tensor.h"
#include "frontends/huggingface/rotary.h"

namespace st::huggingface {

enum class Norm { Layer, Rms };

/// An activation function as an operator of ONNX.
struct Activation {
  std::string op;           ///< "Gelu", "Swish", "Relu"
  std::string approximate;  ///< of a Gelu: "none" or "tanh"
};

/// What may differ from layer to layer.
struct LayerConfig {
  int64_t window = 0;  ///< positions that a query sees, itself included; 0: all
  size_t rotary = 0;   ///< of DecoderConfig::rotary
  double scale = 1;    ///< of attention scores
};

/// A decoder of pre-norm blocks: attention, then a feed-forward network, each added to its input.
struct DecoderConfig {
  int64_t width = 0;  ///< of the residual stream
  int64_t heads = 0, kv_heads = 0, head = 0;
  int64_t hidden = 0;  ///< of the feed-forward network
  int64_t vocabulary = 0;
  int64_t positions = 0;  ///< that the model was made for
  std::vector<LayerConfig> layers;

  Norm norm = Norm::Rms;
  float epsilon = 0;
  bool one_plus_scale = false;  ///< a norm's scale is 1 + its weight
  bool head_norms = false;      ///< queries and keys are normalised, head by head
  bool post_norms = false;      ///< results are normalised before they are added
  Activation activation;
  bool gated = true;  ///< the network is down(activation(gate x) * up x)
  bool qkv_bias = false, output_bias = false, mlp_bias = false;
  bool tied = false;               ///< the embedding is the last layer, too
  double embedding_scale = 1;      ///< of embedded tokens
  bool learned_positions = false;  ///< a vector is added for each position
  std::vector<Rotary> rotary;      ///< frequencies that layers use; none with learned positions

  double deviation = 0;       ///< of random weights
  DType dtype = DType::BF16;  ///< that the model was published in
};

}  // namespace st::huggingface
