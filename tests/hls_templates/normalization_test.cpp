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
  st::layer_norm<L, Beats, 1>(in, factor, offset, 1e-5f, Tokens, out);
  const std::vector<float> y = drain(out);
  ASSERT_EQ(y.size(), x.size());
  for (int t = 0; t < Tokens; ++t) {
    const float* row = &x[static_cast<std::size_t>(t * Width)];
    std::vector<float> sums, squares;
    for (int b = 0; b < Beats; ++b) sums.push_back(tree(row + b * L, L));
    const float mean = in_turns(sums) / static_cast<float>(Width);
    for (int b = 0; b < Beats; ++b) {
      float square[L];
      for (int i = 0; i < L; ++i) square[i] = (row[b * L + i] - mean) * (row[b * L + i] - mean);
      squares.push_back(tree(square, L));
    }
    const float inverse = 1.0f / std::sqrt(in_turns(squares) / static_cast<float>(Width) + 1e-5f);
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
  st::rms_norm<L, Beats, 1>(in, factor, 1e-5f, Tokens, out);
  const std::vector<float> y = drain(out);
  ASSERT_EQ(y.size(), x.size());
  for (int t = 0; t < Tokens; ++t) {
    const float* row = &x[static_cast<std::size_t>(t * Width)];
    std::vector<float> squares;
    for (int b = 0; b < Beats; ++b) {
      float square[L];
      for (int i = 0; i < L; ++i) square[i] = row[b * L + i] * row[b * L + i];
      squares.push_back(tree(square, L));
    }
    const float inverse = 1.0f / std::sqrt(in_turns(squares) / static_cast<float>(Width) + 1e-5f);
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

// Heads are normalised as rows of their width are.
TEST(RmsNormHeads, NormalisesEachHeadOfARow) {
  constexpr int L = 4, Beats = 3, Heads = 5, Width = L * Beats;
  const std::vector<float> x = random_floats(Width * Heads * Tokens, 12);
  const std::vector<float> scale = random_floats(Width, 13);
  Wide<float, L> in[2], factor[2], rows, heads;
  for (int run = 0; run < 2; ++run) {
    feed(in[run], x);
    feed(factor[run], repeat(scale, Heads * Tokens));
  }
  st::rms_norm<L, Beats, 1>(in[0], factor[0], 1e-5f, Heads * Tokens, rows);
  TASK(st::rms_norm_heads<L, Beats, Heads>)(in[1], factor[1], 1e-5f, Tokens, heads);
  const std::vector<float> y = drain(heads);
  ASSERT_EQ(y.size(), x.size());
  EXPECT_EQ(y, drain(rows));
  EXPECT_TRUE(in[1].empty() && factor[1].empty());
}

TEST(LayerNorm, SendsEachRowAsOftenAsItsReadersTakeIt) {
  constexpr int L = 4, Beats = 3, Width = L * Beats;
  const std::vector<float> x = random_floats(Width * Tokens, 6), bias = random_floats(Width, 7);
  const std::vector<float> scale = random_floats(Width, 8);
  Wide<float, L> once, in[2], factor[2], offset[2];
  for (int run = 0; run < 2; ++run) {
    feed(in[run], x);
    feed(factor[run], repeat(scale, Tokens));
    feed(offset[run], repeat(bias, Tokens));
  }
  st::layer_norm<L, Beats, 1>(in[0], factor[0], offset[0], 1e-5f, Tokens, once);
  const std::vector<float> rows = drain(once);
  Wide<float, L> a;
  hls::stream<st::vec<float, L>, 100> b, c;
  TASK(st::layer_norm<L, Beats, 3, 1, 2>)(in[1], factor[1], offset[1], 1e-5f, Tokens, a, b, c);
  EXPECT_EQ(drain(a), again(rows, Width, 3));
  EXPECT_EQ(drain(b), rows);
  EXPECT_EQ(drain(c), again(rows, Width, 2));
}

TEST(RmsNorm, SendsEachRowAsOftenAsItsReadersTakeIt) {
  constexpr int L = 3, Beats = 5, Width = L * Beats;
  const std::vector<float> x = random_floats(Width * Tokens, 9), scale = random_floats(Width, 10);
  Wide<float, L> once, in[2], factor[2], a, b;
  for (int run = 0; run < 2; ++run) {
    feed(in[run], x);
    feed(factor[run], repeat(scale, Tokens));
  }
  st::rms_norm<L, Beats, 1>(in[0], factor[0], 1e-5f, Tokens, once);
  const std::vector<float> rows = drain(once);
  TASK(st::rms_norm<L, Beats, 1, 4>)(in[1], factor[1], 1e-5f, Tokens, a, b);
  EXPECT_EQ(drain(a), rows);
  EXPECT_EQ(drain(b), again(rows, Width, 4));
}

// One reader takes all of a row before the next one gets any of it, and the next row is not read
// before the last one has it.
TEST(LayerNorm, ServesItsReadersOneAfterAnother) {
  constexpr int Beats = 2;
  using Stream = hls::stream<st::vec<float, 1>, 1>;
  Wide<float, 1> in, factor, offset;
  feed(in, random_floats(2 * Beats, 11));
  feed(factor, std::vector<float>(2 * Beats, 1.0f));
  feed(offset, std::vector<float>(2 * Beats, 0.0f));
  Stream a, b;
  TASK(st::layer_norm<1, Beats, 2, 1>)(in, factor, offset, 1e-5f, 2, a, b);
  for (std::size_t row = 0; row < 2; ++row) {
    // With the last beat for a reader in its FIFO, the kernel has gone on to the next one.
    for (int n = 0; n < 2 * Beats; ++n) {
      EXPECT_EQ(b.empty(), n < 2 * Beats - 1);
      EXPECT_EQ(in.size(), Beats * (1 - row));
      a.read();
    }
    for (int n = 0; n < Beats; ++n) {
      EXPECT_EQ(a.empty(), row == 1 || n < Beats - 1);
      b.read();
    }
  }
}

TEST(TreeSum, AddsNeighboursFirst) {
  const st::vec<float, 3> a = {{1e8f, -1e8f, 1.0f}};
  EXPECT_EQ(st::tree_sum(a), 1.0f);
  const st::vec<float, 4> b = {{1e8f, 1.0f, -1e8f, 1.0f}};
  EXPECT_EQ(st::tree_sum(b), 0.0f);
}
