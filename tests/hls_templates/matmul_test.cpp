// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "streams.h"

using namespace test;

namespace {

constexpr int Tokens = 3;

template <typename T, typename Acc, int KL, int KBeats, int NL, int NBeats>
void check(const std::vector<T>& x, const std::vector<T>& w) {
  constexpr int K = KL * KBeats, N = NL * NBeats;
  std::vector<T> replayed, ordered;
  std::vector<Acc> expected;
  for (int t = 0; t < Tokens; ++t) {
    const T* row = &x[static_cast<std::size_t>(t * K)];
    for (int n = 0; n < NBeats; ++n) {
      replayed.insert(replayed.end(), row, row + K);
      for (int k = 0; k < KBeats; ++k) {
        for (int lane = 0; lane < NL; ++lane) {
          const T* part = &w[static_cast<std::size_t>((n * NL + lane) * K + k * KL)];
          ordered.insert(ordered.end(), part, part + KL);
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
  Wide<T, KL> values, weights;
  Wide<Acc, NL> out;
  feed(values, replayed);
  feed(weights, ordered);
  st::matmul<T, Acc, KL, KBeats, NL, NBeats>(values, weights, out, Tokens);
  EXPECT_EQ(drain(out), expected);
  EXPECT_EQ(values.size(), 0u);
  EXPECT_EQ(weights.size(), 0u);
}

std::vector<int8_t> random_bytes(std::size_t count, unsigned seed) {
  std::vector<int8_t> bytes;
  for (float value : random_floats(count, seed))
    bytes.push_back(static_cast<int8_t>(value * 63.0f));
  return bytes;
}

}  // namespace

TEST(Matmul, Float) {
  check<float, float, 8, 4, 4, 3>(random_floats(Tokens * 32, 1), random_floats(12 * 32, 2));
  check<float, float, 1, 5, 1, 2>(random_floats(Tokens * 5, 3), random_floats(2 * 5, 4));
}

TEST(Matmul, Bytes) {
  check<int8_t, int32_t, 16, 2, 8, 2>(random_bytes(Tokens * 32, 5), random_bytes(16 * 32, 6));
}
