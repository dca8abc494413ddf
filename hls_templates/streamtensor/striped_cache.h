// SPDX-License-Identifier: Apache-2.0
/// Striped caches (striped_layout.h): one stream per memory port, and the rows of new positions.
#ifndef STREAMTENSOR_STRIPED_CACHE_H
#define STREAMTENSOR_STRIPED_CACHE_H

#include <ap_int.h>
#include <hls_stream.h>

#include <cstdint>

#include "streamtensor/striped_layout.h"

namespace st {

/// `count` words that follow each other, at most `Most`; those behind the first `stored` ones are
/// zeroes.
template <int Most, int Bits>
void stream_words(const ap_uint<Bits>* words, int count, int stored, hls::stream<word_bytes>& out) {
#pragma HLS INLINE
  constexpr int Parts = parts_of_word<Bits>;
  word_bytes word = {};
  int part = 0;
  for (int n = 0; n < count * Parts; ++n) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = Most * Parts
#pragma HLS PIPELINE II = 1
    ap_uint<Bits> bits = 0;
    if (n < stored * Parts) bits = words[n];
    put_part(word, part, bits);
    if (part == Parts - 1) out.write(word);
    part = part == Parts - 1 ? 0 : part + 1;
  }
}

/// What port number `port` has of a layer, for all rounds up to that of the newest position: scales
/// and keys of all rounds, then values. All ports stream as many rounds; positions that are not
/// stored yet are zeroes. `first_word` is where the layer begins.
template <int KVHeads, int Head, int Stripes, int MaxRounds, int Bits>
void load_cache(const ap_uint<Bits>* cache, int first_word, hls::stream<word_bytes>& out, int port,
                int tokens, int past) {
  constexpr int Parts = parts_of_word<Bits>;
  constexpr int KeyWords = position_layout<KVHeads, Head>::KeyWords;
  constexpr int ValueWords = position_layout<KVHeads, Head>::ValueWords;
  const int rounds = (past + tokens + Stripes - 1) / Stripes;
  const int stored = (past - port + Stripes - 1) / Stripes;
  const int values_at = first_word + MaxRounds * KeyWords;
  stream_words<MaxRounds * KeyWords>(cache + first_word * Parts, rounds * KeyWords,
                                     stored * KeyWords, out);
  stream_words<MaxRounds * ValueWords>(cache + values_at * Parts, rounds * ValueWords,
                                       stored * ValueWords, out);
}
template <int KVHeads, int Head, int Stripes, int MaxRounds, int Bits>
void load_cache(const ap_uint<Bits>* cache, hls::stream<word_bytes>& out, int port, int tokens,
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

/// Writes a position where `here` holds, keys from word `key_at` on: each area in a loop without a
/// condition, as bursts need it.
template <int ScaleWords, int Bits, int Words, int Scales>
void write_position(bool here, const word_bytes (&keys)[Words], const word_bytes (&values)[Words],
                    const bfloat16 (&scales)[Scales], ap_uint<Bits>* cache, int key_at,
                    int value_at) {
#pragma HLS INLINE
  constexpr int Parts = parts_of_word<Bits>;
  if (here) {
    for (int n = 0; n < (ScaleWords + Words) * Parts; ++n) {
#pragma HLS PIPELINE II = 1
      const int w = n / Parts;
      word_bytes word;
      for (int i = 0; i < ScalesPerWord; ++i) {
#pragma HLS UNROLL
        if (w < ScaleWords) put_scale(word, i, scales[w * ScalesPerWord + i]);
      }
      if (w >= ScaleWords) word = keys[w - ScaleWords];
      cache[key_at * Parts + n] = part_of<Bits>(word, n % Parts);
    }
    for (int n = 0; n < Words * Parts; ++n) {
#pragma HLS PIPELINE II = 1
      cache[value_at * Parts + n] = part_of<Bits>(values[n / Parts], n % Parts);
    }
  }
}

/// Stores keys and values of positions from `past` on, each of their heads with a scale that is a
/// bfloat16, to the ports that have them. `caches` are those of all ports, in their order, in which
/// the layer begins at `first_word`.
template <int L, int KVHeads, int Head, int Stripes, int MaxRounds, typename KScale,
          typename VScale, typename... Caches>
void store_position(hls::stream<vec<int8_t, L>>& k, hls::stream<vec<KScale, 1>>& k_scales,
                    hls::stream<vec<int8_t, L>>& v, hls::stream<vec<VScale, 1>>& v_scales,
                    int tokens, int past, int first_word, Caches*... caches) {
  using layout = position_layout<KVHeads, Head>;
  static_assert(sizeof...(Caches) == Stripes, "one cache per port");
  word_bytes keys[layout::ValueWords];
#pragma HLS AGGREGATE variable = keys
  word_bytes values[layout::ValueWords];
#pragma HLS AGGREGATE variable = values
  bfloat16 scales[layout::ScaleWords * ScalesPerWord] = {};
#pragma HLS ARRAY_PARTITION variable = scales type = complete
  for (int position = past; position < past + tokens; ++position) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = TypicalTokens
    take_heads<0, L, KVHeads, Head>(k, k_scales, keys, scales);
    take_heads<KVHeads, L, KVHeads, Head>(v, v_scales, values, scales);
    const int round = position / Stripes, owner = position % Stripes;
    const int key_at = first_word + round * layout::KeyWords;
    const int value_at = first_word + MaxRounds * layout::KeyWords + round * layout::ValueWords;
    int port = 0;
    (write_position<layout::ScaleWords>(port++ == owner, keys, values, scales, caches, key_at,
                                        value_at),
     ...);
  }
}

}  // namespace st

#endif
