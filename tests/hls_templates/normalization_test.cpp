// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>

#include "streams.h"

using namespace test;

namespace {

constexpr int Tokens = 3;

template <int L, int Beats>
void check_layer_norm() {
  constexpr int Width = L * Beats;
  const std::vector<float> x = random_floats(Width * Tokens, 1);
  const std::vector<float> scale = random_floats(Width, 2), bias = random_floats(Width, 3);
  Wide<float, L> in, factor, offset, out;
  feed(in, x);
  feed(factor, repeat(scale, Tokens));
  feed(offset, repeat(bias, Tokens));
  st::layer_norm<L, Beats>(in, factor, offset, out, 1e-5f, Tokens);
  const std::vector<float> y = drain(out);
  ASSERT_EQ(y.size(), x.size());
  for (int t = 0; t < Tokens; ++t) {
    const float* row = &x[static_cast<std::size_t>(t * Width)];
    float sum = 0.0f, squares = 0.0f;
    for (int b = 0; b < Beats; ++b) sum += tree(row + b * L, L);
    const float mean = sum / static_cast<float>(Width);
    for (int b = 0; b < Beats; ++b) {
      float square[L];
      for (int i = 0; i < L; ++i) square[i] = (row[b * L + i] - mean) * (row[b * L + i] - mean);
      squares += tree(square, L);
    }
    const float inverse = 1.0f / std::sqrt(squares / static_cast<float>(Width) + 1e-5f);
    for (int i = 0; i < Width; ++i) {
      const std::size_t c = static_cast<std::size_t>(i);
      EXPECT_EQ(y[static_cast<std::size_t>(t * Width + i)],
                (row[i] - mean) * inverse * scale[c] + bias[c]);
    }
  }
}

template <int L, int Beats>
void check_rms_norm() {
  constexpr int Width = L * Beats;
  const std::vector<float> x = random_floats(Width * Tokens, 4);
  const std::vector<float> scale = random_floats(Width, 5);
  Wide<float, L> in, factor, out;
  feed(in, x);
  feed(factor, repeat(scale, Tokens));
  st::rms_norm<L, Beats>(in, factor, out, 1e-5f, Tokens);
  const std::vector<float> y = drain(out);
  ASSERT_EQ(y.size(), x.size());
  for (int t = 0; t < Tokens; ++t) {
    const float* row = &x[static_cast<std::size_t>(t * Width)];
    float squares = 0.0f;
    for (int b = 0; b < Beats; ++b) {
      float square[L];
      for (int i = 0; i < L; ++i) square[i] = row[b * L + i] * row[b * L + i];
      squares += tree(square, L);
    }
    const float inverse = 1.0f / std::sqrt(squares / static_cast<float>(Width) + 1e-5f);
    for (int i = 0; i < Width; ++i) {
      EXPECT_EQ(y[static_cast<std::size_t>(t * Width + i)],
                row[i] * inverse * scale[static_cast<std::size_t>(i)]);
    }
  }
}

}  // namespace

TEST(LayerNorm, MatchesPlainLoops) {
  check_layer_norm<16, 4>();
  check_layer_norm<1, 9>();
  check_layer_norm<6, 5>();
}

TEST(RmsNorm, MatchesPlainLoops) {
  check_rms_norm<16, 4>();
  check_rms_norm<1, 9>();
  check_rms_norm<6, 5>();
}

TEST(TreeSum, AddsNeighboursFirst) {
  const st::vec<float, 3> a = {{1e8f, -1e8f, 1.0f}};
  EXPECT_EQ(st::tree_sum(a), 1.0f);
  const st::vec<float, 4> b = {{1e8f, 1.0f, -1e8f, 1.0f}};
  EXPECT_EQ(st::tree_sum(b), 0.0f);
}
