// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/graph/half.h"

namespace st {
namespace {

template <typename Half>
void expect_all_bits_return() {
  for (int bits = 0; bits < 65536; ++bits) {
    Half half;
    half.bits = static_cast<uint16_t>(bits);
    const auto value = static_cast<double>(half);
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(static_cast<double>(Half(value))));
    } else {
      EXPECT_EQ(Half(value).bits, bits);
    }
  }
}

TEST(Half, EveryValueIsItself) {
  expect_all_bits_return<Float16>();
  expect_all_bits_return<BFloat16>();
}

TEST(Half, TiesGoToTheEvenNeighbour) {
  EXPECT_EQ(static_cast<double>(Float16(2049.0)), 2048.0);  // between 2048 and 2050
  EXPECT_EQ(static_cast<double>(Float16(2051.0)), 2052.0);
  EXPECT_EQ(static_cast<double>(Float16(std::nextafter(2049.0, 3000.0))), 2050.0);
  EXPECT_EQ(static_cast<double>(BFloat16(257.0)), 256.0);
  EXPECT_EQ(static_cast<double>(BFloat16(259.0)), 260.0);
}

TEST(Half, RangeEndsInInfinityAndInSubnormals) {
  EXPECT_EQ(static_cast<double>(Float16(65504.0)), 65504.0);
  EXPECT_EQ(static_cast<double>(Float16(65519.9)), 65504.0);
  EXPECT_EQ(static_cast<double>(Float16(65520.0)), INFINITY);
  EXPECT_EQ(static_cast<double>(Float16(-1e300)), -INFINITY);
  EXPECT_EQ(static_cast<double>(Float16(std::ldexp(1.0, -24))), std::ldexp(1.0, -24));
  EXPECT_EQ(static_cast<double>(Float16(std::ldexp(1.0, -25))), 0.0);
  EXPECT_EQ(static_cast<double>(Float16(std::ldexp(1.5, -25))), std::ldexp(1.0, -24));
  EXPECT_EQ(static_cast<double>(Float16(1e-300)), 0.0);
  EXPECT_TRUE(std::signbit(static_cast<double>(Float16(-1e-300))));
}

}  // namespace
}  // namespace st
