// SPDX-License-Identifier: Apache-2.0
/// What stands around the slices of striped attention (striped_attention.h): the tokens' heads to
/// all of them, the largest of their scores, and the sum of their sums.
#ifndef STREAMTENSOR_STRIPED_HEADS_H
#define STREAMTENSOR_STRIPED_HEADS_H

#include <hls_stream.h>

#include <cstdint>

#include "streamtensor/move.h"
#include "streamtensor/striped_layout.h"

namespace st {

/// Values in a beat of sums.
constexpr int ChunkLanes = 16;

/// A row of heads to all outputs: of each head first its scale, multiplied, then its words.
template <int L, int Heads, int Head, typename Scale, typename... Outs>
void feed_row(hls::stream<vec<int8_t, L>>& row, hls::stream<vec<Scale, 1>>& scales, float times,
              Outs&... outs) {
#pragma HLS INLINE
  head_packer<L, Head> packer;
  for (int n = 0; n < Heads * head_packer<L, Head>::PerHead; ++n) {
#pragma HLS PIPELINE II = 1
    const bool begins = packer.begins_head();
    vec<float, 1> scale = {};
    if (begins) scale[0] = to_float(scales.read()[0]) * times;
    const bool complete = packer.take(row);
    if (begins) (send_beat(scale, outs), ...);
    if (complete) (send_beat(packer.word, outs), ...);
  }
}

/// Queries, keys and values of each token, int8 with a scale for each head, to all slices; scales
/// of queries are multiplied with that of all scores. `outs` are a stream of words for each slice,
/// then one of scales for each.
template <int L, int Heads, int KVHeads, int Head, typename KScale, typename VScale,
          typename... Outs>
void feed_heads(hls::stream<vec<int8_t, L>>& q, hls::stream<vec<float, 1>>& q_scales,
                hls::stream<vec<int8_t, L>>& k, hls::stream<vec<KScale, 1>>& k_scales,
                hls::stream<vec<int8_t, L>>& v, hls::stream<vec<VScale, 1>>& v_scales,
                float score_scale, int tokens, Outs&... outs) {
  for (int t = 0; t < tokens; ++t) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = TypicalTokens
    feed_row<L, Heads, Head>(q, q_scales, score_scale, outs...);
    feed_row<L, KVHeads, Head>(k, k_scales, 1.0f, outs...);
    feed_row<L, KVHeads, Head>(v, v_scales, 1.0f, outs...);
  }
}

/// The largest of a beat of each slice.
template <typename... Slices>
vec<float, 1> largest_of(Slices&... slices) {
#pragma HLS INLINE
  const vec<float, 1> beats[] = {slices.read()...};  // from left to right
  vec<float, 1> largest = beats[0];
  for (int s = 1; s < (int)sizeof...(Slices); ++s) {
#pragma HLS UNROLL
    largest[0] = beats[s][0] > largest[0] ? beats[s][0] : largest[0];
  }
  return largest;
}

/// The largest of what the slices found, for each token: the score of each head, then the scale of
/// the values of each key and value head, which also goes to `scales`.
template <int Heads, int KVHeads, typename... Slices>
void share_peaks(hls::stream<vec<float, 1>>& peaks, hls::stream<vec<float, 1>>& scales, int tokens,
                 Slices&... slices) {
  for (int t = 0; t < tokens; ++t) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = TypicalTokens
    for (int h = 0; h < Heads; ++h) {
#pragma HLS PIPELINE II = 1
      peaks.write(largest_of(slices...));
    }
    for (int g = 0; g < KVHeads; ++g) {
#pragma HLS PIPELINE II = 1
      const vec<float, 1> largest = largest_of(slices...);
      peaks.write(largest);
      scales.write(largest);
    }
  }
}

