// SPDX-License-Identifier: Apache-2.0
// The multipliers of a slice against plain loops, for numbers of ports that make all kinds of
// blocks, with factors at their bounds and random ones.
#include "streamtensor/stripe_products.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "streamtensor/stripes.h"

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
  word_bytes word() {
    word_bytes made;
    for (int i = 0; i < WordBytes; ++i) made[i] = static_cast<int8_t>(between(-128, 127));
    return made;
  }

 private:
  std::mt19937 random_;
};

template <int Ports>
struct Inputs {
  word_bytes words[Ports];
  word_bytes x;
  st::vec<int16_t, Ports> weights;

  explicit Inputs(unsigned seed) {
    Factors factors(seed);
    for (word_bytes& word : words) word = factors.word();
    x = factors.word();
    for (int p = 0; p < Ports; ++p) weights[p] = static_cast<int16_t>(factors.between(0, 32767));
  }
  /// All factors the same.
  Inputs(int8_t byte, int8_t of_x, int16_t weight) {
    for (word_bytes& word : words) std::fill_n(word.lane, WordBytes, byte);
    std::fill_n(x.lane, WordBytes, of_x);
    std::fill_n(weights.lane, Ports, weight);
  }
};

int half_byte(int8_t byte, int row) {
  const int half = (static_cast<uint8_t>(byte) >> 4 * row) & 15;
  return half < 8 ? half : half - 16;
}

template <int Ports, int WordRows>
st::chain_totals<Ports> products(const Inputs<Ports>& in, word_use use) {
  st::chain_totals<Ports> totals;
  st::stripe_products<Ports, WordRows>(st::words_of(in.words), in.x, in.weights, use, totals);
  return totals;
}

template <int Ports, int WordRows>
void expect_weights(const Inputs<Ports>& in) {
  const auto dots = st::weight_dots<Ports, WordRows>(
      products<Ports, WordRows>(in, WordRows == 2 ? word_use::pairs : word_use::bytes));
  for (int p = 0; p < Ports; ++p) {
    for (int r = 0; r < WordRows; ++r) {
      int sum = 0;
      for (int i = 0; i < WordBytes; ++i)
        sum += in.x[i] * (WordRows == 1 ? in.words[p][i] : half_byte(in.words[p][i], r));
      EXPECT_EQ(dots[r * Ports + p], sum) << "row " << r << " of port " << p << " of " << Ports;
    }
  }
}

template <int Ports, int WordRows>
void expect_keys_and_values(const Inputs<Ports>& in) {
  const auto keys = st::port_dots<Ports>(products<Ports, WordRows>(in, word_use::bytes));
  for (int p = 0; p < Ports; ++p) {
    int sum = 0;
    for (int i = 0; i < WordBytes; ++i) sum += in.x[i] * in.words[p][i];
    EXPECT_EQ(keys[p], sum) << "port " << p << " of " << Ports;
  }
  const auto values = products<Ports, WordRows>(in, word_use::values);
  for (int i = 0; i < WordBytes; ++i) {
    int sum = 0;
    for (int p = 0; p < Ports; ++p) sum += in.weights[p] * in.words[p][i];
    EXPECT_EQ(st::column_sum<Ports>(values, i), sum) << "column " << i << " of " << Ports;
  }
}

template <int Ports>
void expect_all(const Inputs<Ports>& in) {
  expect_weights<Ports, 1>(in);
  expect_weights<Ports, 2>(in);
  expect_keys_and_values<Ports, 1>(in);
  expect_keys_and_values<Ports, 2>(in);
}

template <int... Ports>
void for_ports() {
  for (unsigned seed = 1; seed <= 20; ++seed) (expect_all(Inputs<Ports>(seed)), ...);
  // -128 as two int4 is -8 and 0; 0x88 is -8 twice, 0x77 is 7 twice.
  for (const int byte : {-128, 127, 0x88 - 256, 0x77, -1, 0}) {
    for (const int x : {-128, 127}) {
      for (const int weight : {0, 32767})
        (expect_all(Inputs<Ports>(static_cast<int8_t>(byte), static_cast<int8_t>(x),
                                  static_cast<int16_t>(weight))),
         ...);
    }
  }
}

TEST(StripeProducts, AreThoseOfPlainLoops) { for_ports<1, 2, 3, 4, 5, 6, 7, 8, 9, 10>(); }

TEST(StripeProducts, TakeTheChainsThatThereAre) {
  // A block of four ports has a chain for each port and four columns, and for each column.
  EXPECT_EQ(sizeof(st::chain_totals<1>), 64 * sizeof(int));
  EXPECT_EQ(sizeof(st::chain_totals<3>), 2 * 64 * sizeof(int));
  EXPECT_EQ(sizeof(st::chain_totals<4>), 64 * sizeof(int));
  EXPECT_EQ(sizeof(st::chain_totals<7>), 3 * 64 * sizeof(int));
}

}  // namespace
