// SPDX-License-Identifier: Apache-2.0
/// Rows that go from layer to layer: called once for each layer, in kernels that walk the layers.
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

/// The rows that a layer made: those of the last one leave the layers, the others go to the next
/// layer.
template <int L, int Beats>
void leave_layers(hls::stream<vec<float, L>>& rows, hls::stream<vec<float, L>>& next,
                  hls::stream<vec<float, L>>& outside, int exit, int tokens) {
  for (int n = 0; n < tokens * Beats; ++n) {
#pragma HLS LOOP_TRIPCOUNT min = Beats max = Beats * TypicalTokens
#pragma HLS PIPELINE II = 1
    const vec<float, L> beat = rows.read();
    if (exit != 0) {
      outside.write(beat);
    } else {
      next.write(beat);
    }
  }
}

}  // namespace st

#endif