/// A beat of each slice, added.
template <typename... Slices>
vec<int64_t, ChunkLanes> added(Slices&... slices) {
#pragma HLS INLINE
  const vec<int, ChunkLanes> beats[] = {slices.read()...};  // from left to right
  vec<int64_t, ChunkLanes> sum;
  for (int i = 0; i < ChunkLanes; ++i) {
#pragma HLS UNROLL
    sum[i] = 0;
    for (int s = 0; s < (int)sizeof...(Slices); ++s) {
#pragma HLS UNROLL
      sum[i] += beats[s][i];
    }
  }
  return sum;
}

/// The float of a sum that comes as it is, or as its lowest 16 bits and the rest.
template <int Parts>
float whole_sum(int64_t first, int64_t last) {
#pragma HLS INLINE
  return (float)(Parts == 1 ? first : last * 65536 + first);
}

/// The context of a token: per head, the sums of weights times values over all slices, times the
/// largest scale over the sum of powers.
///
/// A chunk of values takes a step for each part of its sums, and further ones where it is several
/// pieces, of which heads and beats are whole numbers: from the last part on, one leaves in each
/// step.
template <int L, int Heads, int KVHeads, int Head, int SumParts, typename... Slices>
void merge_row(hls::stream<vec<float, 1>>& scales, hls::stream<vec<float, L>>& out,
               Slices&... slices) {
#pragma HLS INLINE
  constexpr int Piece = common_divisor(common_divisor(L, Head), ChunkLanes);
  constexpr int PerChunk = ChunkLanes / Piece, PerBeat = L / Piece, PerHead = Head / Piece;
  constexpr int Chunks = position_layout<KVHeads, Head>::HeadWords * (WordBytes / ChunkLanes);
  constexpr int Before = SumParts - 1;  // steps until a chunk is there
  float largest[KVHeads];
  for (int g = 0; g < KVHeads; ++g) {
#pragma HLS PIPELINE II = 1
    largest[g] = scales.read()[0];
  }
  vec<int64_t, ChunkLanes> part, first_part;
  vec<float, ChunkLanes> values;
  vec<float, L> beat;
  float factor = 0.0f;
  int in_beat = 0;
  for (int h = 0; h < Heads; ++h) {
    int step = 0, chunk = 0;
    for (int n = 0; n < 1 + Chunks * (Before + PerChunk); ++n) {
#pragma HLS PIPELINE II = 1
      if (n == 0 || step < SumParts) part = added(slices...);
      if (n == 0) {
        factor = largest[h / (Heads / KVHeads)] / whole_sum<SumParts>(part[0], part[1]);
      } else {
        if (step == 0) first_part = part;
        for (int i = 0; i < ChunkLanes; ++i) {
#pragma HLS UNROLL
          if (step == Before) values[i] = whole_sum<SumParts>(first_part[i], part[i]) * factor;
        }
        const int piece = step - Before;
        if (piece >= 0 && chunk * PerChunk + piece < PerHead) {
          for (int i = 0; i < L; ++i) {
#pragma HLS UNROLL
            if (i / Piece == in_beat) beat[i] = values[piece * Piece + i % Piece];
          }
          if (in_beat == PerBeat - 1) out.write(beat);
          in_beat = in_beat == PerBeat - 1 ? 0 : in_beat + 1;
        }
        chunk = piece == PerChunk - 1 ? chunk + 1 : chunk;
        step = piece == PerChunk - 1 ? 0 : step + 1;
      }
    }
  }
}

/// The context of each token. `slices` are as attend() sends them; the zeroes behind a head are
/// dropped.
template <int L, int Heads, int KVHeads, int Head, int SumParts, typename... Slices>
void merge_heads(hls::stream<vec<float, 1>>& scales, hls::stream<vec<float, L>>& out, int tokens,
                 Slices&... slices) {
  for (int t = 0; t < tokens; ++t) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = TypicalTokens
    merge_row<L, Heads, KVHeads, Head, SumParts>(scales, out, slices...);
  }
}

}  // namespace st

#endif
