// SPDX-License-Identifier: Apache-2.0
// The multipliers of a slice against plain loops, for numbers of ports that make all kinds of
// blocks, with factors at their bounds and random ones.
#include "streamtensor/stripe_products.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "streamtensor/quads.h"
#include "streamtensor/stripe_sums.h"

namespace {

using st::word_bytes;
using st::word_use;
using st::WordBytes;

/// A factor: now and then one of its bounds.
class Factors {
 public:
  explicit Factors(unsigned seed) : random_(seed) {}

  int between(int least, int most) {
    const int kind = std::uniform_int_distribution<int>(0, 3)(random_);
    if (kind == 0) return least;
    if (kind == 1) return most;
    return std::uniform_int_distribution<int>(least, most)(random_);
  }
  word_bytes word(int least) {
    word_bytes made;
    for (int i = 0; i < WordBytes; ++i) made[i] = static_cast<int8_t>(between(least, 127));
    return made;
  }

 private:
  std::mt19937 random_;
};

template <int Ports>
struct Inputs {
  word_bytes words[Ports];
  word_bytes tokens[2];
  st::vec<int16_t, Ports> weights;

  explicit Inputs(unsigned seed) {
    Factors factors(seed);
    for (word_bytes& word : words) word = factors.word(-128);
    for (word_bytes& token : tokens) token = factors.word(-127);
    for (int p = 0; p < Ports; ++p) weights[p] = static_cast<int16_t>(factors.between(0, 32767));
  }
  /// All factors of a kind the same.
  Inputs(int8_t byte, int8_t token0, int8_t token1, int16_t weight) {
    for (word_bytes& word : words) std::fill_n(word.lane, WordBytes, byte);
    std::fill_n(tokens[0].lane, WordBytes, token0);
    std::fill_n(tokens[1].lane, WordBytes, token1);
    std::fill_n(weights.lane, Ports, weight);
  }
};

int half_byte(int8_t byte, int row) {
  const int half = (static_cast<uint8_t>(byte) >> 4 * row) & 15;
  return half < 8 ? half : half - 16;
}

template <int Ports, int WordRows, int Tokens>
st::vec<int, Tokens * WordRows * Ports> dots_of_weights(const Inputs<Ports>& in) {
  const auto words = st::words_of(in.words);
  st::chain_totals<Ports> totals;
  st::stripe_products<Ports, WordRows, Tokens>(words, in.tokens[0], in.tokens[1], in.weights,
                                               word_use::weights, totals);
  const auto dots =
      st::weight_dots<Ports, WordRows, Tokens>(words, in.tokens[0], in.tokens[1], totals);
  if constexpr (Tokens == 2) {
    st::weight_totals<Ports> own;
    st::weight_products<Ports, WordRows>(words, in.tokens[0], in.tokens[1], own);
    const auto same = st::own_weight_dots<Ports, WordRows>(words, in.tokens[0], in.tokens[1], own);
    EXPECT_TRUE(std::equal(std::begin(same.lane), std::end(same.lane), dots.lane));
  }
  return dots;
}

template <int Ports, int WordRows, int Tokens>
void expect_weights(const Inputs<Ports>& in) {
  const auto dots = dots_of_weights<Ports, WordRows, Tokens>(in);
  for (int t = 0; t < Tokens; ++t) {
    for (int r = 0; r < WordRows; ++r) {
      for (int p = 0; p < Ports; ++p) {
        int sum = 0;
        for (int i = 0; i < WordBytes; ++i)
          sum += in.tokens[t][i] * (WordRows == 1 ? in.words[p][i] : half_byte(in.words[p][i], r));
        ASSERT_EQ(dots[(t * WordRows + r) * Ports + p], sum)
            << "token " << t << ", row " << r << " of port " << p << " of " << Ports;
      }
    }
  }
}

template <int Ports, int WordRows, int Tokens>
void expect_keys_and_values(const Inputs<Ports>& in) {
  const word_bytes none = {};
  const auto products = [&](word_use use) {
    st::chain_totals<Ports> totals;
    st::stripe_products<Ports, WordRows, Tokens>(st::words_of(in.words),
                                                 use == word_use::keys ? in.tokens[0] : none, none,
                                                 in.weights, use, totals);
    return totals;
  };
  const auto keys = st::port_dots<Ports, st::ByteSumBits>(products(word_use::keys));
  for (int p = 0; p < Ports; ++p) {
    int sum = 0;
    for (int i = 0; i < WordBytes; ++i) sum += in.tokens[0][i] * in.words[p][i];
    ASSERT_EQ(keys[p], sum) << "port " << p << " of " << Ports;
  }
  const auto values = products(word_use::values);
  for (int i = 0; i < WordBytes; ++i) {
    int sum = 0;
    for (int p = 0; p < Ports; ++p) sum += in.weights[p] * in.words[p][i];
    ASSERT_EQ(st::column_sum<Ports>(values, i), sum) << "column " << i << " of " << Ports;
  }
}

template <int WordRows, int Tokens, int Ports>
void expect_products(const Inputs<Ports>& in) {
  expect_weights<Ports, WordRows, Tokens>(in);
  expect_keys_and_values<Ports, WordRows, Tokens>(in);
}

template <int Ports>
void expect_all(const Inputs<Ports>& in) {
  expect_products<1, 1>(in);
  expect_products<1, 2>(in);
  expect_products<2, 1>(in);
  expect_products<2, 2>(in);
}

template <int... Ports>
void for_ports() {
  for (unsigned seed = 1; seed <= 20; ++seed) (expect_all(Inputs<Ports>(seed)), ...);
  // -128 as two int4 is -8 and 0; 0x88 is -8 twice, 0x77 is 7 twice.
  for (const int byte : {-128, 127, 0x88 - 256, 0x77, 0x78, 0x87 - 256, -1, 0}) {
    for (const int token0 : {-127, 127, 0}) {
      for (const int token1 : {-127, 127, 0})
        (expect_all(Inputs<Ports>(static_cast<int8_t>(byte), static_cast<int8_t>(token0),
                                  static_cast<int8_t>(token1), int16_t{32767})),
         ...);
    }
  }
}

TEST(StripeProducts, AreThoseOfPlainLoops) { for_ports<1, 2, 3, 4, 5, 6, 7, 8, 9, 10>(); }

TEST(StripeProducts, TakeTheChainsThatThereAre) {
  // A block of four ports has a chain for each port and four columns, and for each column.
  EXPECT_EQ(sizeof(st::chain_totals<1>), 64 * sizeof(st::dsp_sum));
  EXPECT_EQ(sizeof(st::chain_totals<3>), 2 * 64 * sizeof(st::dsp_sum));
  EXPECT_EQ(sizeof(st::chain_totals<4>), 64 * sizeof(st::dsp_sum));
  EXPECT_EQ(sizeof(st::chain_totals<7>), 3 * 64 * sizeof(st::dsp_sum));
}

/// All sums of up to four quads of factors at their bounds.
TEST(Quads, ArePartedWhereNeighboursOverlap) {
  const int rows[] = {-8, -1, 0, 7}, tokens[] = {-127, -1, 0, 1, 127};
  std::mt19937 random(1);
  const auto one_of = [&](const auto& all) { return all[random() % std::size(all)]; };
  for (int n = 0; n < 200000; ++n) {
    st::vec<int8_t, 4> bytes, first, second;
    int64_t sum = 0;
    int expected[2][2] = {};
    for (int k = 0; k < 4; ++k) {
      const int upper = one_of(rows), lower = one_of(rows);
      bytes[k] = static_cast<int8_t>(upper * 16 + (lower & 15));
      first[k] = static_cast<int8_t>(one_of(tokens));
      second[k] = static_cast<int8_t>(one_of(tokens));
      sum += static_cast<int64_t>(st::rows_factor(bytes[k])) *
             static_cast<int64_t>(st::tokens_factor(first[k], second[k]));
      expected[0][0] += lower * first[k], expected[0][1] += lower * second[k];
      expected[1][0] += upper * first[k], expected[1][1] += upper * second[k];
    }
    const st::quad_parts parts = st::parts_of(sum, bytes, first, second);
    for (int row = 0; row < 2; ++row) {
      const int missing = row == 1 ? parts.borrowed : 0;
      ASSERT_EQ(parts.token0[row] + missing, expected[row][0]);
      ASSERT_EQ((parts.both[row] - parts.token0[row]) >> st::TokenShift, expected[row][1]);
    }
  }
}

}  // namespace
