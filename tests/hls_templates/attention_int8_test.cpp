// SPDX-License-Identifier: Apache-2.0
// Attention over int8 keys and values, template by template, against plain loops.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "streams.h"

using namespace test;

namespace {

constexpr int L = 4, HeadBeats = 3, Heads = 2, Head = L * HeadBeats;
constexpr int Tokens = 3, Past = 2, MaxPositions = 70;
constexpr std::size_t Scores = Heads * (3 + 4 + 5);  // positions seen by the three rows

std::vector<int8_t> random_bytes(std::size_t count, unsigned seed) {
  std::vector<int8_t> bytes;
  for (const float x : random_floats(count, seed)) bytes.push_back(static_cast<int8_t>(x * 63.0f));
  return bytes;
}

std::vector<st::bfloat16> random_scales(std::size_t count, unsigned seed) {
  std::vector<st::bfloat16> scales;
  for (const float x : random_floats(count, seed)) scales.push_back(st::to_bfloat16(std::fabs(x)));
  return scales;
}

std::vector<int> bits_of(const std::vector<st::bfloat16>& values) {
  std::vector<int> bits;
  for (const st::bfloat16 value : values) bits.push_back(value.bits);
  return bits;
}

/// First score of a row and head, and the positions that it sees.
template <typename Visit>
void for_each_head(const Visit& visit) {
  std::size_t start = 0;
  for (std::size_t t = 0; t < Tokens; ++t) {
    for (std::size_t h = 0; h < Heads; ++h) {
      const std::size_t n = Past + t + 1;
      visit(t * Heads + h, start, n);
      start += n;
    }
  }
}

}  // namespace

TEST(BFloat16, IsTheNearest) {
  EXPECT_EQ(st::to_bfloat16(1.0f).bits, 0x3f80);
  EXPECT_EQ(st::to_bfloat16(1.00390625f).bits, 0x3f80) << "a tie goes to the even one";
  EXPECT_EQ(st::to_bfloat16(1.01171875f).bits, 0x3f82) << "a tie goes to the even one";
  EXPECT_EQ(st::to_bfloat16(1.004f).bits, 0x3f81);
  EXPECT_EQ(st::to_float(st::to_bfloat16(-3.0f)), -3.0f);
}

TEST(QuantizeHeads, HeadsHaveScalesOfTheirOwn) {
  std::vector<float> x = random_floats(Tokens * Heads * Head, 1);
  std::fill(x.begin() + Head, x.begin() + 2 * Head, 0.0f);
  Wide<float, L> in;
  Wide<int8_t, L> out;
  Wide<float, 1> exact;
  Wide<st::bfloat16, 1> kept;
  feed(in, x);
  st::quantize_heads<float, L, HeadBeats, Heads>(in, out, exact, Tokens);
  const std::vector<int8_t> by_exact = drain(out);
  const std::vector<float> exact_scales = drain(exact);
  feed(in, x);
  st::quantize_heads<st::bfloat16, L, HeadBeats, Heads>(in, out, kept, Tokens);
  const std::vector<int8_t> by_kept = drain(out);
  const std::vector<st::bfloat16> kept_scales = drain(kept);
  ASSERT_EQ(by_exact.size(), x.size());
  ASSERT_EQ(by_kept.size(), x.size());
  for (std::size_t h = 0; h < Tokens * Heads; ++h) {
    float peak = 0.0f;
    for (std::size_t i = 0; i < Head; ++i) peak = std::fmax(peak, std::fabs(x[h * Head + i]));
    EXPECT_EQ(exact_scales[h], peak / 127.0f);
    EXPECT_EQ(kept_scales[h].bits, st::to_bfloat16(peak / 127.0f).bits);
    const float scale = st::to_float(kept_scales[h]);
    for (std::size_t i = h * Head; i < (h + 1) * Head; ++i) {
      const float whole = peak == 0.0f ? 0.0f : std::round(x[i] * (127.0f / peak));
      EXPECT_EQ(by_exact[i], static_cast<int>(whole));
      const float part = scale == 0.0f ? 0.0f : std::round(x[i] * (1.0f / scale));
      EXPECT_EQ(by_kept[i], static_cast<int>(std::fmax(-127.0f, std::fmin(127.0f, part))));
    }
  }
}

/// Launches of several lengths over a word's end; other words and slots stay as they were.
TEST(CacheScales, ComeBackOfAllPositions) {
  constexpr int Repeat = 2, Rows = 67, HeadWords = 3;
  const std::vector<st::bfloat16> scales = random_scales(Rows * Heads, 2);
  std::vector<ap_uint<512>> cache(1 + Heads * HeadWords);
  for (ap_uint<512>& word : cache) word.range(511, 496) = 77;
  int past = 0;
  for (const int tokens : {1, 30, 3, 1, 32}) {
    Wide<st::bfloat16, 1> in, out;
    const auto first = scales.begin() + past * Heads;
    feed(in, std::vector<st::bfloat16>(first, first + tokens * Heads));
    st::cache_scales<Heads, Repeat, MaxPositions>(in, cache.data(), 1, out, tokens, past);
    std::vector<st::bfloat16> expected;
    for (int t = 0; t < tokens; ++t) {
      for (int g = 0; g < Heads; ++g) {
        for (int r = 0; r < Repeat; ++r) {
          for (int j = 0; j <= past + t; ++j)
            expected.push_back(scales[static_cast<std::size_t>(j * Heads + g)]);
        }
      }
    }
    EXPECT_EQ(bits_of(drain(out)), bits_of(expected)) << past;
    past += tokens;
  }
  ASSERT_EQ(past, Rows);
  EXPECT_EQ(cache[0].range(511, 496).to_uint(), 77U) << "another copy";
}

