// SPDX-License-Identifier: Apache-2.0
#include "core/graph/int4_scale.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/graph/quantised_value.h"
#include "core/support/wide_loops.h"
#include "tests/common/random.h"

namespace st {
namespace {

using test::Random;

/// The definition, one candidate after the other.
float slow_scale(const std::vector<float>& weights, DType type) {
  constexpr int Candidates = 8;
  const auto count = static_cast<int64_t>(weights.size());
  const float largest = peak_of(weights.data(), count) / Int4Peak;
  float best = 0.0f;
  double least = INFINITY;
  for (int i = 0; i < Candidates; ++i) {
    const float share = 1.0f - 0.5f * static_cast<float>(i) / Candidates;
    float scale = largest * share;
    if (type == DType::BF16) scale = static_cast<float>(static_cast<double>(BFloat16(scale)));
    const float inverse = inverse_of_scale(scale);
    if (inverse == 0.0f) break;
    double error = 0;
    for (const float weight : weights) {
      const double off = double{weight} - double{scale} * rounded(weight, inverse, Int4Peak);
      error += off * off;
    }
    if (!(error < least)) continue;
    least = error;
    best = scale;
  }
  return best;
}

std::vector<float> random_weights(Random& random, int64_t count) {
  std::vector<float> weights(static_cast<size_t>(count));
  const int64_t kind = random.between(0, 5);
  const float unit = std::ldexp(1.0f, static_cast<int>(random.between(-140, 120)));
  for (float& weight : weights) {
    const auto x = static_cast<float>(random.between(-1000, 1000)) / 1000.0f;
    if (kind == 0) weight = x * 0.02f;
    if (kind == 1) weight = x * x * x;
    if (kind == 2) weight = static_cast<float>(random.between(-7, 7)) * 0.5f;     // no error at all
    if (kind == 3) weight = static_cast<float>(random.between(-14, 14)) * 0.25f;  // ties
    if (kind == 4) weight = x * unit;
    if (kind == 5) weight = random.chance(0.02) ? x : 0.0f;
  }
  return weights;
}

TEST(Int4Scale, IsThatOfTheDefinitionOnEveryInstructionSet) {
  for (const auto set :
       {wide::InstructionSet::Plain, wide::InstructionSet::Avx2, wide::InstructionSet::Avx512}) {
    wide::take_at_most(set);
    Random random(7);
    for (int round = 0; round < 3000; ++round) {
      const auto weights = random_weights(random, random.pick<int64_t>({1, 7, 32, 64, 128, 700}));
      const DType type = random.chance(0.5) ? DType::BF16 : DType::F32;
      ASSERT_EQ(int4_scale(weights.data(), static_cast<int64_t>(weights.size()), type),
                slow_scale(weights, type))
          << round;
    }
  }
  wide::take_at_most(wide::InstructionSet::Avx512);
}

TEST(BFloat16, BitsOfAFloatAreThoseOfTheDefinition) {
  Random random(8);
  for (int round = 0; round < 100000; ++round) {
    const auto value = std::bit_cast<float>(static_cast<uint32_t>(random.below(int64_t{1} << 32)));
    if (std::isnan(value)) continue;
    ASSERT_EQ(bfloat16_bits(value), BFloat16(value).bits) << value;
    ASSERT_EQ(bfloat16_value(bfloat16_bits(value)), static_cast<double>(BFloat16(value)));
  }
}

}  // namespace
}  // namespace st
