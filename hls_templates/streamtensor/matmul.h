// SPDX-License-Identifier: Apache-2.0
/// Product of streamed rows with streamed weights.
#ifndef STREAMTENSOR_MATMUL_H
#define STREAMTENSOR_MATMUL_H

#include <hls_stream.h>

#include "streamtensor/vec.h"

namespace st {

/// Cycles between two additions into the same accumulator, when `Lanes` of them take turns.
template <typename Acc>
constexpr int accumulate_interval(int lanes) {
  return (FloatAddInterval + lanes - 1) / lanes;
}
/// Integers are added in one cycle.
template <>
constexpr int accumulate_interval<int>(int) {
  return 1;
}

/// y[n] = sum over k of x[k] * w[n][k], for rows of KL * KBeats values to rows of NL * NBeats.
///   x: per token and n-beat, the whole row again: KBeats beats
///   w: per token, n-beat, k-beat and n-lane: KL weights of output n-beat * NL + n-lane
///   y: one beat per token and n-beat
/// The n-lanes are innermost, so that NL accumulators take turns and an addition into one of them
/// need not be done before the next one starts; with k innermost each step would wait for the one
/// before.
template <typename T, typename Acc, int KL, int KBeats, int NL, int NBeats>
void matmul(hls::stream<vec<T, KL>>& x, hls::stream<vec<T, KL>>& w, hls::stream<vec<Acc, NL>>& y,
            int tokens) {
  [[maybe_unused]] constexpr int Interval = accumulate_interval<Acc>(NL);
  vec<T, KL> values;
  vec<Acc, NL> sums;
#pragma HLS ARRAY_PARTITION variable = sums.lane type = complete
  for (int n = 0; n < tokens * NBeats; ++n) {
#pragma HLS LOOP_TRIPCOUNT min = NBeats max = NBeats * TypicalTokens
    for (int k = 0; k < KBeats; ++k) {
      for (int lane = 0; lane < NL; ++lane) {
#pragma HLS PIPELINE II = Interval
#pragma HLS DEPENDENCE variable = sums type = inter direction = RAW distance = NL dependent = true
        if (lane == 0) values = x.read();
        const vec<T, KL> weights = w.read();
        vec<Acc, KL> products;
        for (int i = 0; i < KL; ++i) {
#pragma HLS UNROLL
          products[i] = (Acc)values[i] * (Acc)weights[i];
        }
        const Acc so_far = k == 0 ? Acc(0) : sums[lane];
        sums[lane] = so_far + tree_sum(products);
        if (k == KBeats - 1 && lane == NL - 1) y.write(sums);
      }
    }
  }
}

}  // namespace st

#endif
