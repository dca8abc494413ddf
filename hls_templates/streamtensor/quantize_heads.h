// SPDX-License-Identifier: Apache-2.0
/// Heads of queries, keys and values as 8-bit integers, each with a scale of its own.
#ifndef STREAMTENSOR_QUANTIZE_HEADS_H
#define STREAMTENSOR_QUANTIZE_HEADS_H

#include <hls_stream.h>

#include <cstdint>

#include "streamtensor/bfloat16.h"
#include "streamtensor/float_order.h"
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
/// bfloat16, is written before its beats. A head is held until its largest magnitude is known, and
/// is sent while the next one comes into its place.
template <typename Scale, int L, int HeadBeats, int Heads>
void quantize_heads(hls::stream<vec<float, L>>& x, hls::stream<vec<int8_t, L>>& q,
                    hls::stream<vec<Scale, 1>>& scales, int tokens) {
  constexpr int Beats = HeadBeats * Heads;
  vec<float, L> head[HeadBeats];
#pragma HLS AGGREGATE variable = head
  int largest = 0;  // as order_of(): one comparison in a cycle
  float inverse = 0.0f;
  for (int t = 0; t < tokens; ++t) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = TypicalTokens
    for (int i = 0; i < Beats + HeadBeats; ++i) {
#pragma HLS PIPELINE II = 1
#pragma HLS DEPENDENCE variable = head type = inter direction = RAW distance = \
    HeadBeats dependent = true
      const int place = i % HeadBeats;
      vec<float, L> next = {};
      if (i < Beats) next = x.read();
      if (i >= HeadBeats) {
        if (place == 0) {
          vec<Scale, 1> scale;
          head_scale(value_of(largest), scale[0], inverse);
          scales.write(scale);
        }
        const vec<int8_t, L> beat = quantize_beat(head[place], inverse);
        q.write(beat);
      }
      head[place] = next;
      const int peak = order_of(tree_peak(next));
      largest = place == 0 || peak > largest ? peak : largest;
    }
  }
}

}  // namespace st

#endif
