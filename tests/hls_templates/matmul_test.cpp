// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstring>
#include <utility>

#include "streams.h"

using namespace test;

namespace {

constexpr int Tokens = 3;

/// Calls the template with `Streams` streams of weights.
template <typename X, typename W, typename Acc, int KL, int KBeats, int NL, int NP, int Steps,
          int Tiles, std::size_t... S>
std::vector<Acc> run(const std::vector<X>& x, const std::vector<W> (&w)[sizeof...(S)],
                     std::index_sequence<S...>) {
  Wide<X, KL> values;
  Wide<W, KL * NP> weights[sizeof...(S)];
  Wide<Acc, NL> out;
  feed(values, x);
  (feed(weights[S], w[S]), ...);
  st::matmul<X, W, Acc, KL, KBeats, NL, NP, Steps, Tiles>(values, out, Tokens, weights[S]...);
  EXPECT_EQ(values.size(), 0u);
  for (std::size_t left : {weights[S].size()...}) EXPECT_EQ(left, 0u);
  return drain(out);
}

int number(int8_t value) { return value; }
int number(ap_int<4> value) { return static_cast<int>(value.to_int64()); }
float number(float value) { return value; }

template <typename X, typename W, typename Acc, int KL, int KBeats, int NL, int NP, int Steps,
          int Tiles, int Streams>
void check(const std::vector<X>& x, const std::vector<W>& w) {
  constexpr int K = KL * KBeats, Tile = NP * Steps * Streams, N = Tile * Tiles;
  std::vector<X> replayed;
  std::vector<W> ordered[Streams];
  std::vector<Acc> expected;
  for (int t = 0; t < Tokens; ++t) {
    const X* row = &x[static_cast<std::size_t>(t * K)];
    for (int tile = 0; tile < Tiles; ++tile) {
      replayed.insert(replayed.end(), row, row + K);
      for (int k = 0; k < K; k += KL) {
        for (int n = 0; n < Tile; ++n) {
          const W* part = &w[static_cast<std::size_t>((tile * Tile + n) * K + k)];
          std::vector<W>& stream = ordered[n / NP % Streams];
          stream.insert(stream.end(), part, part + KL);
        }
      }
    }
    for (int n = 0; n < N; ++n) {
      Acc sum = 0;
      for (int k = 0; k < K; k += KL) {
        Acc products[KL];
        for (int i = 0; i < KL; ++i) {
          products[i] = static_cast<Acc>(row[k + i]) *
                        static_cast<Acc>(number(w[static_cast<std::size_t>(n * K + k + i)]));
        }
        sum += tree(products, KL);
      }
      expected.push_back(sum);
    }
  }
  const std::vector<Acc> y = run<X, W, Acc, KL, KBeats, NL, NP, Steps, Tiles>(
      replayed, ordered, std::make_index_sequence<Streams>());
  EXPECT_EQ(y, expected);
}

std::vector<int8_t> random_bytes(std::size_t count, unsigned seed) {
  std::vector<int8_t> bytes;
  for (float value : random_floats(count, seed))
    bytes.push_back(static_cast<int8_t>(value * 63.0f));
  return bytes;
}

std::vector<ap_int<4>> random_nibbles(std::size_t count, unsigned seed) {
  std::vector<ap_int<4>> nibbles;
  for (int8_t value : random_bytes(count, seed)) nibbles.emplace_back(value);
  return nibbles;
}

/// Rows of two streams whose weights have scales for groups of 2 * KL values, against plain loops.
template <int KL, int GroupBeats, int Groups, int NL, int NP, int Steps, int Tiles>
void check_groups(unsigned seed) {
  constexpr int Streams = 2, Lanes = NP * Streams, Tile = Lanes * Steps, N = Tile * Tiles;
  constexpr int Group = KL * GroupBeats, K = Group * Groups;
  const std::vector<int8_t> x = random_bytes(Tokens * K, seed);
  const std::vector<ap_int<4>> w = random_nibbles(N * K, seed + 1);
  std::vector<st::bfloat16> scale;
  for (float value : random_floats(N * Groups, seed + 2)) {
    uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    scale.push_back({static_cast<uint16_t>(bits >> 16)});
  }
  Wide<int8_t, KL> values;
  Wide<ap_int<4>, KL * NP> weights[Streams];
  Wide<st::bfloat16, Lanes> scales;
  Wide<float, NL> out;
  std::vector<int8_t> replayed;
  std::vector<ap_int<4>> ordered[Streams];
  std::vector<st::bfloat16> ordered_scales;
  std::vector<float> expected;
  const auto at = [](int n, int width, int k) { return static_cast<std::size_t>(n * width + k); };
  for (int t = 0; t < Tokens; ++t) {
    const int8_t* row = &x[at(t, K, 0)];
    for (int tile = 0; tile < Tiles; ++tile) {
      replayed.insert(replayed.end(), row, row + K);
      for (int k = 0; k < K; k += KL) {
        for (int n = 0; n < Tile; ++n) {
          const ap_int<4>* part = &w[at(tile * Tile + n, K, k)];
          std::vector<ap_int<4>>& stream = ordered[n / NP % Streams];
          stream.insert(stream.end(), part, part + KL);
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
        for (int k = g * Group; k < (g + 1) * Group; ++k) sum += row[k] * number(w[at(n, K, k)]);
        total += static_cast<float>(sum) * st::to_float(scale[at(n, Groups, g)]);
      }
      expected.push_back(total);
    }
  }
  feed(values, replayed);
  for (int s = 0; s < Streams; ++s) feed(weights[s], ordered[s]);
  feed(scales, ordered_scales);
  st::matmul_groups<KL, GroupBeats, Groups, NL, NP, Steps, Tiles>(values, scales, out, Tokens,
                                                                  weights[0], weights[1]);
  EXPECT_EQ(values.size() + scales.size() + weights[0].size() + weights[1].size(), 0u);
  EXPECT_EQ(drain(out), expected);
}

}  // namespace

TEST(Matmul, Float) {
  check<float, float, float, 8, 4, 4, 1, 4, 3, 1>(random_floats(Tokens * 32, 1),
                                                  random_floats(12 * 32, 2));
  check<float, float, float, 1, 5, 1, 1, 1, 2, 1>(random_floats(Tokens * 5, 3),
                                                  random_floats(2 * 5, 4));
  check<float, float, float, 4, 2, 6, 1, 4, 2, 3>(random_floats(Tokens * 8, 5),
                                                  random_floats(24 * 8, 6));
  check<float, float, float, 2, 3, 4, 2, 2, 2, 2>(random_floats(Tokens * 6, 7),
                                                  random_floats(16 * 6, 8));
}

TEST(Matmul, Bytes) {
  check<int8_t, int8_t, int32_t, 16, 2, 8, 1, 8, 2, 1>(random_bytes(Tokens * 32, 5),
                                                       random_bytes(16 * 32, 6));
  check<int8_t, int8_t, int32_t, 8, 3, 8, 4, 1, 2, 2>(random_bytes(Tokens * 24, 7),
                                                      random_bytes(16 * 24, 8));
  check<int8_t, int8_t, int32_t, 4, 2, 12, 2, 4, 1, 3>(random_bytes(Tokens * 8, 9),
                                                       random_bytes(24 * 8, 10));
}

TEST(Matmul, Nibbles) {
  check<int8_t, ap_int<4>, int32_t, 16, 2, 8, 1, 8, 2, 1>(random_bytes(Tokens * 32, 5),
                                                          random_nibbles(16 * 32, 6));
  check<int8_t, ap_int<4>, int32_t, 8, 3, 8, 4, 1, 2, 2>(random_bytes(Tokens * 24, 7),
                                                         random_nibbles(16 * 24, 8));
}

TEST(Matmul, GroupsAreScaledAndAddedInTheirOrder) {
  check_groups<8, 2, 3, 4, 1, 4, 2>(11);
  check_groups<4, 1, 5, 4, 2, 3, 1>(21);
  check_groups<2, 4, 1, 8, 2, 2, 3>(31);
}

TEST(Matmul, PairsOfProductsAreExact) {
  for (int a = -128; a < 128; ++a) {
    for (int b = -128; b < 128; b += a % 7 == 0 ? 1 : 51) {
      for (int x = -128; x < 128; ++x) {
        int ax = 0, bx = 0;
        st::multiply_pair(static_cast<int8_t>(a), static_cast<int8_t>(b), static_cast<int8_t>(x),
                          ax, bx);
        ASSERT_EQ(ax, a * x) << a << ' ' << b << ' ' << x;
        ASSERT_EQ(bx, b * x) << a << ' ' << b << ' ' << x;
      }
    }
  }
}
