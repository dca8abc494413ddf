// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <utility>

#include "streams.h"

using namespace test;

namespace {

constexpr int Tokens = 3;

/// Calls the template with `Streams` streams of weights.
template <typename T, typename Acc, int KL, int KBeats, int NL, int NP, int Steps, int Tiles,
          std::size_t... S>
std::vector<Acc> run(const std::vector<T>& x, const std::vector<T> (&w)[sizeof...(S)],
                     std::index_sequence<S...>) {
  Wide<T, KL> values;
  Wide<T, KL * NP> weights[sizeof...(S)];
  Wide<Acc, NL> out;
  feed(values, x);
  (feed(weights[S], w[S]), ...);
  st::matmul<T, Acc, KL, KBeats, NL, NP, Steps, Tiles>(values, out, Tokens, weights[S]...);
  EXPECT_EQ(values.size(), 0u);
  for (std::size_t left : {weights[S].size()...}) EXPECT_EQ(left, 0u);
  return drain(out);
}

template <typename T, typename Acc, int KL, int KBeats, int NL, int NP, int Steps, int Tiles,
          int Streams>
void check(const std::vector<T>& x, const std::vector<T>& w) {
  constexpr int K = KL * KBeats, Tile = NP * Steps * Streams, N = Tile * Tiles;
  std::vector<T> replayed, ordered[Streams];
  std::vector<Acc> expected;
  for (int t = 0; t < Tokens; ++t) {
    const T* row = &x[static_cast<std::size_t>(t * K)];
    for (int tile = 0; tile < Tiles; ++tile) {
      replayed.insert(replayed.end(), row, row + K);
      for (int k = 0; k < K; k += KL) {
        for (int n = 0; n < Tile; ++n) {
          const T* part = &w[static_cast<std::size_t>((tile * Tile + n) * K + k)];
          std::vector<T>& stream = ordered[n / NP % Streams];
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
                        static_cast<Acc>(w[static_cast<std::size_t>(n * K + k + i)]);
        }
        sum += tree(products, KL);
      }
      expected.push_back(sum);
    }
  }
  const std::vector<Acc> y = run<T, Acc, KL, KBeats, NL, NP, Steps, Tiles>(
      replayed, ordered, std::make_index_sequence<Streams>());
  EXPECT_EQ(y, expected);
}

std::vector<int8_t> random_bytes(std::size_t count, unsigned seed) {
  std::vector<int8_t> bytes;
  for (float value : random_floats(count, seed))
    bytes.push_back(static_cast<int8_t>(value * 63.0f));
  return bytes;
}

}  // namespace

TEST(Matmul, Float) {
  check<float, float, 8, 4, 4, 1, 4, 3, 1>(random_floats(Tokens * 32, 1),
                                           random_floats(12 * 32, 2));
  check<float, float, 1, 5, 1, 1, 1, 2, 1>(random_floats(Tokens * 5, 3), random_floats(2 * 5, 4));
  check<float, float, 4, 2, 6, 1, 4, 2, 3>(random_floats(Tokens * 8, 5), random_floats(24 * 8, 6));
  check<float, float, 2, 3, 4, 2, 2, 2, 2>(random_floats(Tokens * 6, 7), random_floats(16 * 6, 8));
}

TEST(Matmul, Bytes) {
  check<int8_t, int32_t, 16, 2, 8, 1, 8, 2, 1>(random_bytes(Tokens * 32, 5),
                                               random_bytes(16 * 32, 6));
  check<int8_t, int32_t, 8, 3, 8, 4, 1, 2, 2>(random_bytes(Tokens * 24, 7),
                                              random_bytes(16 * 24, 8));
  check<int8_t, int32_t, 4, 2, 12, 2, 4, 1, 3>(random_bytes(Tokens * 8, 9),
                                               random_bytes(24 * 8, 10));
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
