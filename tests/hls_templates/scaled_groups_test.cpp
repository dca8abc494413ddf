// SPDX-License-Identifier: Apache-2.0
// Kernels with a scale for every group of a row, against plain loops.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "streams.h"

using namespace test;

namespace {

constexpr int Tokens = 3;

int number(int8_t value) { return value; }
int number(ap_int<4> value) { return static_cast<int>(value.to_int64()); }

template <typename W>
std::vector<W> random_weights(std::size_t count, unsigned seed) {
  std::vector<W> weights;
  for (const float value : random_floats(count, seed))
    weights.push_back(static_cast<W>(static_cast<int>(value * (sizeof(W) == 1 ? 3.5f : 63.0f))));
  return weights;
}

template <int L, int Beats, int GroupBeats>
void check_quantiser(unsigned seed) {
  constexpr std::size_t Width = L * Beats, Group = L * GroupBeats;
  std::vector<float> x = random_floats(Width * Tokens, seed);
  std::fill(x.begin() + Width, x.begin() + Width + std::min(Width, Group), 0.0f);
  std::vector<int8_t> rows;
  std::vector<float> scales;
  for (std::size_t t = 0; t < Tokens; ++t) {
    for (std::size_t first = 0; first < Width; first += Group) {
      const float* begin = &x[t * Width + first];
      const std::size_t count = std::min(Group, Width - first);
      float peak = 0.0f;
      for (std::size_t i = 0; i < count; ++i) peak = std::max(peak, std::fabs(begin[i]));
      scales.push_back(peak / 127.0f);
      const float inverse = peak == 0.0f ? 0.0f : 127.0f / peak;
      for (std::size_t i = 0; i < count; ++i)
        rows.push_back(static_cast<int8_t>(std::round(begin[i] * inverse)));
    }
  }
  Wide<float, L> in;
  Wide<float, 1> made;
  Wide<int8_t, L> once, a, b;
  feed(in, x);
  st::quantize_groups<L, Beats, GroupBeats, 1>(in, made, Tokens, once);
  EXPECT_EQ(drain(once), rows);
  EXPECT_EQ(drain(made), scales);
  feed(in, x);
  st::quantize_groups<L, Beats, GroupBeats, 2, 3>(in, made, Tokens, a, b);
  EXPECT_EQ(drain(a), again(rows, Width, 2));
  EXPECT_EQ(drain(b), again(rows, Width, 3));
  EXPECT_EQ(drain(made), scales);  // once, not once per pass
}

/// Rows of two streams, the last group shorter where GroupBeats does not divide KBeats.
template <typename W, int KL, int KBeats, int GroupBeats, int NL, int NP, int Steps, int Tiles>
void check_product(unsigned seed) {
  constexpr int Streams = 2, Lanes = NP * Streams, Tile = Lanes * Steps, N = Tile * Tiles;
  constexpr int K = KL * KBeats, Group = KL * GroupBeats, Groups = (K + Group - 1) / Group;
  const auto at = [](int n, int width, int k) { return static_cast<std::size_t>(n * width + k); };
  std::vector<int8_t> x;
  for (const float value : random_floats(Tokens * K, seed))
    x.push_back(static_cast<int8_t>(value * 63.0f));
  const std::vector<W> w = random_weights<W>(N * K, seed + 1);
  const std::vector<float> x_scale = random_floats(Tokens * Groups, seed + 2);
  std::vector<st::bfloat16> scale;
  for (const float value : random_floats(N * Groups, seed + 3)) {
    uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    scale.push_back({static_cast<uint16_t>(bits >> 16)});
  }
  std::vector<int8_t> replayed;
  std::vector<W> ordered[Streams];
  std::vector<st::bfloat16> ordered_scales;
  std::vector<float> expected;
  for (int t = 0; t < Tokens; ++t) {
    const int8_t* row = &x[at(t, K, 0)];
    for (int tile = 0; tile < Tiles; ++tile) {
      replayed.insert(replayed.end(), row, row + K);
      for (int k = 0; k < K; k += KL) {
        for (int n = 0; n < Tile; ++n) {
          const W* part = &w[at(tile * Tile + n, K, k)];
          ordered[n / NP % Streams].insert(ordered[n / NP % Streams].end(), part, part + KL);
        }
      }
      for (int g = 0; g < Groups; ++g)
        for (int n = 0; n < Tile; ++n)
          ordered_scales.push_back(scale[at(tile * Tile + n, Groups, g)]);
    }
    for (int n = 0; n < N; ++n) {
      float total = 0.0f;
      for (int g = 0; g < Groups; ++g) {
        int sum = 0;
        for (int k = g * Group; k < std::min(K, (g + 1) * Group); ++k)
          sum += row[k] * number(w[at(n, K, k)]);
        const float both = x_scale[at(t, Groups, g)] * st::to_float(scale[at(n, Groups, g)]);
        const float scaled = static_cast<float>(sum) * both;
        total = total + scaled;
      }
      expected.push_back(total);
    }
  }
  Wide<int8_t, KL> values;
  Wide<float, 1> x_scales;
  Wide<st::bfloat16, Lanes> scales;
  Wide<W, KL * NP> weights[Streams];
  Wide<float, NL> out;
  feed(values, replayed);
  feed(x_scales, x_scale);
  feed(scales, ordered_scales);
  for (int s = 0; s < Streams; ++s) feed(weights[s], ordered[s]);
  st::matmul_scaled_groups<W, KL, KBeats, GroupBeats, NL, NP, Steps, Tiles>(
      values, x_scales, scales, out, Tokens, weights[0], weights[1]);
  EXPECT_EQ(values.size() + x_scales.size() + scales.size() + weights[0].size(), 0u);
  EXPECT_EQ(drain(out), expected);
}

}  // namespace

TEST(ScaledGroups, EachGroupIsScaledByItsPeak) {
  check_quantiser<8, 6, 2>(1);
  check_quantiser<4, 11, 4>(2);  // the last group has 3 beats
  check_quantiser<4, 5, 4>(3);   // and 1
  check_quantiser<2, 3, 3>(4);
  check_quantiser<1, 4, 1>(5);
}

/// A group is sent while the next one comes, beat for beat: a beat is read before one is written.
TEST(ScaledGroups, NoGroupWaitsForAllOfTheNextOne) {
  hls::stream<st::vec<float, 1>, 1> in, scales;
  hls::stream<st::vec<int8_t, 1>, 1> out;
  TASK(st::quantize_groups<1, 4, 2, 1>)(in, scales, 1, out);
  in.write({{2.0f}});
  in.write({{-254.0f}});
  in.write({{-1.0f}});
  EXPECT_EQ(scales.read()[0], 2.0f);
  EXPECT_EQ(out.read()[0], 1);
  in.write({{127.0f}});
  EXPECT_EQ(out.read()[0], -127);
  EXPECT_EQ(scales.read()[0], 1.0f);
  EXPECT_EQ(out.read()[0], -1);
  EXPECT_EQ(out.read()[0], 127);
}

TEST(ScaledGroups, ProductsAreScaledByBothAndAddedInTheirOrder) {
  check_product<int8_t, 8, 6, 2, 4, 1, 4, 2>(11);
  check_product<int8_t, 4, 5, 2, 4, 2, 3, 1>(21);  // the last group has a beat
  check_product<int8_t, 2, 4, 4, 8, 2, 2, 3>(31);
  check_product<ap_int<4>, 8, 5, 3, 4, 1, 4, 2>(41);
  check_product<ap_int<4>, 4, 3, 1, 4, 2, 3, 3>(51);
}
