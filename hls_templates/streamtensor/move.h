// SPDX-License-Identifier: Apache-2.0
/// Beats from one stream to another as they are, or to some of several, and rows that are kept and
/// sent several times.
#ifndef STREAMTENSOR_MOVE_H
#define STREAMTENSOR_MOVE_H

#include <hls_stream.h>

#include "streamtensor/vec.h"

namespace st {

/// Moves `Beats` beats.
template <typename T, int L, int Beats>
void move_beats(hls::stream<vec<T, L>>& in, hls::stream<vec<T, L>>& out) {
#pragma HLS INLINE
  for (int b = 0; b < Beats; ++b) {
#pragma HLS PIPELINE II = 1
    out.write(in.read());
  }
}

/// Writes a beat to those streams that carry such beats.
template <typename Beat>
void send_beat(const Beat& beat, hls::stream<Beat>& to) {
#pragma HLS INLINE
  to.write(beat);
}
template <typename Beat, typename Other>
void send_beat(const Beat&, hls::stream<Other>&) {
#pragma HLS INLINE
}

/// The same elements in the same order under another shape: expand and collapse of dimensions. A
/// kernel of its own only where nothing else can rename the stream.
template <typename T, int L, int Beats>
void reassociate(hls::stream<vec<T, L>>& in, hls::stream<vec<T, L>>& out, int tokens) {
  for (int i = 0; i < tokens * Beats; ++i) {
#pragma HLS LOOP_TRIPCOUNT min = Beats max = Beats * TypicalTokens
#pragma HLS PIPELINE II = 1
    out.write(in.read());
  }
}

/// Writes a kept row `Times` times.
template <int Times, typename T, int L, int Beats>
void send_row(const vec<T, L> (&row)[Beats], hls::stream<vec<T, L>>& out) {
#pragma HLS INLINE
  if constexpr (Times > 0) {
    int b = 0;
    for (int i = 0; i < Times * Beats; ++i) {
#pragma HLS PIPELINE II = 1
      out.write(row[b]);
      b = b + 1 == Beats ? 0 : b + 1;
    }
  }
}

/// How often a kernel that sends its row `Repeats[0]` times to out 0, `Repeats[1]` times to out 1,
/// and so on, sends it in all. If that is 1, the row need not be kept.
template <int... Repeats>
constexpr int total_sends = (Repeats + ... + 0);

/// What is left to send after the pass that formed the row and wrote it to the first output.
template <int First, int... Others, typename T, int L, int Beats, typename... Outs>
void send_again(const vec<T, L> (&row)[Beats], hls::stream<vec<T, L>>& first, Outs&... others) {
#pragma HLS INLINE
  static_assert(First > 0, "the first output gets the pass that forms the row");
  static_assert(sizeof...(Others) == sizeof...(Outs), "one number of repeats per output");
  send_row<First - 1>(row, first);
  (send_row<Others>(row, others), ...);
}

}  // namespace st

#endif
