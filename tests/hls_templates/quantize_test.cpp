// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "streams.h"

using namespace test;

TEST(Quantize, ScalesEachRowByItsPeak) {
  constexpr int L = 8, Beats = 3, Tokens = 4, Width = L * Beats;
  std::vector<float> x = random_floats(Width * Tokens, 1);
  std::fill(x.begin() + Width, x.begin() + 2 * Width, 0.0f);
  Wide<float, L> in;
  Wide<int8_t, L> out;
  Wide<float, 1> scales;
  feed(in, x);
  st::quantize_rows<L, Beats, 1>(in, scales, Tokens, out);
  const std::vector<int8_t> q = drain(out);
  const std::vector<float> scale = drain(scales);
  ASSERT_EQ(q.size(), x.size());
  ASSERT_EQ(scale.size(), static_cast<std::size_t>(Tokens));
  for (std::size_t t = 0; t < Tokens; ++t) {
    float peak = 0.0f;
    for (std::size_t i = 0; i < Width; ++i) peak = std::max(peak, std::fabs(x[t * Width + i]));
    EXPECT_EQ(scale[t], peak / 127.0f);
    const float inverse = peak == 0.0f ? 0.0f : 127.0f / peak;
    for (std::size_t i = 0; i < Width; ++i) {
      EXPECT_EQ(q[t * Width + i], static_cast<int8_t>(std::round(x[t * Width + i] * inverse)));
    }
  }
}

TEST(Quantize, ScaleComesBeforeTheRow) {
  hls::stream<st::vec<float, 1>, 1> in;
  hls::stream<st::vec<int8_t, 1>, 1> out;
  hls::stream<st::vec<float, 1>, 1> scale;
  TASK(st::quantize_rows<1, 2, 1>)(in, scale, 1, out);
  in.write({{2.0f}});
  in.write({{-254.0f}});
  EXPECT_EQ(scale.read()[0], 2.0f);
  EXPECT_EQ(out.read()[0], 1);
  EXPECT_EQ(out.read()[0], -127);
}

TEST(Quantize, SendsEachRowAsOftenAsItsReadersTakeIt) {
  constexpr int L = 2, Beats = 2, Tokens = 2;
  const std::vector<float> x = {1.0f, -2.0f, 0.5f, 0.25f, 127.0f, 3.0f, -4.0f, 5.4f};
  const std::vector<int8_t> rows = {64, -127, 32, 16, 127, 3, -4, 5};
  Wide<float, L> in;
  Wide<float, 1> scale;
  hls::stream<st::vec<int8_t, L>, 100> a, b, c;
  feed(in, x);
  TASK(st::quantize_rows<L, Beats, 2, 1, 3>)(in, scale, Tokens, a, b, c);
  EXPECT_EQ(drain(a), again(rows, L * Beats, 2));
  EXPECT_EQ(drain(b), rows);
  EXPECT_EQ(drain(c), again(rows, L * Beats, 3));
  EXPECT_EQ(drain(scale), (std::vector<float>{2.0f / 127.0f, 1.0f}));  // once, not once per pass
}

TEST(Quantize, RoundsHalfAwayFromZeroAndClamps) {
  EXPECT_EQ(st::quantize_value(2.5f), 3);
  EXPECT_EQ(st::quantize_value(-2.5f), -3);
  EXPECT_EQ(st::quantize_value(-0.4f), 0);
  EXPECT_EQ(st::quantize_value(127.6f), 127);
  EXPECT_EQ(st::quantize_value(-1e30f), -127);
  EXPECT_EQ(st::quantize_value(std::nanf("")), -127);
}

float float_of(uint32_t bits) {
  float value = 0;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

TEST(Quantize, IsWhatAnAdditionOfAHalfGives) {
  const auto expect = [](uint32_t bits) {
    const float value = float_of(bits);
    const float clamped = std::fmin(std::fmax(value, -127.0f), 127.0f);
    const float nearest = std::trunc(clamped + (clamped >= 0.0f ? 0.5f : -0.5f));
    ASSERT_EQ(st::quantize_value(value), static_cast<int>(nearest)) << value;
  };
  for (uint64_t bits = 0; bits < (uint64_t{1} << 32); bits += 1021) {
    if (!std::isnan(float_of(static_cast<uint32_t>(bits)))) expect(static_cast<uint32_t>(bits));
  }
  // All numbers near the bounds of results.
  for (int half = 1; half <= 256; ++half) {
    uint32_t at = 0;
    const float bound = 0.5f * static_cast<float>(half);
    std::memcpy(&at, &bound, sizeof at);
    for (uint32_t bits = at - 9; bits <= at + 9; ++bits) {
      expect(bits);
      expect(bits | 0x80000000);
    }
  }
}

TEST(Quantize, WeightsAreHalvesToTheNearest) {
  for (uint32_t bits = 0; bits <= 0x477ffe00; bits += 61) {  // up to 65534
    const float twice = float_of(bits);
    ASSERT_EQ(st::weight_of(twice), (static_cast<int>(twice) + 1) >> 1) << twice;
  }
  EXPECT_EQ(st::weight_of(65534.0f), 32767);
}

TEST(Quantize, DequantizeAppliesBothScales) {
  constexpr int L = 2, Beats = 2, Tokens = 2;
  Wide<int32_t, L> acc;
  Wide<float, 1> row_scale;
  Wide<float, L> channel_scale, out;
  const std::vector<int32_t> sums = {1, -2, 3000000, 4, 5, 6, -7, 8};
  const std::vector<float> rows = {0.1f, 0.7f}, channels = {0.3f, 0.5f, 0.9f, 1.1f};
  feed(acc, sums);
  feed(row_scale, rows);
  feed(channel_scale, repeat(channels, Tokens));
  st::dequantize_rows<L, Beats>(acc, row_scale, channel_scale, out, Tokens);
  const std::vector<float> y = drain(out);
  ASSERT_EQ(y.size(), sums.size());
  for (std::size_t i = 0; i < sums.size(); ++i) {
    EXPECT_EQ(y[i], static_cast<float>(sums[i]) * (rows[i / 4] * channels[i % 4]));
  }
}
