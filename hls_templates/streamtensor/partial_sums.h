// SPDX-License-Identifier: Apache-2.0
/// A float sum with an addition in each cycle: partial sums take turns, because an addition takes
/// several cycles. The order is part of the contract: float addition is not associative.
#ifndef STREAMTENSOR_PARTIAL_SUMS_H
#define STREAMTENSOR_PARTIAL_SUMS_H

#include "streamtensor/vec.h"

namespace st {

/// To be partitioned completely.
using partial_sums = vec<float, PartialSums>;

/// Adds term number `n`, from 0 on: the first ones begin the sums.
inline void add_partial(partial_sums& sums, int n, float term) {
#pragma HLS INLINE
  float& sum = sums[n % PartialSums];
  const float so_far = n < PartialSums ? 0.0f : sum;
  sum = so_far + term;
}

/// The sum of `count` terms: the partial sums by tree, 0 where there was no term.
inline float total_of(const partial_sums& sums, int count) {
#pragma HLS INLINE
  partial_sums begun;
  for (int i = 0; i < PartialSums; ++i) {
#pragma HLS UNROLL
    begun[i] = i < count ? sums[i] : 0.0f;
  }
  return tree_sum(begun);
}

}  // namespace st

#endif
