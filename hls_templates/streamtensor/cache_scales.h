// SPDX-License-Identifier: Apache-2.0
/// The cache of the scales that belong to a cache of 8-bit keys or values.
#ifndef STREAMTENSOR_CACHE_SCALES_H
#define STREAMTENSOR_CACHE_SCALES_H

#include <ap_int.h>
#include <hls_stream.h>

#include "streamtensor/bfloat16.h"
#include "streamtensor/memory.h"
#include "streamtensor/vec.h"

namespace st {

/// Per new row: stores a scale for each of its `Heads` heads at position past + t, then streams for
/// each head, `Repeat` times, the scales of positions 0 to past + t, as cache_rows does. The scales
/// of a head are one row of memory. Needs past + tokens <= MaxPositions.
///
/// The word that a head writes at is kept from row to row: it is read before it is written in the
/// first row of a launch alone, and never after.
template <int Heads, int Repeat, int MaxPositions>
void cache_scales(hls::stream<vec<bfloat16, 1>>& in, ap_uint<WordBits>* cache, int first_word,
                  hls::stream<vec<bfloat16, 1>>& out, int tokens, int past) {
  constexpr int PerWord = row_layout<bfloat16, 1, MaxPositions>::BeatsPerWord;
  constexpr int HeadWords = row_layout<bfloat16, 1, MaxPositions>::WordsPerRow;
  ap_uint<WordBits> last[Heads];
  for (int t = 0; t < tokens; ++t) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = TypicalTokens
    const int position = past + t;
    const int at = position / PerWord;
    for (int g = 0; g < Heads; ++g) {
#pragma HLS PIPELINE II = 1
#pragma HLS DEPENDENCE variable = cache type = inter dependent = false
      ap_uint<WordBits> word = 0;  // heads have words of their own
      if (position % PerWord != 0) {
        if (t == 0) {
          word = cache[first_word + g * HeadWords + at];
        } else {
          word = last[g];
        }
      }
      pack<bfloat16, 1>(word, position % PerWord, in.read());
      last[g] = word;
      cache[first_word + g * HeadWords + at] = word;
    }
    for (int g = 0; g < Heads; ++g) {
      for (int r = 0; r < Repeat; ++r) {
        ap_uint<WordBits> word = 0;
        for (int j = 0; j <= position; ++j) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = MaxPositions
#pragma HLS PIPELINE II = 1
          if (j % PerWord == 0) {
            if (j / PerWord == at) {
              word = last[g];
            } else {
              word = cache[first_word + g * HeadWords + j / PerWord];
            }
          }
          out.write(unpack<bfloat16, 1>(word, j % PerWord));
        }
      }
    }
  }
}
template <int Heads, int Repeat, int MaxPositions>
void cache_scales(hls::stream<vec<bfloat16, 1>>& in, ap_uint<WordBits>* cache,
                  hls::stream<vec<bfloat16, 1>>& out, int tokens, int past) {
  cache_scales<Heads, Repeat, MaxPositions>(in, cache, 0, out, tokens, past);
}

}  // namespace st

#endif
