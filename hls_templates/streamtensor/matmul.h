// SPDX-License-Identifier: Apache-2.0
/// Product of streamed rows with streamed weights.
#ifndef STREAMTENSOR_MATMUL_H
#define STREAMTENSOR_MATMUL_H

#include <ap_int.h>
#include <hls_stream.h>

#include <cstdint>

#include "streamtensor/dsp.h"
#include "streamtensor/vec.h"

namespace st {

/// Cycles between two iterations of a loop that adds to `Steps` groups of sums in turn.
template <typename Acc>
constexpr int accumulate_interval(int steps) {
  return (FloatAddInterval + steps - 1) / steps;
}
/// Integers are added in one cycle.
template <>
constexpr int accumulate_interval<int>(int) {
  return 1;
}

/// Two products with one operand in common, in one DSP.
inline void multiply_pair(int8_t a, int8_t b, int8_t x, int& ax, int& bx) {
#pragma HLS INLINE
  const int64_t product = (int64_t)pair_of(a, b) * x;
#pragma HLS BIND_OP variable = product op = mul impl = dsp
  bx = lower_of(product);
  ax = upper_of(product);
}

/// A weight as a byte.
inline int8_t to_byte(int8_t weight) {
#pragma HLS INLINE
  return weight;
}
inline int8_t to_byte(ap_int<4> weight) {
#pragma HLS INLINE
  return (int8_t)weight.to_int64();
}

/// A weight as a factor of sums of type Acc.
template <typename Acc, typename W>
Acc widened(W weight) {
#pragma HLS INLINE
  return (Acc)weight;
}
template <>
inline int widened<int, ap_int<4>>(ap_int<4> weight) {
#pragma HLS INLINE
  return to_byte(weight);
}

/// sums[p] = x . weights[p], where `weights` is `Rows` rows of KL values, one after another.
template <typename X, typename W, typename Acc, int KL, int Rows>
vec<Acc, Rows> dot_products(const vec<X, KL>& x, const vec<W, KL * Rows>& weights) {
#pragma HLS INLINE
  vec<Acc, KL> products[Rows];
  if constexpr (sizeof(X) == 1 && Rows % 2 == 0) {
    for (int p = 0; p < Rows; p += 2) {
#pragma HLS UNROLL
      for (int i = 0; i < KL; ++i) {
#pragma HLS UNROLL
        multiply_pair(to_byte(weights[p * KL + i]), to_byte(weights[(p + 1) * KL + i]), x[i],
                      products[p][i], products[p + 1][i]);
      }
    }
  } else {
    for (int p = 0; p < Rows; ++p) {
#pragma HLS UNROLL
      for (int i = 0; i < KL; ++i) {
#pragma HLS UNROLL
        products[p][i] = (Acc)x[i] * widened<Acc>(weights[p * KL + i]);
      }
    }
  }
  vec<Acc, Rows> sums;
  for (int p = 0; p < Rows; ++p) {
#pragma HLS UNROLL
    sums[p] = tree_sum(products[p]);
  }
  return sums;
}

/// y[n] = sum over k of x[k] * w[n][k], for rows of KL * KBeats values.
///
/// An iteration takes a beat of each weight stream: NP rows of KL weights, so that `Lanes` results
/// advance at once, and `Steps` of these groups take turns on one beat of x. The result has `Tiles`
/// tiles of Lanes * Steps values.
///   x: per token and tile, the whole row again: KBeats beats
///   weights: stream s, per token, tile, beat of x and step: rows (step * Streams + s) * NP and the
///            NP - 1 behind it of the tile
///   y: per token and tile, beats of NL results, each as soon as it is complete
/// The steps are innermost: an addition into one group of sums need not be done before the next
/// iteration starts. All loops are one pipeline, so that tiles follow each other without a gap.
template <typename X, typename W, typename Acc, int KL, int KBeats, int NL, int NP, int Steps,
          int Tiles, typename... Weights>
void matmul(hls::stream<vec<X, KL>>& x, hls::stream<vec<Acc, NL>>& y, int tokens,
            Weights&... weights) {
  constexpr int Streams = sizeof...(Weights);
  constexpr int Lanes = NP * Streams;
  static_assert(NL % Lanes == 0 && Steps * Lanes % NL == 0, "beats of results are whole steps");
  [[maybe_unused]] constexpr int Interval = accumulate_interval<Acc>(Steps);
  vec<X, KL> values;
  vec<Acc, Steps* Lanes> sums = {};
#pragma HLS ARRAY_PARTITION variable = sums.lane type = complete
  for (int tile = 0; tile < tokens * Tiles; ++tile) {
#pragma HLS LOOP_TRIPCOUNT min = Tiles max = Tiles * TypicalTokens
    for (int k = 0; k < KBeats; ++k) {
      for (int step = 0; step < Steps; ++step) {
#pragma HLS PIPELINE II = Interval
#pragma HLS DEPENDENCE variable = sums type = inter direction = RAW distance = Steps dependent = \
    true
        if (step == 0) values = x.read();
        const vec<W, KL * NP> rows[Streams] = {weights.read()...};  // read from left to right
        for (int s = 0; s < Streams; ++s) {
#pragma HLS UNROLL
          const vec<Acc, NP> dots = dot_products<X, W, Acc, KL, NP>(values, rows[s]);
          for (int p = 0; p < NP; ++p) {
#pragma HLS UNROLL
            Acc& sum = sums[step * Lanes + s * NP + p];
            const Acc so_far = k == 0 ? Acc(0) : sum;
            sum = so_far + dots[p];
          }
        }
        const int complete = (step + 1) * Lanes;
        if (k == KBeats - 1 && complete % NL == 0) {
          vec<Acc, NL> beat;
          for (int i = 0; i < NL; ++i) {
#pragma HLS UNROLL
            beat[i] = sums[complete - NL + i];
          }
          y.write(beat);
        }
      }
    }
  }
}

}  // namespace st

#endif
