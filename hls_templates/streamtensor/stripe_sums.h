// SPDX-License-Identifier: Apache-2.0
/// What the chains of a slice's multipliers (stripe_products.h) are added up to: dot products of
/// ports for weights and keys, sums of columns for values.
#ifndef STREAMTENSOR_STRIPE_SUMS_H
#define STREAMTENSOR_STRIPE_SUMS_H

#include <cstdint>

#include "streamtensor/dsp.h"
#include "streamtensor/quads.h"
#include "streamtensor/stripe_products.h"
#include "streamtensor/striped_layout.h"
#include "streamtensor/vec.h"

namespace st {

/// Bits of a sum of ChainLength products of two bytes, and of pairs of int4 by a byte.
constexpr int ByteSumBits = 18, PairSumBits = 32;

/// The sum of some chains of `Bits` bits, every Apart-th one from `chain` on.
template <int Apart, int Bits, int Chains>
int64_t port_total(const vec<dsp_sum, Chains>& totals, int chain) {
#pragma HLS INLINE
  vec<int64_t, WordBytes / Apart> of_port;
  for (int i = 0; i < WordBytes / Apart; ++i) {
#pragma HLS UNROLL
    of_port[i] = ap_int<Bits>(totals[chain + i * Apart]);
  }
  return tree_sum(of_port);
}

/// For keys, and for weights with one token: the dot product of each port. Of pairs it is that of
/// both rows, 64 products of at most 2^10 each, still in one number.
template <int Ports, int Bits>
vec<int64_t, Ports> port_dots(const chain_totals<Ports>& totals) {
#pragma HLS INLINE
  using blocks = port_blocks<Ports>;
  constexpr int Behind = blocks::Fours * ChainLength, BehindChains = blocks::Fours * WordBytes;
  vec<int64_t, Ports> dots;
  for (int p = 0; p < Behind; ++p) {
#pragma HLS UNROLL
    dots[p] = port_total<ChainLength, Bits>(totals, p / ChainLength * WordBytes + p % ChainLength);
  }
  for (int p = 0; p < blocks::Twos * 2; ++p) {
#pragma HLS UNROLL
    dots[Behind + p] = port_total<2, Bits>(totals, BehindChains + p);
  }
  if (blocks::Ones > 0)
    dots[Ports - 1] = port_total<1, Bits>(totals, (blocks::All - 1) * WordBytes);
  return dots;
}

/// The dot products of a port's word with two tokens: of token 0 all rows of the word, then those
/// of token 1. Chains of Side columns each are Apart from one another, from `chain` on.
template <int Side, int Apart, int WordRows, int Ports, int Chains>
vec<int, 2 * WordRows> two_token_dots(const port_words<Ports>& words, const word_bytes& token0,
                                      const word_bytes& token1, const vec<dsp_sum, Chains>& totals,
                                      int port, int chain) {
#pragma HLS INLINE
  constexpr int OfPort = WordBytes / Side, Shift = WordRows == 2 ? TokenShift : PairShift;
  vec<int64_t, OfPort> both[WordRows];
  vec<int, OfPort> of_token0[WordRows], borrowed;
  for (int c = 0; c < OfPort; ++c) {
#pragma HLS UNROLL
    const int64_t sum = totals[chain + c * Apart];
    if constexpr (WordRows == 2) {
      vec<int8_t, Side> bytes, first, second;
      for (int k = 0; k < Side; ++k) {
#pragma HLS UNROLL
        bytes[k] = words[port * WordBytes + c * Side + k];
        first[k] = token0[c * Side + k];
        second[k] = token1[c * Side + k];
      }
      const quad_parts parts = parts_of(sum, bytes, first, second);
      for (int r = 0; r < 2; ++r) {
#pragma HLS UNROLL
        both[r][c] = parts.both[r];
        of_token0[r][c] = parts.token0[r];
      }
      borrowed[c] = parts.borrowed;
    } else {
      both[0][c] = sum;
      of_token0[0][c] = lower_of(sum);
      borrowed[c] = 0;
    }
  }
  vec<int, 2 * WordRows> dots;
  for (int r = 0; r < WordRows; ++r) {
#pragma HLS UNROLL
    const int lower = tree_sum(of_token0[r]);
    dots[r] = r == 1 ? lower + tree_sum(borrowed) : lower;
    dots[WordRows + r] = (int)upper_part<Shift>(tree_sum(both[r]), lower);
  }
  return dots;
}

/// The dot products of all ports' words: token by token, row by row of the words. On multipliers
/// that attention shares.
template <int Ports, int WordRows, int Tokens>
vec<int, Tokens * WordRows * Ports> weight_dots(const port_words<Ports>& words,
                                                const word_bytes& token0, const word_bytes& token1,
                                                const chain_totals<Ports>& totals) {
#pragma HLS INLINE
  using blocks = port_blocks<Ports>;
  constexpr int Four = ChainLength;
  constexpr int Behind = blocks::Fours * Four, BehindChains = blocks::Fours * WordBytes;
  constexpr int Last = (blocks::All - 1) * WordBytes;
  vec<int, Tokens * WordRows * Ports> dots;
  if constexpr (Tokens == 1) {
    const auto sums = port_dots < Ports, WordRows == 2 ? PairSumBits : ByteSumBits > (totals);
    for (int p = 0; p < Ports; ++p) {
#pragma HLS UNROLL
      dots[p] = WordRows == 1 ? (int)sums[p] : lower_of(sums[p]);
      if (WordRows == 2) dots[(WordRows - 1) * Ports + p] = upper_of(sums[p]);
    }
  } else {
    for (int p = 0; p < Ports; ++p) {
#pragma HLS UNROLL
      vec<int, 2 * WordRows> of_port;
      if (p < Behind) {
        of_port = two_token_dots<Four, Four, WordRows, Ports>(words, token0, token1, totals, p,
                                                              p / Four * WordBytes + p % Four);
      } else if (p < Behind + blocks::Twos * 2) {
        of_port = two_token_dots<2, 2, WordRows, Ports>(words, token0, token1, totals, p,
                                                        BehindChains + p - Behind);
      } else {
        of_port = two_token_dots<1, 1, WordRows, Ports>(words, token0, token1, totals, p, Last);
      }
      for (int i = 0; i < 2 * WordRows; ++i) {
#pragma HLS UNROLL
        dots[i * Ports + p] = of_port[i];
      }
    }
  }
  return dots;
}

/// The same of products of weights alone, which have two tokens.
template <int Ports, int WordRows>
vec<int, 2 * WordRows * Ports> own_weight_dots(const port_words<Ports>& words,
                                               const word_bytes& token0, const word_bytes& token1,
                                               const weight_totals<Ports>& totals) {
#pragma HLS INLINE
  vec<int, 2 * WordRows * Ports> dots;
  for (int p = 0; p < Ports; ++p) {
#pragma HLS UNROLL
    const vec<int, 2 * WordRows> of_port = two_token_dots<ChainLength, 1, WordRows, Ports>(
        words, token0, token1, totals, p, p * PortChains);
    for (int i = 0; i < 2 * WordRows; ++i) {
#pragma HLS UNROLL
      dots[i * Ports + p] = of_port[i];
    }
  }
  return dots;
}

/// For values: the sum over all ports of column `i`.
template <int Ports>
int column_sum(const chain_totals<Ports>& totals, int i) {
#pragma HLS INLINE
  vec<int, port_blocks<Ports>::All> of_blocks;
  for (int b = 0; b < port_blocks<Ports>::All; ++b) {
#pragma HLS UNROLL
    of_blocks[b] = (int)totals[b * WordBytes + i];
  }
  return tree_sum(of_blocks);
}

}  // namespace st

#endif
