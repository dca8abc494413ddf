// SPDX-License-Identifier: Apache-2.0
/// Many streams to one: the inverses of what fork.h does.
#ifndef STREAMTENSOR_JOIN_H
#define STREAMTENSOR_JOIN_H

#include <hls_stream.h>

#include "streamtensor/move.h"
#include "streamtensor/vec.h"

namespace st {

/// Each row is a row of the first input, then one of the second, and so on. `Widths` are beats per
/// row of each input.
template <typename T, int L, int... Widths, typename... Ins>
void concat(hls::stream<vec<T, L>>& out, int tokens, Ins&... ins) {
  static_assert(sizeof...(Widths) == sizeof...(Ins), "one width per input");
  for (int t = 0; t < tokens; ++t) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = TypicalTokens
    (move_beats<T, L, Widths>(ins, out), ...);
  }
}

/// Parts of `Beats` beats, one of each input in turn, `tokens` rounds (StreamTensor's
/// itensor_join).
template <typename T, int L, int Beats, typename... Ins>
void join(hls::stream<vec<T, L>>& out, int tokens, Ins&... ins) {
  for (int t = 0; t < tokens; ++t) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = TypicalTokens
    (move_beats<T, L, Beats>(ins, out), ...);
  }
}

}  // namespace st

#endif
