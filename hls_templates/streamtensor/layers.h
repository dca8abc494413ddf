// SPDX-License-Identifier: Apache-2.0
/// Kernels that walk the layers: rows that go from one to the next, and the positions of a launch,
/// again for each layer.
#ifndef STREAMTENSOR_LAYERS_H
#define STREAMTENSOR_LAYERS_H

#include <hls_stream.h>

#include "streamtensor/vec.h"

namespace st {

/// The rows of a layer: of the first one from outside the layers, of the others from the layer
/// before.
template <int L, int Beats>
void enter_layers(hls::stream<vec<float, L>>& outside, hls::stream<vec<float, L>>& before,
                  hls::stream<vec<float, L>>& rows, int entry, int tokens) {
  for (int n = 0; n < tokens * Beats; ++n) {
#pragma HLS LOOP_TRIPCOUNT min = Beats max = Beats * TypicalTokens
#pragma HLS PIPELINE II = 1
    const vec<float, L> beat = entry != 0 ? outside.read() : before.read();
    rows.write(beat);
  }
}

/// The rows that a layer made go to the next layer. Of the last layer's the last `results` ones,
/// those of which results are wanted, leave the layers, and the others end here.
template <int L, int Beats>
void leave_layers(hls::stream<vec<float, L>>& rows, hls::stream<vec<float, L>>& next,
                  hls::stream<vec<float, L>>& outside, int exit, int tokens, int results) {
  for (int n = 0; n < tokens * Beats; ++n) {
#pragma HLS LOOP_TRIPCOUNT min = Beats max = Beats * TypicalTokens
#pragma HLS PIPELINE II = 1
    const vec<float, L> beat = rows.read();
    if (exit == 0) next.write(beat);
    if (exit != 0 && n >= (tokens - results) * Beats) outside.write(beat);
  }
}

/// The positions of a launch's rows, which nobody needs to load.
inline void count_positions(hls::stream<vec<int, 1>>& positions, int tokens, int past) {
  for (int t = 0; t < tokens; ++t) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = TypicalTokens
#pragma HLS PIPELINE II = 1
    const vec<int, 1> position = {{past + t}};
    positions.write(position);
  }
}

}  // namespace st

#endif
