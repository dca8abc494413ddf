// SPDX-License-Identifier: Apache-2.0
/// Products in DSPs: two that share a factor take one (four: quads.h), and products that are added
/// up pass their sum from one DSP to the next, without an adder of LUTs.
#ifndef STREAMTENSOR_DSP_H
#define STREAMTENSOR_DSP_H

#include <ap_int.h>

#include <cstdint>

#include "streamtensor/vec.h"

namespace st {

/// The sum of a chain, as the last DSP has it.
using dsp_sum = ap_int<48>;

/// The lowest bits of a number, as a number with a sign.
template <int Bits>
int64_t signed_bits(int64_t value) {
#pragma HLS INLINE
  constexpr int64_t Field = (int64_t)1 << Bits;
  return ((value + Field / 2) & (Field - 1)) - Field / 2;
}

/// Two numbers in one, lower + upper * 2^Shift, are parted. The lower one has Bits bits, with its
/// sign; where these are more than Shift, those of `upper` that lie above them are known.
template <int Shift, int Bits>
int64_t lower_part(int64_t both, int upper = 0) {
#pragma HLS INLINE
  return signed_bits<Bits>(both - ((int64_t)upper << Shift));
}
/// What a negative lower one has borrowed comes back.
template <int Shift>
int64_t upper_part(int64_t both, int64_t lower) {
#pragma HLS INLINE
  return (both - lower) >> Shift;
}

/// Bits from the lower one of two results to the upper one.
constexpr int PairShift = 18;

/// Two bytes, or half bytes, as one factor: (upper * 2^18 + lower) * x is within the 27 x 18 bits
/// of a DSP48E2 (WP486), whose pre-adder joins the two.
inline int pair_of(int upper, int lower) {
#pragma HLS INLINE
  return upper * (1 << PairShift) + lower;
}

/// The results of a pair, or of a sum of pairs: the lower one is anything that fits 18 bits.
inline int lower_of(int64_t pair) {
#pragma HLS INLINE
  return (int)lower_part<PairShift, PairShift>(pair);
}
inline int upper_of(int64_t pair) {
#pragma HLS INLINE
  return (int)upper_part<PairShift>(pair, lower_of(pair));
}

/// Products of a chain whose factors all come in one cycle: each waits for those before it, in
/// registers.
constexpr int ChainLength = 4;

/// a . b in one chain of DSPs. Not as a tree, which would take an adder for each product.
template <typename A, typename B, int N>
int64_t chain_sum(const vec<A, N>& a, const vec<B, N>& b) {
#pragma HLS INLINE
#pragma HLS EXPRESSION_BALANCE off
  int64_t sum = 0;
  for (int i = 0; i < N; ++i) {
#pragma HLS UNROLL
    sum += (int64_t)a[i] * (int64_t)b[i];
  }
  return sum;
}

}  // namespace st

#endif
