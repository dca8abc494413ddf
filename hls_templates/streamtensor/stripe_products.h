// SPDX-License-Identifier: Apache-2.0
/// The multipliers of a slice of the shared engine, for one token or two: 64 DSPs for each port, on
/// which weights, keys and values take turns. For weights and keys a port's word is multiplied with
/// 64 factors that all ports share, and products of a port are added up; for values each port has a
/// factor of its own, and products of a column are added up over the ports.
///
/// In either case a DSP passes its sum to the same next one: four ports and four neighbouring
/// columns are four chains of four DSPs. Chain c is port c for weights and keys, and column c for
/// values, so that only the factors of a DSP are chosen. Ports that are left over make a block of
/// two by two, and one without chains.
#ifndef STREAMTENSOR_STRIPE_PRODUCTS_H
#define STREAMTENSOR_STRIPE_PRODUCTS_H

#include <cstdint>

#include "streamtensor/dsp.h"
#include "streamtensor/quads.h"
#include "streamtensor/striped_layout.h"
#include "streamtensor/vec.h"

namespace st {

/// What the words of the ports are: weights, of int4 in bytes that hold those of two rows, or of
/// int8; keys; values.
enum class word_use { weights, keys, values };

/// Blocks of ports: as many of ChainLength ports as there are, one of two, and one of one.
template <int Ports>
struct port_blocks {
  static constexpr int Fours = Ports / ChainLength;
  static constexpr int Twos = Ports % ChainLength / 2;
  static constexpr int Ones = Ports % 2;
  static constexpr int All = Fours + Twos + Ones;
  static_assert(ChainLength == 4, "what is left over is a block of two and one of one");
};

/// A word of each port, one behind the other.
template <int Ports>
using port_words = vec<int8_t, WordBytes * Ports>;
/// The sums of all chains: WordBytes of each block. For values chain i of a block is column i; for
/// weights and keys the ports of a block take turns, with the columns in their order.
template <int Ports>
using chain_totals = vec<dsp_sum, WordBytes * port_blocks<Ports>::All>;

/// For weights alone (weight_products): port by port, the chains of each in the order of columns.
constexpr int PortChains = WordBytes / ChainLength;
template <int Ports>
using weight_totals = vec<dsp_sum, Ports * PortChains>;

/// All products of a cycle. `token0` and `token1` are for weights, `token0` for keys, then the
/// other one is 0; `port_weights` for values.
template <int Ports>
using products_of = void(const port_words<Ports>& words, const word_bytes& token0,
                         const word_bytes& token1, const vec<int16_t, Ports>& port_weights,
                         word_use use, chain_totals<Ports>& totals);

/// The two factors of a DSP. Of two int4 products share it, and of two tokens.
struct dsp_factors {
  ap_int<27> wide;
  ap_int<18> narrow;
};
template <int WordRows, int Tokens>
dsp_factors factors_of(int8_t byte, int8_t token0, int8_t token1, int16_t port_weight,
                       word_use use) {
#pragma HLS INLINE
  const bool weights = use == word_use::weights, values = use == word_use::values;
  dsp_factors factors;
  if constexpr (WordRows == 1 && Tokens == 2) {
    factors.wide = values ? (int)byte : pair_of(token1, token0);
    factors.narrow = values ? port_weight : (int16_t)byte;
  } else {
    const int rows =
        Tokens == 2 ? (int)rows_factor(byte) : pair_of(half_byte(byte, 1), half_byte(byte, 0));
    const int tokens = Tokens == 2 ? (int)tokens_factor(token0, token1) : (int)token0;
    factors.wide = WordRows == 2 && weights ? rows : (int)byte;
    factors.narrow = values ? (int)port_weight : tokens;
  }
  return factors;
}

/// A block of Side ports from `first` on, whose chains are those from `chain` on.
template <int Side, int WordRows, int Tokens, int Ports>
void block_products(const port_words<Ports>& words, const word_bytes& token0,
                    const word_bytes& token1, const vec<int16_t, Ports>& port_weights, word_use use,
                    int first, int chain, chain_totals<Ports>& totals) {
#pragma HLS INLINE
  const bool values = use == word_use::values;
  for (int i = 0; i < WordBytes; ++i) {
#pragma HLS UNROLL
    const int of_chain = i % Side, column = i - of_chain;
    vec<ap_int<27>, Side> wide;
    vec<ap_int<18>, Side> narrow;
    for (int k = 0; k < Side; ++k) {
#pragma HLS UNROLL
      const int8_t of_port = words[(first + of_chain) * WordBytes + column + k];
      const int8_t of_column = words[(first + k) * WordBytes + i];
      const dsp_factors factors =
          factors_of<WordRows, Tokens>(values ? of_column : of_port, token0[column + k],
                                       token1[column + k], port_weights[first + k], use);
      wide[k] = factors.wide;
      narrow[k] = factors.narrow;
    }
    totals[chain + i] = chain_sum(wide, narrow);
  }
}

/// See products_of. WordRows is 2 where weights are int4: row 0 is in the lower halves of their
/// bytes.
template <int Ports, int WordRows, int Tokens>
void stripe_products(const port_words<Ports>& words, const word_bytes& token0,
                     const word_bytes& token1, const vec<int16_t, Ports>& port_weights,
                     word_use use, chain_totals<Ports>& totals) {
#pragma HLS INLINE
#pragma HLS ARRAY_PARTITION variable = words.lane type = complete
#pragma HLS ARRAY_PARTITION variable = token0.lane type = complete
#pragma HLS ARRAY_PARTITION variable = token1.lane type = complete
#pragma HLS ARRAY_PARTITION variable = port_weights.lane type = complete
#pragma HLS ARRAY_PARTITION variable = totals.lane type = complete
  using blocks = port_blocks<Ports>;
  constexpr int Behind = blocks::Fours * ChainLength;
  for (int b = 0; b < blocks::Fours; ++b) {
#pragma HLS UNROLL
    block_products<ChainLength, WordRows, Tokens, Ports>(words, token0, token1, port_weights, use,
                                                         b * ChainLength, b * WordBytes, totals);
  }
  if constexpr (blocks::Twos > 0)
    block_products<2, WordRows, Tokens, Ports>(words, token0, token1, port_weights, use, Behind,
                                               blocks::Fours * WordBytes, totals);
  if constexpr (blocks::Ones > 0)
    block_products<1, WordRows, Tokens, Ports>(words, token0, token1, port_weights, use, Ports - 1,
                                               (blocks::All - 1) * WordBytes, totals);
}

/// Products of weights alone with two tokens, on multipliers that attention has no part in: each
/// port has a chain for four columns.
template <int Ports, int WordRows>
void weight_products(const port_words<Ports>& words, const word_bytes& token0,
                     const word_bytes& token1, weight_totals<Ports>& totals) {
#pragma HLS INLINE
  for (int c = 0; c < Ports * PortChains; ++c) {
#pragma HLS UNROLL
    const int column = c % PortChains * ChainLength;
    vec<ap_int<27>, ChainLength> wide;
    vec<ap_int<18>, ChainLength> narrow;
    for (int k = 0; k < ChainLength; ++k) {
#pragma HLS UNROLL
      const dsp_factors factors =
          factors_of<WordRows, 2>(words[c / PortChains * WordBytes + column + k],
                                  token0[column + k], token1[column + k], 0, word_use::weights);
      wide[k] = factors.wide;
      narrow[k] = factors.narrow;
    }
    totals[c] = chain_sum(wide, narrow);
  }
}

/// Words of ports as the products take them.
template <int Ports>
port_words<Ports> words_of(const word_bytes (&words)[Ports]) {
#pragma HLS INLINE
  port_words<Ports> all;
#pragma HLS ARRAY_PARTITION variable = all.lane type = complete
  for (int p = 0; p < Ports; ++p) {
#pragma HLS UNROLL
    for (int i = 0; i < WordBytes; ++i) {
#pragma HLS UNROLL
      all[p * WordBytes + i] = words[p][i];
    }
  }
  return all;
}

}  // namespace st

#endif
