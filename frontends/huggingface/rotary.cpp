// SPDX-License-Identifier: Apache-2.0
#include "frontends/huggingface/rotary.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace st::huggingface {
namespace {

double scaled(const Rotary& rotary, double frequency) {
  if (rotary.scaling == RotaryScaling::None) return frequency;
  const double divided = frequency / rotary.factor;
  if (rotary.scaling == RotaryScaling::Linear) return divided;
  // Turns of this pair over the original context, between the two bounds.
  const double turns = rotary.original * frequency / (2 * std::numbers::pi);
  const double kept =
      std::clamp((turns - rotary.low_factor) / (rotary.high_factor - rotary.low_factor), 0.0, 1.0);
  return kept * frequency + (1 - kept) * divided;
}

}  // namespace

std::vector<double> frequencies(const Rotary& rotary, int64_t head) {
  std::vector<double> all;
  for (int64_t pair = 0; pair < head / 2; ++pair) {
    const double exponent = -2.0 * static_cast<double>(pair) / static_cast<double>(head);
    all.push_back(scaled(rotary, std::pow(rotary.theta, exponent)));
  }
  return all;
}

std::pair<Tensor, Tensor> rotary_tables(const Rotary& rotary, int64_t head, int64_t positions) {
  const std::vector<double> rates = frequencies(rotary, head);
  Tensor cosine = Tensor::zeros(DType::F32, {positions, head / 2}), sine = cosine;
  size_t at = 0;
  for (int64_t position = 0; position < positions; ++position) {
    for (const double rate : rates) {
      const double angle = static_cast<double>(position) * rate;
      cosine.f32()[at] = static_cast<float>(std::cos(angle));
      sine.f32()[at++] = static_cast<float>(std::sin(angle));
    }
  }
  return {std::move(cosine), std::move(sine)};
}

}  // namespace st::huggingface
