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
///
/// The two values of a pair are always as far apart, so that beats pass through a shift register of
/// which each lane of y has its partners at fixed places. A beat leaves as soon as both are there.
template <int L, int HeadBeats, int Heads, bool Interleaved, int CL, int CBeats>
void rotary(hls::stream<vec<float, L>>& x, hls::stream<vec<float, CL>>& cosine,
            hls::stream<vec<float, CL>>& sine, hls::stream<vec<float, L>>& y, int tokens) {
  constexpr int Width = L * HeadBeats, Half = Width / 2, Beats = Heads * HeadBeats;
  constexpr int Apart = Interleaved ? 1 : Half;  // values, from one of a pair to the other
  constexpr int Ahead = (L - 1 + Apart) / L;     // beats, at most
  static_assert(Width % 2 == 0, "values are turned in pairs");
  static_assert(CL * CBeats >= Half, "one angle per pair");
  vec<float, L> recent[2 * Ahead + 1] = {};  // the newest first
  float cosines[CL * CBeats];
  float sines[CL * CBeats];
#pragma HLS ARRAY_PARTITION variable = recent type = complete
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
    int b = 0;  // of the head that is sent
    for (int n = 0; n < Beats + Ahead; ++n) {
#pragma HLS PIPELINE II = 1
      for (int k = 2 * Ahead; k > 0; --k) {
#pragma HLS UNROLL
        recent[k] = recent[k - 1];
      }
      if (n < Beats) recent[0] = x.read();
      if (n >= Ahead) {
        vec<float, L> beat;
        for (int i = 0; i < L; ++i) {
#pragma HLS UNROLL
          const int d = b * L + i;
          const int pair = Interleaved ? d / 2 : d % Half;
          const bool first = Interleaved ? d % 2 == 0 : d < Half;
          const int later = (i + Apart) / L, earlier = (L - 1 - i + Apart) / L;
          const float second_value = recent[Ahead - later][i + Apart - later * L];
          const float first_value = recent[Ahead + earlier][i - Apart + earlier * L];
          const float turned = (first ? second_value : first_value) * sines[pair];
          beat[i] = recent[Ahead][i] * cosines[pair] + (first ? -turned : turned);
        }
        y.write(beat);
        b = b == HeadBeats - 1 ? 0 : b + 1;
      }
    }
  }
}

}  // namespace st

#endif