TEST(Int8Attention, ScoresMatchPlainLoops) {
  const std::vector<int8_t> q = random_bytes(Tokens * Heads * Head, 3);
  const std::vector<int8_t> k = random_bytes(Scores * Head, 4);
  const std::vector<float> q_scales = random_floats(Tokens * Heads, 5);
  const std::vector<st::bfloat16> k_scales = random_scales(Scores, 6);
  Wide<int8_t, L> queries, keys;
  Wide<float, 1> units, out;
  Wide<st::bfloat16, 1> key_units;
  feed(queries, q), feed(keys, k), feed(units, q_scales), feed(key_units, k_scales);
  st::attention_scores_int8<L, HeadBeats, Heads>(queries, units, keys, key_units, out, 0.3f, Tokens,
                                                 Past);
  const std::vector<float> scores = drain(out);
  ASSERT_EQ(scores.size(), Scores);
  for_each_head([&](std::size_t row, std::size_t start, std::size_t n) {
    for (std::size_t j = start; j < start + n; ++j) {
      int dot = 0;
      for (std::size_t i = 0; i < Head; ++i) dot += q[row * Head + i] * k[j * Head + i];
      EXPECT_EQ(scores[j],
                static_cast<float>(dot) * (q_scales[row] * 0.3f * st::to_float(k_scales[j])));
    }
  });
}

TEST(Int8Attention, WeightsMatchPlainLoops) {
  for (const int window : {0, 1, 3}) {
    std::vector<float> scores = random_floats(Scores, 7);
    scores[1] = 200.0f;  // would overflow without the subtraction of the maximum
    std::vector<st::bfloat16> scales = random_scales(Scores, 8);
    for (std::size_t j = 3; j < 6; ++j) scales[j].bits = 0;  // values of zeroes
    Wide<float, 1> in, factors;
    Wide<st::bfloat16, 1> units;
    Wide<int16_t, 1> out;
    feed(in, scores), feed(units, scales);
    st::attention_weights_int8<MaxPositions, Heads>(in, units, out, factors, window, Tokens, Past);
    const std::vector<int16_t> weights = drain(out);
    const std::vector<float> factor = drain(factors);
    ASSERT_EQ(weights.size(), Scores);
    ASSERT_EQ(factor.size(), Tokens * Heads);
    for_each_head([&](std::size_t row, std::size_t start, std::size_t n) {
      const std::size_t seen = window == 0 ? n : std::min<std::size_t>(n, window);
      const std::size_t first = start + n - seen;
      float peak = scores[first], largest = 0.0f;
      for (std::size_t j = first; j < start + n; ++j) {
        peak = std::fmax(peak, scores[j]);
        largest = std::fmax(largest, st::to_float(scales[j]));
      }
      long total = 0;
      for (std::size_t j = start; j < first; ++j) EXPECT_EQ(weights[j], 0);
      for (std::size_t j = first; j < start + n; ++j) {
        const float power = expf(scores[j] - peak);
        const float inverse = largest == 0.0f ? 0.0f : 65534.0f / largest;
        EXPECT_EQ(weights[j],
                  (static_cast<int>(power * (st::to_float(scales[j]) * inverse)) + 1) / 2);
        total += (static_cast<long>(power * 65534.0f) + 1) / 2;
      }
      EXPECT_EQ(factor[row], largest / static_cast<float>(total));
    });
  }
}

TEST(Int8Attention, ContextMatchesPlainLoops) {
  std::vector<int16_t> w;
  for (const float x : random_floats(Scores, 9))
    w.push_back(static_cast<int16_t>(std::fabs(x) * 16383.0f));
  const std::vector<int8_t> v = random_bytes(Scores * Head, 10);
  const std::vector<float> factors = random_floats(Tokens * Heads, 11);
  Wide<int16_t, 1> weights;
  Wide<int8_t, L> values;
  Wide<float, 1> units;
  Wide<float, L> out;
  feed(weights, w), feed(values, v), feed(units, factors);
  st::attention_context_int8<L, HeadBeats, Heads>(weights, values, units, out, Tokens, Past);
  const std::vector<float> y = drain(out);
  ASSERT_EQ(y.size(), Tokens * Heads * Head);
  for_each_head([&](std::size_t row, std::size_t start, std::size_t n) {
    for (std::size_t d = 0; d < Head; ++d) {
      long sum = 0;
      for (std::size_t j = start; j < start + n; ++j) sum += long{w[j]} * v[j * Head + d];
      EXPECT_EQ(y[row * Head + d], static_cast<float>(sum) * factors[row]);
    }
  });
}
