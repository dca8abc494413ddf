// SPDX-License-Identifier: Apache-2.0
/// Rotary position embeddings: the angle by which each pair of a head turns at each position.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "core/graph/tensor.h"

namespace st::huggingface {

/// How frequencies were stretched to reach more positions than a model was first trained on.
enum class RotaryScaling { None, Linear, Llama3 };

/// The frequencies of a layer's rotation: pair i of a head turns by theta^(-2i / head) a position.
struct Rotary {
  double theta = 10000;
  RotaryScaling scaling = RotaryScaling::None;
  double factor = 1;  ///< frequencies are divided by it
  // Llama3: only wavelengths above original / low_factor are divided, those below original /
  // high_factor are kept, and those between are blended.
  double low_factor = 1, high_factor = 4;
  double original = 8192;  ///< positions

  friend bool operator==(const Rotary&, const Rotary&) = default;
};

/// Radians per position of each of the head / 2 pairs.
std::vector<double> frequencies(const Rotary& rotary, int64_t head);

/// Cosines and sines of all angles, each f32 [positions, head / 2], computed in double.
std::pair<Tensor, Tensor> rotary_tables(const Rotary& rotary, int64_t head, int64_t positions);

}  // namespace st::huggingface
