// SPDX-License-Identifier: Apache-2.0
// Products with few bits against those of floats, bit for bit.
#include "streamtensor/scale_products.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

namespace {

uint32_t bits_of(float value) {
  uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}
float float_of(uint32_t bits) {
  float value = 0;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

/// As synthesised floats have it.
float flushed(float value) {
  return std::fabs(value) < std::numeric_limits<float>::min() ? 0.0f : value;
}

/// A float of any sign and mantissa, with some at the bounds, and such an exponent.
float any_float(std::mt19937& random, int least, int most) {
  const uint32_t mantissas[] = {0, 1, 0x7fffff, 0x400000, 0x3fffff};
  const uint32_t mantissa = random() % 4 == 0 ? mantissas[random() % 5] : random() & 0x7fffff;
  const auto exponent =
      static_cast<uint32_t>(std::uniform_int_distribution<int>(least + 127, most + 127)(random));
  return float_of((random() & 1) << 31 | exponent << 23 | mantissa);
}

TEST(ScaleProducts, AreThoseOfFloats) {
  std::mt19937 random(1);
  int ties = 0;
  for (int n = 0; n < 500000; ++n) {
    const float factor = any_float(random, -60, 60);
    const st::bfloat16 scale = {static_cast<uint16_t>(bits_of(any_float(random, -60, 60)) >> 16)};
    const float product = factor * st::to_float(scale);
    ASSERT_EQ(bits_of(st::scaled_by(factor, scale)), bits_of(product)) << factor;
    const double exact = static_cast<double>(factor) * static_cast<double>(st::to_float(scale));
    ties += std::fabs(exact - product) * 2 ==
            std::fabs(static_cast<double>(std::nextafterf(product, HUGE_VALF)) - product);

    const int value = random() % 8 == 0 ? static_cast<int>(random() % 5) - 2
                                        : static_cast<int>(random() % (1 << 18)) - (1 << 17) + 1;
    if (value == 1 << 17) continue;
    const float scaled = static_cast<float>(value) * factor;
    ASSERT_EQ(bits_of(st::scaled_int<17>(value, factor)), value == 0 ? 0 : bits_of(scaled))
        << value << " * " << factor;
  }
  EXPECT_GT(ties, 1000) << "products in the middle of two floats are among them";
}

TEST(ScaleProducts, AreZeroOrInfiniteAtTheEnds) {
  std::mt19937 random(2);
  for (int n = 0; n < 100000; ++n) {
    const float factor = any_float(random, -126, 127);
    const st::bfloat16 scale = {static_cast<uint16_t>(bits_of(any_float(random, -126, 127)) >> 16)};
    const float product = factor * st::to_float(scale), result = st::scaled_by(factor, scale);
    // One that is rounded up to the smallest normal one may be flushed before.
    if (std::fabs(product) == std::numeric_limits<float>::min()) continue;
    ASSERT_EQ(result, flushed(product)) << factor << " * " << st::to_float(scale);
    const int value = static_cast<int>(random() % (1 << 17));
    ASSERT_EQ(st::scaled_int<17>(value, factor), flushed(static_cast<float>(value) * factor));
  }
  EXPECT_EQ(bits_of(st::scaled_by(0.0f, {0xbf80})), 0U);
  EXPECT_EQ(bits_of(st::scaled_by(-1.0f, {0})), 0U);
  EXPECT_EQ(bits_of(st::scaled_int<17>(0, -1.0f)), 0U);
  EXPECT_EQ(bits_of(st::scaled_int<17>(-5, 0.0f)), 0U);
  EXPECT_EQ(st::scaled_by(HUGE_VALF, {0x3f80}), HUGE_VALF);
}

}  // namespace
