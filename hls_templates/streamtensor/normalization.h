// SPDX-License-Identifier: Apache-2.0
/// Normalisation over a row of L * Beats floats. The row is kept in a buffer while its sums are
/// formed, a beat in each cycle.
///
/// The result goes to one output after another: Repeats[0] times to the first one, then Repeats[1]
/// times to the second one, and so on. If it is sent more than once, it takes the row's place in
/// the buffer.
#ifndef STREAMTENSOR_NORMALIZATION_H
#define STREAMTENSOR_NORMALIZATION_H

#include <hls_stream.h>

#include <cmath>

#include "streamtensor/move.h"
#include "streamtensor/partial_sums.h"
#include "streamtensor/vec.h"

namespace st {

/// (x - mean) / sqrt(variance + epsilon) * scale + bias. `scale` and `bias` come once per token.
template <int L, int Beats, int... Repeats, typename... Outs>
void layer_norm(hls::stream<vec<float, L>>& x, hls::stream<vec<float, L>>& scale,
                hls::stream<vec<float, L>>& bias, float epsilon, int tokens,
                hls::stream<vec<float, L>>& y, Outs&... others) {
  vec<float, L> row[Beats];
#pragma HLS AGGREGATE variable = row
  partial_sums sums;
#pragma HLS ARRAY_PARTITION variable = sums.lane type = complete
  for (int t = 0; t < tokens; ++t) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = TypicalTokens
    for (int b = 0; b < Beats; ++b) {
#pragma HLS PIPELINE II = 1
#pragma HLS DEPENDENCE variable = sums type = inter direction = RAW distance = \
    PartialSums dependent = true
      const vec<float, L> beat = x.read();
      row[b] = beat;
      add_partial(sums, b, tree_sum(beat));
    }
    const float mean = total_of(sums, Beats) / (float)(L * Beats);

    for (int b = 0; b < Beats; ++b) {
#pragma HLS PIPELINE II = 1
#pragma HLS DEPENDENCE variable = sums type = inter direction = RAW distance = \
    PartialSums dependent = true
      vec<float, L> beat = row[b];
      for (int i = 0; i < L; ++i) {
#pragma HLS UNROLL
        const float centred = beat[i] - mean;
        beat[i] = centred * centred;
      }
      add_partial(sums, b, tree_sum(beat));
    }
    const float variance = total_of(sums, Beats) / (float)(L * Beats);
    const float inverse = 1.0f / sqrtf(variance + epsilon);

    for (int b = 0; b < Beats; ++b) {
#pragma HLS PIPELINE II = 1
      vec<float, L> beat = row[b];
      const vec<float, L> factor = scale.read();
      const vec<float, L> offset = bias.read();
      for (int i = 0; i < L; ++i) {
#pragma HLS UNROLL
        beat[i] = (beat[i] - mean) * inverse * factor[i] + offset[i];
      }
      y.write(beat);
      if constexpr (total_sends<Repeats...> > 1) row[b] = beat;
    }
    send_again<Repeats...>(row, y, others...);
  }
}

/// x / sqrt(mean of squares + epsilon) * scale. `scale` comes once per token.
template <int L, int Beats, int... Repeats, typename... Outs>
void rms_norm(hls::stream<vec<float, L>>& x, hls::stream<vec<float, L>>& scale, float epsilon,
              int tokens, hls::stream<vec<float, L>>& y, Outs&... others) {
  vec<float, L> row[Beats];
#pragma HLS AGGREGATE variable = row
  partial_sums sums;
#pragma HLS ARRAY_PARTITION variable = sums.lane type = complete
  for (int t = 0; t < tokens; ++t) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = TypicalTokens
    for (int b = 0; b < Beats; ++b) {
#pragma HLS PIPELINE II = 1
#pragma HLS DEPENDENCE variable = sums type = inter direction = RAW distance = \
    PartialSums dependent = true
      vec<float, L> beat = x.read();
      row[b] = beat;
      for (int i = 0; i < L; ++i) {
#pragma HLS UNROLL
        beat[i] = beat[i] * beat[i];
      }
      add_partial(sums, b, tree_sum(beat));
    }
    const float inverse = 1.0f / sqrtf(total_of(sums, Beats) / (float)(L * Beats) + epsilon);

    for (int b = 0; b < Beats; ++b) {
#pragma HLS PIPELINE II = 1
      vec<float, L> beat = row[b];
      const vec<float, L> factor = scale.read();
      for (int i = 0; i < L; ++i) {
#pragma HLS UNROLL
        beat[i] = beat[i] * inverse * factor[i];
      }
      y.write(beat);
      if constexpr (total_sends<Repeats...> > 1) row[b] = beat;
    }
    send_again<Repeats...>(row, y, others...);
  }
}

/// rms_norm of each of `Heads` heads of a row, as of so many rows of L * Beats floats. `scale`
/// comes once per head.
template <int L, int Beats, int Heads>
void rms_norm_heads(hls::stream<vec<float, L>>& x, hls::stream<vec<float, L>>& scale, float epsilon,
                    int tokens, hls::stream<vec<float, L>>& y) {
  rms_norm<L, Beats, 1>(x, scale, epsilon, tokens * Heads, y);
}

}  // namespace st

#endif
