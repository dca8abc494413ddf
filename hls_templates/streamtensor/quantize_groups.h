// SPDX-License-Identifier: Apache-2.0
/// Float rows to 8-bit integers with a scale for each group of a row.
#ifndef STREAMTENSOR_QUANTIZE_GROUPS_H
#define STREAMTENSOR_QUANTIZE_GROUPS_H

#include <hls_stream.h>

#include <cstdint>

#include "streamtensor/float_order.h"
#include "streamtensor/move.h"
#include "streamtensor/quantize.h"
#include "streamtensor/vec.h"

namespace st {

/// Scales each group of GroupBeats beats so that its largest magnitude becomes 127; the last group
/// of a row has what is left. A group is held until its largest magnitude is known, and is sent
/// while the next one comes into its place: no result waits for the end of the row.
///
///   scales: a value for each group, before the group's beats
///   q: the beats, Repeats[0] times to the first output as quantize_rows() sends them; all passes
///      but the first come from a buffer of the row
template <int L, int Beats, int GroupBeats, int... Repeats, typename... Outs>
void quantize_groups(hls::stream<vec<float, L>>& x, hls::stream<vec<float, 1>>& scales, int tokens,
                     hls::stream<vec<int8_t, L>>& q, Outs&... others) {
  constexpr bool Kept = total_sends<Repeats...> > 1;
  vec<float, L> held[GroupBeats];
#pragma HLS AGGREGATE variable = held
  vec<int8_t, L> kept[Kept ? Beats : 1];
#pragma HLS AGGREGATE variable = kept
  int largest = 0;  // as order_of(): one comparison in a cycle
  float inverse = 0.0f;
  for (int t = 0; t < tokens; ++t) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = TypicalTokens
    for (int i = 0; i < Beats + GroupBeats; ++i) {
#pragma HLS PIPELINE II = 1
#pragma HLS DEPENDENCE variable = held type = inter direction = RAW distance = \
    GroupBeats dependent = true
      const int place = i % GroupBeats;
      vec<float, L> next = {};
      if (i < Beats) next = x.read();
      if (i >= GroupBeats) {
        if (place == 0) {
          const float peak = value_of(largest);
          inverse = peak == 0.0f ? 0.0f : QuantizedPeak / peak;
          const vec<float, 1> scale = {{peak / QuantizedPeak}};
          scales.write(scale);
        }
        const vec<int8_t, L> beat = quantize_beat(held[place], inverse);
        q.write(beat);
        if constexpr (Kept) kept[i - GroupBeats] = beat;
      }
      held[place] = next;
      const int peak = order_of(tree_peak(next));
      largest = place == 0 || peak > largest ? peak : largest;
    }
    if constexpr (Kept) send_again<Repeats...>(kept, q, others...);
  }
}

}  // namespace st

#endif
