// SPDX-License-Identifier: Apache-2.0
/// Keys and values of int8 whose positions are striped over memory ports: position j is on port j
/// mod Stripes, in round j / Stripes. How they lie in words, and rows of heads as such words.
///
/// The memory of a port has two areas. The first one has for each round the scales of that
/// position, then its keys, head by head; the second one the values. Heads begin at words and are
/// filled up with zeroes. Scales are bfloat16: those of the keys, then those of the values, 32 in a
/// word, zeroes behind them.
#ifndef STREAMTENSOR_STRIPED_LAYOUT_H
#define STREAMTENSOR_STRIPED_LAYOUT_H

#include <hls_stream.h>

#include <cstdint>

#include "streamtensor/adapt.h"
#include "streamtensor/bfloat16.h"
#include "streamtensor/memory.h"
#include "streamtensor/vec.h"

namespace st {

/// The bytes of a word, and the scales that it has room for.
constexpr int WordBytes = WordBits / 8;
constexpr int ScalesPerWord = WordBits / 16;
using word_bytes = vec<int8_t, WordBytes>;

/// A word of each port, from left to right.
template <int Ports, typename... Words>
void take_words(word_bytes (&held)[Ports], Words&... words) {
#pragma HLS INLINE
  int p = 0;
  ((held[p++] = words.read()), ...);
}

/// How a position lies in the memory of its port.
template <int KVHeads, int Head>
struct position_layout {
  static constexpr int HeadWords = (Head + WordBytes - 1) / WordBytes;
  static constexpr int ScaleWords = (2 * KVHeads + ScalesPerWord - 1) / ScalesPerWord;
  static constexpr int KeyWords = ScaleWords + KVHeads * HeadWords;
  static constexpr int ValueWords = KVHeads * HeadWords;
};

/// Scale number `i` of a word, and back.
inline bfloat16 scale_at(const word_bytes& word, int i) {
#pragma HLS INLINE
  const uint8_t low = (uint8_t)word[2 * i], high = (uint8_t)word[2 * i + 1];
  const bfloat16 scale = {(uint16_t)(low | high << 8)};
  return scale;
}
inline void put_scale(word_bytes& word, int i, bfloat16 scale) {
#pragma HLS INLINE
  word[2 * i] = (int8_t)(scale.bits & 0xff);
  word[2 * i + 1] = (int8_t)(scale.bits >> 8);
}

/// Cuts rows of heads, which come in beats of L values, into words. Each step takes a piece, of
/// which beats, heads and full words are whole numbers.
template <int L, int Head>
struct head_packer {
  static constexpr int Piece = common_divisor(common_divisor(L, Head), WordBytes);
  static constexpr int PerBeat = L / Piece;
  static constexpr int PerHead = Head / Piece;
  static constexpr int PerWord = WordBytes / Piece;

  vec<int8_t, L> beat;
  word_bytes word;
  int in_beat = 0, in_head = 0;

  bool begins_head() const {
#pragma HLS INLINE
    return in_head == 0;
  }

  /// True if `word` is complete.
  bool take(hls::stream<vec<int8_t, L>>& row) {
#pragma HLS INLINE
    if (in_beat == 0) beat = row.read();
    const int slot = in_head % PerWord;
    for (int i = 0; i < WordBytes; ++i) {
#pragma HLS UNROLL
      if (slot == i / Piece) {
        word[i] = beat[in_beat * Piece + i % Piece];
      } else if (slot == 0) {
        word[i] = 0;
      }
    }
    const bool complete = slot == PerWord - 1 || in_head == PerHead - 1;
    in_beat = in_beat == PerBeat - 1 ? 0 : in_beat + 1;
    in_head = in_head == PerHead - 1 ? 0 : in_head + 1;
    return complete;
  }
};

}  // namespace st

#endif
