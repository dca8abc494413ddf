// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>

#include "streams.h"

using namespace test;

namespace {

constexpr int L = 4, HeadBeats = 3, Heads = 2, Head = L * HeadBeats;
constexpr int Tokens = 3, Past = 2, MaxPositions = 8;
constexpr int Scores = Heads * (3 + 4 + 5);  // positions seen by the three rows

std::vector<float> softmax(const std::vector<float>& scores, int window) {
  Wide<float, 1> in, out;
  feed(in, scores);
  st::softmax_rows<MaxPositions, Heads>(in, out, window, Tokens, Past);
  return drain(out);
}

/// Probabilities against plain sums, and again with scores that are no use before the window.
void check_window(const std::vector<float>& scores, int window) {
  const std::vector<float> p = softmax(scores, window);
  ASSERT_EQ(p.size(), scores.size());
  std::vector<float> spoilt = scores;
  std::size_t start = 0;
  for (int row = 0; row < Tokens * Heads; ++row) {
    const std::size_t n = static_cast<std::size_t>(Past + row / Heads + 1);
    const std::size_t seen = static_cast<std::size_t>(window), hidden = n > seen ? n - seen : 0;
    float powers = 0.0f;
    for (std::size_t j = hidden; j < n; ++j) powers += std::exp(scores[start + j]);
    for (std::size_t j = 0; j < hidden; ++j) {
      EXPECT_EQ(p[start + j], 0.0f);
      spoilt[start + j] = j % 2 == 0 ? NAN : 1e30f;
    }
    for (std::size_t j = hidden; j < n; ++j)
      EXPECT_NEAR(p[start + j], std::exp(scores[start + j]) / powers, 1e-6f);
    start += n;
  }
  EXPECT_EQ(softmax(spoilt, window), p);
}

}  // namespace

TEST(Attention, ScoresMatchPlainLoops) {
  const std::vector<float> q = random_floats(Tokens * Heads * Head, 1);
  const std::vector<float> k = random_floats(Scores * Head, 2);
  Wide<float, L> queries, keys;
  Wide<float, 1> out;
  feed(queries, q);
  feed(keys, k);
  st::attention_scores<L, HeadBeats, Heads>(queries, keys, out, 0.3f, Tokens, Past);
  std::vector<float> expected;
  const float* key = k.data();
  for (int t = 0; t < Tokens; ++t) {
    for (int h = 0; h < Heads; ++h) {
      for (int j = 0; j <= Past + t; ++j, key += Head) {
        float dots[HeadBeats];
        for (int b = 0; b < HeadBeats; ++b) {
          float products[L];
          for (int i = 0; i < L; ++i) {
            products[i] =
                q[static_cast<std::size_t>((t * Heads + h) * Head + b * L + i)] * key[b * L + i];
          }
          dots[b] = tree(products, L);
        }
        expected.push_back(tree(dots, HeadBeats) * 0.3f);
      }
    }
  }
  EXPECT_EQ(drain(out), expected);
}

TEST(Attention, SoftmaxMatchesPlainLoops) {
  std::vector<float> scores = random_floats(Scores, 3);
  scores[1] = 200.0f;  // would overflow without the subtraction of the maximum
  for (std::size_t i = 3; i < 6; ++i) scores[i] -= 300.0f;
  Wide<float, 1> in, out;
  feed(in, scores);
  st::softmax_rows<MaxPositions, Heads>(in, out, 0, Tokens, Past);
  const std::vector<float> p = drain(out);
  ASSERT_EQ(p.size(), scores.size());
  std::size_t start = 0;
  for (int t = 0; t < Tokens; ++t) {
    for (int h = 0; h < Heads; ++h) {
      const std::size_t n = static_cast<std::size_t>(Past + t + 1);
      float peak = scores[start];
      std::vector<float> powers;
      for (std::size_t j = 0; j < n; ++j) peak = std::fmax(peak, scores[start + j]);
      for (std::size_t j = 0; j < n; ++j) powers.push_back(std::exp(scores[start + j] - peak));
      const float inverse = 1.0f / in_turns(powers);
      for (std::size_t j = 0; j < n; ++j) {
        EXPECT_EQ(p[start + j], std::exp(scores[start + j] - peak) * inverse);
      }
      start += n;
    }
  }
}

/// What is before the window has no part in a row, a NaN included, and a probability of 0.
TEST(Attention, SoftmaxOfAWindowIsThatOfItsScores) {
  const std::vector<float> scores = random_floats(Scores, 6);
  check_window(scores, 1);
  check_window(scores, 3);
  check_window(scores, 4);
  EXPECT_EQ(softmax(scores, 5), softmax(scores, 0));
}

TEST(Attention, ContextMatchesPlainLoops) {
  const std::vector<float> p = random_floats(Scores, 4);
  const std::vector<float> v = random_floats(Scores * Head, 5);
  Wide<float, 1> probabilities;
  Wide<float, L> values, out;
  feed(probabilities, p);
  feed(values, v);
  st::attention_context<L, HeadBeats, Heads>(probabilities, values, out, Tokens, Past);
  std::vector<float> expected;
  std::size_t start = 0;
  for (int t = 0; t < Tokens; ++t) {
    for (int h = 0; h < Heads; ++h) {
      const std::size_t n = static_cast<std::size_t>(Past + t + 1);
      for (std::size_t d = 0; d < Head; ++d) {
        // Positions take turns on 4 groups of 3 beats: the least power of two that fills 7 cycles.
        float groups[4] = {};
        for (std::size_t j = 0; j < n; ++j)
          groups[j % 4] += p[start + j] * v[(start + j) * Head + d];
        expected.push_back(tree(groups, 4));
      }
      start += n;
    }
  }
  EXPECT_EQ(drain(out), expected);
}
