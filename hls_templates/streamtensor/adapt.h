// SPDX-License-Identifier: Apache-2.0
/// Between vectors of different width. The elements stay in their order.
#ifndef STREAMTENSOR_ADAPT_H
#define STREAMTENSOR_ADAPT_H

#include <hls_stream.h>

#include "streamtensor/vec.h"

namespace st {

/// Greatest common divisor of positive numbers.
constexpr int common_divisor(int a, int b) { return b == 0 ? a : common_divisor(b, a % b); }

/// Rows of LOut * BeatsOut elements from beats of LIn to beats of LOut; LIn divides the row too.
///
/// Order of accesses: for each output beat the reads that it needs, and no others; then the write.
/// So nothing is held from one row to the next. A step takes a beat, gives one, or does both: wide
/// inputs are read when what is held is not enough, narrow ones in every step.
///
/// Elements move in pieces as wide as both widths allow, which keeps the shifter small: for widths
/// of which one divides the other, it has as many positions as their quotient.
template <typename T, int LIn, int LOut, int BeatsOut>
void adapt(hls::stream<vec<T, LIn>>& in, hls::stream<vec<T, LOut>>& out, int tokens) {
  static_assert(LOut * BeatsOut % LIn == 0, "both widths divide the row");
  constexpr int Piece = common_divisor(LIn, LOut);
  constexpr int In = LIn / Piece, Out = LOut / Piece;  // pieces of a beat
  constexpr int Most = Out - 1 + In;                   // one piece less than needed, and a beat
  constexpr int Steps = In > Out ? BeatsOut : LOut * BeatsOut / LIn;
  vec<T, Piece> held[Most] = {};  // compilers do not see that only what came is read
#pragma HLS ARRAY_PARTITION variable = held complete
  int count = 0;
  for (int n = 0; n < tokens * Steps; ++n) {
#pragma HLS LOOP_TRIPCOUNT min = Steps max = Steps * TypicalTokens
#pragma HLS PIPELINE II = 1
    if (count < Out) {
      const vec<T, LIn> beat = in.read();
      for (int p = 0; p < In; ++p) {
#pragma HLS UNROLL
        for (int i = 0; i < Piece; ++i) {
#pragma HLS UNROLL
          held[count + p][i] = beat[p * Piece + i];
        }
      }
      count += In;
    }
    if (count >= Out) {
      vec<T, LOut> beat;
      for (int p = 0; p < Out; ++p) {
#pragma HLS UNROLL
        for (int i = 0; i < Piece; ++i) {
#pragma HLS UNROLL
          beat[p * Piece + i] = held[p][i];
        }
      }
      out.write(beat);
      for (int p = 0; p + Out < Most; ++p) {
#pragma HLS UNROLL
        held[p] = held[p + Out];
      }
      count -= Out;
    }
  }
}

}  // namespace st

#endif
