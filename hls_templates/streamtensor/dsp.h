// SPDX-License-Identifier: Apache-2.0
/// Products in DSPs: two that share a factor take one, and products that are added up pass their
/// sum from one DSP to the next, without an adder of LUTs.
#ifndef STREAMTENSOR_DSP_H
#define STREAMTENSOR_DSP_H

#include <cstdint>

#include "streamtensor/vec.h"

namespace st {

/// Bits from the lower one of two results to the upper one.
constexpr int PairShift = 18;

/// Two bytes, or half bytes, as one factor: (upper * 2^18 + lower) * x is within the 27 x 18 bits
/// of a DSP48E2 (WP486), whose pre-adder joins the two.
inline int pair_of(int upper, int lower) {
#pragma HLS INLINE
  return upper * (1 << PairShift) + lower;
}

/// The lower result of a pair, or of a sum of pairs: anything that fits 18 bits.
inline int lower_of(int64_t pair) {
#pragma HLS INLINE
  constexpr int Field = 1 << PairShift;
  return (int)((pair + Field / 2) & (Field - 1)) - Field / 2;
}

/// The upper one: what a negative lower one has borrowed comes back.
inline int upper_of(int64_t pair) {
#pragma HLS INLINE
  return (int)((pair - lower_of(pair)) >> PairShift);
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
    sum += (int64_t)a[i] * b[i];
  }
  return sum;
}

}  // namespace st

#endif
