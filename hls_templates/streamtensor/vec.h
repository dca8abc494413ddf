// SPDX-License-Identifier: Apache-2.0
/// The token of all streams, and the sums over its lanes.
#ifndef STREAMTENSOR_VEC_H
#define STREAMTENSOR_VEC_H

namespace st {

/// One beat: N values that move in the same cycle. A row of a tensor is a number of beats.
template <typename T, int N>
struct vec {
  T lane[N];

  T& operator[](int i) { return lane[i]; }
  const T& operator[](int i) const { return lane[i]; }
};

/// Cycles from one float addition to the next that needs its result (csynth: 7 at 300 MHz on
/// UltraScale+). A loop that carries one float sum cannot start iterations faster than this.
constexpr int FloatAddInterval = 7;

/// Partial sums that take turns in a loop that adds a float in each cycle: a power of two, so that
/// whose turn it is is a few bits of the loop's counter.
constexpr int PartialSums = 8;
static_assert(PartialSums >= FloatAddInterval, "an addition is done when its turn comes again");

/// The same for the largest of a row: a comparison and the choice that follows take two cycles.
constexpr int PartialPeaks = 2;

/// Rows per launch that synthesis reports assume where the number is only known at run time.
constexpr int TypicalTokens = 64;

/// Sum over the lanes by a balanced tree: neighbours first, then neighbouring pairs, and so on. The
/// order is part of the contract: float addition is not associative.
template <typename T, int N>
T tree_sum(vec<T, N> a) {
#pragma HLS INLINE
  for (int s = 1; s < N; s *= 2) {
#pragma HLS UNROLL
    for (int i = 0; i + s < N; i += 2 * s) {
#pragma HLS UNROLL
      a[i] += a[i + s];
    }
  }
  return a[0];
}

/// Largest lane. A maximum is exact in any order.
template <typename T, int N>
T tree_largest(vec<T, N> a) {
#pragma HLS INLINE
  for (int s = 1; s < N; s *= 2) {
#pragma HLS UNROLL
    for (int i = 0; i + s < N; i += 2 * s) {
#pragma HLS UNROLL
      a[i] = a[i + s] > a[i] ? a[i + s] : a[i];
    }
  }
  return a[0];
}

/// Largest magnitude over the lanes.
template <int N>
float tree_peak(vec<float, N> a) {
#pragma HLS INLINE
  for (int i = 0; i < N; ++i) {
#pragma HLS UNROLL
    a[i] = a[i] < 0.0f ? -a[i] : a[i];
  }
  return tree_largest(a);
}

}  // namespace st

#endif
