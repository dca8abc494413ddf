// SPDX-License-Identifier: Apache-2.0
/// Attention of the new rows of a launch over a striped cache (striped_layout.h), a slice of the
/// ports: all ports of a slice stream a word in the same cycle, so that a round of positions is a
/// lane per port. Keys come first, for all rounds; then the slices agree on the largest scores, and
/// values follow. Scores and weights are made of integers, and sums are integers, exact in any
/// order.
#ifndef STREAMTENSOR_STRIPED_ATTENTION_H
#define STREAMTENSOR_STRIPED_ATTENTION_H

#include <hls_stream.h>

#include <cstdint>

#include "streamtensor/striped_context.h"
#include "streamtensor/striped_scores.h"

namespace st {

/// One slice. A round takes as many cycles as a position has scale words, plus one for each word of
/// each query head of each row; and those once more for the values. Words are read once for all
/// rows.
///   x, scales: the tokens' queries, keys and values, as feed_heads() sends them
///   peaks: of all slices, for each row the largest score of each head, then the largest scale of
///          the values of each key and value head
///   own_peaks: the same of this slice; -INFINITY and 0 where it sees no position
///   sums: per row and head the sum of powers, then those of weights times values, ChunkLanes at a
///         time. In one part: the powers in lane 0, and a beat for each chunk. In two parts, of
///         which the first one has the lowest 16 bits: the powers in lanes 0 and 1, and two beats
///   words: of each port, as load_cache() sends them
/// A position behind a row's own, or before its window, has a score of -INFINITY, so that its power
/// and its weight are 0, whatever its words are. Scales are not negative.
/// Products are those that linear layers on the same ports take turns on.
template <int Heads, int KVHeads, int Head, int MaxTokens, int Stripes, int Ports, int First,
          int Ways, int MaxRounds, int SumParts, products_of<Ports>* Products, typename... Words>
void attend(hls::stream<word_bytes>& x, hls::stream<vec<float, 1>>& scales,
            hls::stream<vec<float, 1>>& peaks, hls::stream<vec<float, 1>>& own_peaks,
            hls::stream<vec<int, ChunkLanes>>& sums, int window, int tokens, int past,
            Words&... words) {
#pragma HLS INLINE
  using shape = slice_shape<Heads, KVHeads, Head, MaxTokens, Stripes, Ports, First, Ways, MaxRounds,
                            SumParts>;
  static_assert(sizeof...(Words) == Ports && First + Ports <= Stripes, "one stream per port");
  static_assert((int64_t)Ports * MaxRounds * 32767 * 127 < (int64_t)1 << (SumBits<SumParts> - 1),
                "the sums of all positions fit");
  const slice_positions<shape> positions(window, past, tokens);
  new_rows<shape> rows;
#pragma HLS AGGREGATE variable = rows.queries
#pragma HLS AGGREGATE variable = rows.keys
#pragma HLS AGGREGATE variable = rows.values
#pragma HLS ARRAY_PARTITION variable = rows.keys dim = 1 type = complete
#pragma HLS ARRAY_PARTITION variable = rows.values dim = 1 type = complete
#pragma HLS ARRAY_PARTITION variable = rows.key_scales dim = 1 type = complete
#pragma HLS ARRAY_PARTITION variable = rows.value_scales dim = 1 type = complete
  for (int t = 0; t < tokens; ++t) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = MaxTokens
    const int port = positions.port_of(t);
    take_queries<shape>(x, scales, t, rows);
    take_own<shape>(x, scales, port, t, rows.keys, rows.key_scales);
    take_own<shape>(x, scales, port, t, rows.values, rows.value_scales);
  }

  round_memory<shape> memory;
#pragma HLS ARRAY_PARTITION variable = memory.scores dim = 1 type = complete
#pragma HLS ARRAY_PARTITION variable = memory.scales dim = 1 type = complete
  key_pass<shape, Products>(rows, positions, memory, words...);
  send_peaks(memory, tokens, own_peaks);

  float all_peaks[MaxTokens * Heads], inverses[MaxTokens * KVHeads];
  for (int t = 0; t < tokens; ++t) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = MaxTokens
    for (int h = 0; h < Heads; ++h) {
#pragma HLS PIPELINE II = 1
      all_peaks[t * Heads + h] = peaks.read()[0];
    }
    for (int g = 0; g < KVHeads; ++g) {
#pragma HLS PIPELINE II = 1
      const float largest = peaks.read()[0];
      inverses[t * KVHeads + g] = largest == 0.0f ? 0.0f : TwicePeak / largest;
    }
  }
  slice_sums<shape> slice;
#pragma HLS AGGREGATE variable = slice.contexts
  value_pass<shape, Products>(rows, positions, memory, all_peaks, inverses, slice, words...);
  send_sums(slice, tokens, sums);
}

}  // namespace st

#endif
