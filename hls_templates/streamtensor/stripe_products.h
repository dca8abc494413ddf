// SPDX-License-Identifier: Apache-2.0
/// The multipliers of a slice of the shared engine: 64 DSPs for each port, on which weights, keys
/// and values take turns. For weights and keys a port's word is multiplied with 64 factors that all
/// ports share, and products of a port are added up; for values each port has a factor of its own,
/// and products of a column are added up over the ports.
///
/// In either case a DSP passes its sum to the same next one: four ports and four neighbouring
/// columns are four chains of four DSPs. Chain c is port c for weights and keys, and column c for
/// values, so that only the factors of a DSP are chosen. Ports that are left over make a block of
/// two by two, and one without chains.
#ifndef STREAMTENSOR_STRIPE_PRODUCTS_H
#define STREAMTENSOR_STRIPE_PRODUCTS_H

#include <cstdint>

#include "streamtensor/dsp.h"
#include "streamtensor/striped_layout.h"
#include "streamtensor/vec.h"

namespace st {

/// What the words of the ports are: weights of int4, in bytes that hold those of two rows; weights
/// of int8 or keys; values.
enum class word_use { pairs, bytes, values };

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
/// weights and keys the ports of a block take turns, with the columns in their order. 32 bits hold
/// four products of a pair of int4 and a byte.
template <int Ports>
using chain_totals = vec<int, WordBytes * port_blocks<Ports>::All>;

/// All products of a cycle. `x` is for weights and keys, `port_weights` for values.
template <int Ports>
using products_of = void(const port_words<Ports>& words, const word_bytes& x,
                         const vec<int16_t, Ports>& port_weights, word_use use,
                         chain_totals<Ports>& totals);

/// A byte of a word as a factor: two int4 of two rows, whose products share the DSP, or itself.
template <int WordRows>
int word_factor(int8_t byte, word_use use) {
#pragma HLS INLINE
  const bool pair = WordRows == 2 && use == word_use::pairs;
  const int lower = ((byte & 15) ^ 8) - 8, upper = byte >> 4;
  return pair_of(pair ? upper : 0, pair ? lower : (int)byte);
}

/// A block of Side ports from `first` on, whose chains are those from `chain` on.
template <int Side, int WordRows, int Ports>
void block_products(const port_words<Ports>& words, const word_bytes& x,
                    const vec<int16_t, Ports>& port_weights, word_use use, int first, int chain,
                    chain_totals<Ports>& totals) {
#pragma HLS INLINE
  const bool values = use == word_use::values;
  for (int i = 0; i < WordBytes; ++i) {
#pragma HLS UNROLL
    const int of_chain = i % Side, column = i - of_chain;
    vec<int, Side> factors, others;
    for (int k = 0; k < Side; ++k) {
#pragma HLS UNROLL
      const int8_t of_port = words[(first + of_chain) * WordBytes + column + k];
      const int8_t of_column = words[(first + k) * WordBytes + i];
      factors[k] = word_factor<WordRows>(values ? of_column : of_port, use);
      others[k] = values ? port_weights[first + k] : (int16_t)x[column + k];
    }
    totals[chain + i] = (int)chain_sum(factors, others);
  }
}

/// See products_of. WordRows is 2 where some words are pairs: row 0 is in the lower halves of their
/// bytes.
template <int Ports, int WordRows>
void stripe_products(const port_words<Ports>& words, const word_bytes& x,
                     const vec<int16_t, Ports>& port_weights, word_use use,
                     chain_totals<Ports>& totals) {
#pragma HLS INLINE
#pragma HLS ARRAY_PARTITION variable = words.lane type = complete
#pragma HLS ARRAY_PARTITION variable = x.lane type = complete
#pragma HLS ARRAY_PARTITION variable = port_weights.lane type = complete
#pragma HLS ARRAY_PARTITION variable = totals.lane type = complete
  using blocks = port_blocks<Ports>;
  constexpr int Behind = blocks::Fours * ChainLength;
  for (int b = 0; b < blocks::Fours; ++b) {
#pragma HLS UNROLL
    block_products<ChainLength, WordRows, Ports>(words, x, port_weights, use, b * ChainLength,
                                                 b * WordBytes, totals);
  }
  if constexpr (blocks::Twos > 0)
    block_products<2, WordRows, Ports>(words, x, port_weights, use, Behind,
                                       blocks::Fours * WordBytes, totals);
  if constexpr (blocks::Ones > 0)
    block_products<1, WordRows, Ports>(words, x, port_weights, use, Ports - 1,
                                       (blocks::All - 1) * WordBytes, totals);
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

/// The sum of a port's chains, every Side-th one from `chain` on.
template <int Side, int Chains>
int64_t port_total(const vec<int, Chains>& totals, int chain) {
#pragma HLS INLINE
  vec<int64_t, WordBytes / Side> of_port;
  for (int i = 0; i < WordBytes / Side; ++i) {
#pragma HLS UNROLL
    of_port[i] = totals[chain + i * Side];
  }
  return tree_sum(of_port);
}

/// For weights and keys: the dot product of each port. Of pairs it is that of both rows, 64
/// products of at most 2^10 each, still in one number.
template <int Ports>
vec<int64_t, Ports> port_dots(const chain_totals<Ports>& totals) {
#pragma HLS INLINE
  using blocks = port_blocks<Ports>;
  constexpr int Behind = blocks::Fours * ChainLength, BehindChains = blocks::Fours * WordBytes;
  vec<int64_t, Ports> dots;
  for (int p = 0; p < Behind; ++p) {
#pragma HLS UNROLL
    dots[p] = port_total<ChainLength>(totals, p / ChainLength * WordBytes + p % ChainLength);
  }
  for (int p = 0; p < blocks::Twos * 2; ++p) {
#pragma HLS UNROLL
    dots[Behind + p] = port_total<2>(totals, BehindChains + p);
  }
  if (blocks::Ones > 0) dots[Ports - 1] = port_total<1>(totals, (blocks::All - 1) * WordBytes);
  return dots;
}

/// For values: the sum over all ports of column `i`.
template <int Ports>
int column_sum(const chain_totals<Ports>& totals, int i) {
#pragma HLS INLINE
  vec<int, port_blocks<Ports>::All> of_blocks;
  for (int b = 0; b < port_blocks<Ports>::All; ++b) {
#pragma HLS UNROLL
    of_blocks[b] = totals[b * WordBytes + i];
  }
  return tree_sum(of_blocks);
}

}  // namespace st

#endif
