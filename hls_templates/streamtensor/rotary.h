// SPDX-License-Identifier: Apache-2.0
/// Rotary position embedding.
#ifndef STREAMTENSOR_ROTARY_H
#define STREAMTENSOR_ROTARY_H

#include <hls_stream.h>

#include "streamtensor/vec.h"

namespace st {

/// Turns pairs of values of each head by the angles of the token's position. A head has L *
/// HeadBeats values; pair i is (2i, 2i + 1) if Interleaved, else (i, i + half).
///   x, y: per token, Heads * HeadBeats beats
///   cosine, sine: per token, one value per pair in CBeats beats of CL lanes (the last may be
///   padded)
template <int L, int HeadBeats, int Heads, bool Interleaved, int CL, int CBeats>
void rotary(hls::stream<vec<float, L>>& x, hls::stream<vec<float, CL>>& cosine,
            hls::stream<vec<float, CL>>& sine, hls::stream<vec<float, L>>& y, int tokens) {
  constexpr int Width = L * HeadBeats;
  constexpr int Half = Width / 2;
  static_assert(Width % 2 == 0, "values are turned in pairs");
  static_assert(CL * CBeats >= Half, "one angle per pair");
  float head[Width];
  float cosines[CL * CBeats];
  float sines[CL * CBeats];
  // A beat needs its own lanes and those of its partner half in the same cycle, and its angles.
#pragma HLS ARRAY_PARTITION variable = head type = complete
#pragma HLS ARRAY_PARTITION variable = cosines type = complete
#pragma HLS ARRAY_PARTITION variable = sines type = complete
  for (int t = 0; t < tokens; ++t) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = TypicalTokens
    for (int b = 0; b < CBeats; ++b) {
#pragma HLS PIPELINE II = 1
      const vec<float, CL> c = cosine.read();
      const vec<float, CL> s = sine.read();
      for (int i = 0; i < CL; ++i) {
#pragma HLS UNROLL
        cosines[b * CL + i] = c[i];
        sines[b * CL + i] = s[i];
      }
    }
    for (int h = 0; h < Heads; ++h) {
      for (int b = 0; b < HeadBeats; ++b) {
#pragma HLS PIPELINE II = 1
        const vec<float, L> beat = x.read();
        for (int i = 0; i < L; ++i) {
#pragma HLS UNROLL
          head[b * L + i] = beat[i];
        }
      }
      for (int b = 0; b < HeadBeats; ++b) {
#pragma HLS PIPELINE II = 1
        vec<float, L> beat;
        for (int i = 0; i < L; ++i) {
#pragma HLS UNROLL
          const int d = b * L + i;
          const int pair = Interleaved ? d / 2 : d % Half;
          const int first = Interleaved ? 2 * pair : pair;
          const int second = Interleaved ? first + 1 : pair + Half;
          const float c = cosines[pair];
          const float s = sines[pair];
          beat[i] =
              d == first ? head[first] * c - head[second] * s : head[first] * s + head[second] * c;
        }
        y.write(beat);
      }
    }
  }
}

}  // namespace st

#endif
