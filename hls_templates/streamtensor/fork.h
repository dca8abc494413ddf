// SPDX-License-Identifier: Apache-2.0
/// One stream to many. A FIFO has one reader, so a tensor with several users is copied.
#ifndef STREAMTENSOR_FORK_H
#define STREAMTENSOR_FORK_H

#include <hls_stream.h>

#include "streamtensor/move.h"
#include "streamtensor/vec.h"

namespace st {

/// Every beat to every output. All outputs take the same T and L.
template <typename T, int L, int Beats, typename... Outs>
void fork(hls::stream<vec<T, L>>& in, int tokens, Outs&... outs) {
  for (int i = 0; i < tokens * Beats; ++i) {
#pragma HLS LOOP_TRIPCOUNT min = Beats max = Beats * TypicalTokens
#pragma HLS PIPELINE II = 1
    const vec<T, L> beat = in.read();
    (outs.write(beat), ...);
  }
}

/// Cuts each row: its first beats go to the first output, the next ones to the second, and so on.
/// `Widths` are beats per row of each output.
template <typename T, int L, int... Widths, typename... Outs>
void split(hls::stream<vec<T, L>>& in, int tokens, Outs&... outs) {
  static_assert(sizeof...(Widths) == sizeof...(Outs), "one width per output");
  for (int t = 0; t < tokens; ++t) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = TypicalTokens
    (move_beats<T, L, Widths>(in, outs), ...);
  }
}

}  // namespace st

#endif
