// SPDX-License-Identifier: Apache-2.0
/// Striped caches (striped_layout.h): one stream per memory port, and the row of a new position.
#ifndef STREAMTENSOR_STRIPED_CACHE_H
#define STREAMTENSOR_STRIPED_CACHE_H

#include <ap_int.h>
#include <hls_stream.h>

#include <cstdint>

#include "streamtensor/striped_layout.h"

namespace st {

/// `count` words that follow each other, at most `Most`; those behind the first `stored` ones are
/// zeroes.
template <int Most>
void stream_words(const ap_uint<WordBits>* words, int count, int stored,
                  hls::stream<word_bytes>& out) {
#pragma HLS INLINE
  for (int i = 0; i < count; ++i) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = Most
#pragma HLS PIPELINE II = 1
    ap_uint<WordBits> word = 0;
    if (i < stored) word = words[i];
    out.write(unpack<int8_t, WordBytes>(word, 0));
  }
}

/// What port number `port` has of a layer, for all rounds up to that of the newest position: scales
/// and keys of all rounds, then values. All ports stream as many rounds; positions that are not
/// stored yet are zeroes. `first_word` is where the layer begins.
template <int KVHeads, int Head, int Stripes, int MaxRounds>
void load_cache(const ap_uint<WordBits>* cache, int first_word, hls::stream<word_bytes>& out,
                int port, int tokens, int past) {
  constexpr int KeyWords = position_layout<KVHeads, Head>::KeyWords;
  constexpr int ValueWords = position_layout<KVHeads, Head>::ValueWords;
  const int rounds = (past + tokens + Stripes - 1) / Stripes;
  const int stored = (past - port + Stripes - 1) / Stripes;
  stream_words<MaxRounds * KeyWords>(cache + first_word, rounds * KeyWords, stored * KeyWords, out);
  stream_words<MaxRounds * ValueWords>(cache + first_word + MaxRounds * KeyWords,
                                       rounds * ValueWords, stored * ValueWords, out);
}
template <int KVHeads, int Head, int Stripes, int MaxRounds>
void load_cache(const ap_uint<WordBits>* cache, hls::stream<word_bytes>& out, int port, int tokens,
                int past) {
  load_cache<KVHeads, Head, Stripes, MaxRounds>(cache, 0, out, port, tokens, past);
}

/// A row of heads as words, and a scale for each of its heads from number `First` on.
template <int First, int L, int KVHeads, int Head, typename Scale, int Words, int Scales>
void take_heads(hls::stream<vec<int8_t, L>>& row, hls::stream<vec<Scale, 1>>& row_scales,
                word_bytes (&words)[Words], bfloat16 (&scales)[Scales]) {
#pragma HLS INLINE
  head_packer<L, Head> packer;
  int head = 0, word = 0;
  for (int n = 0; n < KVHeads * head_packer<L, Head>::PerHead; ++n) {
#pragma HLS PIPELINE II = 1
    if (packer.begins_head()) {
      scales[First + head] = exact_bfloat16(to_float(row_scales.read()[0]));
      ++head;
    }
    if (packer.take(row)) {
      words[word] = packer.word;
      ++word;
    }
  }
}

/// Writes a position where `here` holds: each area in a loop without a condition, as bursts need
/// it.
template <int ScaleWords, int Words, int Scales>
void write_position(bool here, const word_bytes (&keys)[Words], const word_bytes (&values)[Words],
                    const bfloat16 (&scales)[Scales], ap_uint<WordBits>* key_area,
                    ap_uint<WordBits>* value_area) {
#pragma HLS INLINE
  if (here) {
    for (int w = 0; w < ScaleWords + Words; ++w) {
#pragma HLS PIPELINE II = 1
      word_bytes bytes;
      for (int i = 0; i < ScalesPerWord; ++i) {
#pragma HLS UNROLL
        if (w < ScaleWords) put_scale(bytes, i, scales[w * ScalesPerWord + i]);
      }
      if (w >= ScaleWords) bytes = keys[w - ScaleWords];
      ap_uint<WordBits> word = 0;
      pack<int8_t, WordBytes>(word, 0, bytes);
      key_area[w] = word;
    }
    for (int w = 0; w < Words; ++w) {
#pragma HLS PIPELINE II = 1
      ap_uint<WordBits> word = 0;
      pack<int8_t, WordBytes>(word, 0, values[w]);
      value_area[w] = word;
    }
  }
}

/// Stores keys and values of position `past`, each of its heads with a scale that is a bfloat16, to
/// the port that has it. `caches` are those of all ports, in their order, in which the layer begins
/// at `first_word`.
template <int L, int KVHeads, int Head, int Stripes, int MaxRounds, typename KScale,
          typename VScale, typename... Caches>
void store_position(hls::stream<vec<int8_t, L>>& k, hls::stream<vec<KScale, 1>>& k_scales,
                    hls::stream<vec<int8_t, L>>& v, hls::stream<vec<VScale, 1>>& v_scales, int past,
                    int first_word, Caches*... caches) {
  using layout = position_layout<KVHeads, Head>;
  static_assert(sizeof...(Caches) == Stripes, "one cache per port");
  word_bytes keys[layout::ValueWords];
#pragma HLS AGGREGATE variable = keys
  word_bytes values[layout::ValueWords];
#pragma HLS AGGREGATE variable = values
  bfloat16 scales[layout::ScaleWords * ScalesPerWord] = {};
#pragma HLS ARRAY_PARTITION variable = scales type = complete
  take_heads<0, L, KVHeads, Head>(k, k_scales, keys, scales);
  take_heads<KVHeads, L, KVHeads, Head>(v, v_scales, values, scales);
  const int round = past / Stripes, owner = past % Stripes;
  const int key_at = first_word + round * layout::KeyWords;
  const int value_at = first_word + MaxRounds * layout::KeyWords + round * layout::ValueWords;
  int port = 0;
  (write_position<layout::ScaleWords>(port++ == owner, keys, values, scales, caches + key_at,
                                      caches + value_at),
   ...);
}

}  // namespace st

#endif
