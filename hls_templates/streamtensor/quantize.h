// SPDX-License-Identifier: Apache-2.0
/// Between float and 8-bit integers: one scale per row of activations, one per output channel of
/// weights.
#ifndef STREAMTENSOR_QUANTIZE_H
#define STREAMTENSOR_QUANTIZE_H

#include <hls_stream.h>

#include <cstdint>

#include "streamtensor/move.h"
#include "streamtensor/round.h"
#include "streamtensor/vec.h"

namespace st {

/// A beat of values, each times `inverse`.
template <int L>
vec<int8_t, L> quantize_beat(const vec<float, L>& values, float inverse) {
#pragma HLS INLINE
  vec<int8_t, L> beat;
  for (int i = 0; i < L; ++i) {
#pragma HLS UNROLL
    beat[i] = quantize_value(values[i] * inverse);
  }
  return beat;
}

/// Scales each row so that its largest magnitude becomes 127. The scale is written before the
/// beats, so that a user that needs it first never makes the row wait.
///
/// The beats go to one output after another: Repeats[0] times to the first one, then Repeats[1]
/// times to the second one, and so on. If they are sent more than once, they are kept in a buffer
/// of their own: it is a quarter of the row's, and the multipliers stand once.
template <int L, int Beats, int... Repeats, typename... Outs>
void quantize_rows(hls::stream<vec<float, L>>& x, hls::stream<vec<float, 1>>& scale, int tokens,
                   hls::stream<vec<int8_t, L>>& q, Outs&... others) {
  constexpr bool Kept = total_sends<Repeats...> > 1;
  vec<float, L> row[Beats];
#pragma HLS AGGREGATE variable = row
  vec<int8_t, L> kept[Kept ? Beats : 1];
#pragma HLS AGGREGATE variable = kept
  float peaks[PartialPeaks] = {};
#pragma HLS ARRAY_PARTITION variable = peaks type = complete
  for (int t = 0; t < tokens; ++t) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = TypicalTokens
    for (int b = 0; b < Beats; ++b) {
#pragma HLS PIPELINE II = 1
#pragma HLS DEPENDENCE variable = peaks type = inter direction = RAW distance = \
    PartialPeaks dependent = true
      const vec<float, L> beat = x.read();
      row[b] = beat;
      const float beat_peak = tree_peak(beat);
      float& largest = peaks[b % PartialPeaks];
      largest = b < PartialPeaks || beat_peak > largest ? beat_peak : largest;
    }
    const float peak = Beats > 1 && peaks[1] > peaks[0] ? peaks[1] : peaks[0];
    const float inverse = peak == 0.0f ? 0.0f : QuantizedPeak / peak;
    const vec<float, 1> row_scale = {{peak / QuantizedPeak}};
    scale.write(row_scale);

    for (int b = 0; b < Beats; ++b) {
#pragma HLS PIPELINE II = 1
      const vec<int8_t, L> beat = quantize_beat(row[b], inverse);
      q.write(beat);
      if constexpr (Kept) kept[b] = beat;
    }
    if constexpr (Kept) send_again<Repeats...>(kept, q, others...);
  }
}

/// y = x * row scale, which comes once per token.
template <int L, int Beats>
void scale_rows(hls::stream<vec<float, L>>& x, hls::stream<vec<float, 1>>& row_scale,
                hls::stream<vec<float, L>>& y, int tokens) {
  float factor = 0.0f;
  for (int t = 0; t < tokens; ++t) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = TypicalTokens
    for (int b = 0; b < Beats; ++b) {
#pragma HLS PIPELINE II = 1
      if (b == 0) factor = row_scale.read()[0];
      const vec<float, L> values = x.read();
      vec<float, L> beat;
      for (int i = 0; i < L; ++i) {
#pragma HLS UNROLL
        beat[i] = values[i] * factor;
      }
      y.write(beat);
    }
  }
}

/// y = acc * (row scale * channel scale). The row's scale comes once per token, the channels'
/// scales once per token as a whole row.
template <int L, int Beats>
void dequantize_rows(hls::stream<vec<int32_t, L>>& acc, hls::stream<vec<float, 1>>& row_scale,
                     hls::stream<vec<float, L>>& channel_scale, hls::stream<vec<float, L>>& y,
                     int tokens) {
  float factor = 0.0f;
  for (int t = 0; t < tokens; ++t) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = TypicalTokens
    for (int b = 0; b < Beats; ++b) {
#pragma HLS PIPELINE II = 1
      if (b == 0) factor = row_scale.read()[0];
      const vec<int32_t, L> sums = acc.read();
      const vec<float, L> channels = channel_scale.read();
      vec<float, L> beat;
      for (int i = 0; i < L; ++i) {
#pragma HLS UNROLL
        beat[i] = (float)sums[i] * (factor * channels[i]);
      }
      y.write(beat);
    }
  }
}

}  // namespace st

#endif
