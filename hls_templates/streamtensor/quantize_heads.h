// SPDX-License-Identifier: Apache-2.0
/// Heads of queries, keys and values as 8-bit integers, each with a scale of its own.
#ifndef STREAMTENSOR_QUANTIZE_HEADS_H
#define STREAMTENSOR_QUANTIZE_HEADS_H

#include <hls_stream.h>

#include <cstdint>

#include "streamtensor/bfloat16.h"
#include "streamtensor/quantize.h"
#include "streamtensor/vec.h"

namespace st {

/// The scale of a head with that peak, and what its values are multiplied with. A query's scale is
/// a float, as that of quantize_rows.
inline void head_scale(float peak, float& scale, float& inverse) {
#pragma HLS INLINE
  scale = peak / QuantizedPeak;
  inverse = peak == 0.0f ? 0.0f : QuantizedPeak / peak;
}
/// That of a key or value is kept as a bfloat16, and values are multiplied with the inverse of what
/// is kept.
inline void head_scale(float peak, bfloat16& scale, float& inverse) {
#pragma HLS INLINE
  scale = to_bfloat16(peak / QuantizedPeak);
  const float kept = to_float(scale);
  inverse = kept == 0.0f ? 0.0f : 1.0f / kept;
}

/// Quantises `Heads` heads of `HeadBeats` beats in each row. The scale of a head, a float or a
/// bfloat16, is written before its beats.
template <typename Scale, int L, int HeadBeats, int Heads>
void quantize_heads(hls::stream<vec<float, L>>& x, hls::stream<vec<int8_t, L>>& q,
                    hls::stream<vec<Scale, 1>>& scales, int tokens) {
  vec<float, L> head[HeadBeats];
#pragma HLS AGGREGATE variable = head
  float peaks[PartialPeaks] = {};
#pragma HLS ARRAY_PARTITION variable = peaks type = complete
  for (int t = 0; t < tokens; ++t) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = TypicalTokens
    for (int h = 0; h < Heads; ++h) {
      for (int b = 0; b < HeadBeats; ++b) {
#pragma HLS PIPELINE II = 1
#pragma HLS DEPENDENCE variable = peaks type = inter direction = RAW distance = \
    PartialPeaks dependent = true
        const vec<float, L> beat = x.read();
        head[b] = beat;
        const float beat_peak = tree_peak(beat);
        float& largest = peaks[b % PartialPeaks];
        largest = b < PartialPeaks || beat_peak > largest ? beat_peak : largest;
      }
      const float peak = HeadBeats > 1 && peaks[1] > peaks[0] ? peaks[1] : peaks[0];
      vec<Scale, 1> scale;
      float inverse = 0.0f;
      head_scale(peak, scale[0], inverse);
      scales.write(scale);
      for (int b = 0; b < HeadBeats; ++b) {
#pragma HLS PIPELINE II = 1
        vec<int8_t, L> beat;
        for (int i = 0; i < L; ++i) {
#pragma HLS UNROLL
          beat[i] = quantize_value(head[b][i] * inverse);
        }
        q.write(beat);
      }
    }
  }
}

}  // namespace st

#endif
