// SPDX-License-Identifier: Apache-2.0
/// A slice of striped attention (striped_attention.h): its shape, the positions that it sees, the
/// order in which it walks over heads, and what it takes from its streams.
#ifndef STREAMTENSOR_STRIPED_SLICE_H
#define STREAMTENSOR_STRIPED_SLICE_H

#include <hls_stream.h>

#include <cstdint>

#include "streamtensor/striped_layout.h"

namespace st {

/// A slice and the heads that it works on; its first port is number First of Stripes. Rounds come
/// in multiples of Ways, as they do of memory ports that take turns.
template <int HeadCount, int KVHeadCount, int Head, int StripeCount, int PortCount, int FirstPort,
          int WayCount, int RoundCount>
struct slice_shape {
  static constexpr int Heads = HeadCount, KVHeads = KVHeadCount, Group = Heads / KVHeads;
  static constexpr int Stripes = StripeCount, Ports = PortCount, First = FirstPort;
  static constexpr int Ways = WayCount, MaxRounds = RoundCount;
  static constexpr int HeadWords = position_layout<KVHeads, Head>::HeadWords;
  static constexpr int ScaleWords = position_layout<KVHeads, Head>::ScaleWords;
  static constexpr int Scales = ScaleWords * ScalesPerWord;
  static constexpr int HeadSteps = Heads * HeadWords;  ///< cycles of a round without scales
};

/// What a slice holds of the new row.
template <typename Shape>
struct new_row {
  word_bytes queries[Shape::HeadSteps];
  word_bytes keys[Shape::KVHeads * Shape::HeadWords];
  word_bytes values[Shape::KVHeads * Shape::HeadWords];
  float factors[Shape::Heads], key_scales[Shape::KVHeads], value_scales[Shape::KVHeads];
};

/// What it holds of all rounds. Bits of bfloat16 that are not negative are in their order.
template <typename Shape>
struct round_memory {
  float scores[Shape::Ports][Shape::MaxRounds * Shape::Heads];
  bfloat16 scales[Shape::Ports][Shape::MaxRounds * Shape::KVHeads];
  float peaks[Shape::Heads];
  uint16_t largest[Shape::KVHeads];
};

/// Which positions it sees.
template <typename Shape>
struct slice_positions {
  int past, first_visible, newest_round, last_round, newest_port;

  slice_positions(int window, int position)
      : past(position),
        first_visible(window > 0 && position >= window ? position - window + 1 : 0),
        newest_round(position / Shape::Stripes),
        last_round(newest_round / Shape::Ways * Shape::Ways + Shape::Ways - 1),
        newest_port(position % Shape::Stripes - Shape::First) {}

  bool visible(int round, int port) const {
#pragma HLS INLINE
    const int position = round * Shape::Stripes + Shape::First + port;
    return position >= first_visible && position <= past;
  }
  /// The newest position, which is not in the cache yet.
  bool newest(int round, int port) const {
#pragma HLS INLINE
    return round == newest_round && port == newest_port;
  }
};

/// The walk over the heads of a round: a word of a key or value head is used for each query head of
/// its group, one after the other.
template <typename Shape>
struct head_walk {
  int kv_head = 0, word = 0, member = 0;

  int head() const {
#pragma HLS INLINE
    return kv_head * Shape::Group + member;
  }
  /// The word of the key or value head, and that of the query head, among those of all heads.
  int kv_word() const {
#pragma HLS INLINE
    return kv_head * Shape::HeadWords + word;
  }
  int head_word() const {
#pragma HLS INLINE
    return head() * Shape::HeadWords + word;
  }
  bool first_word() const {
#pragma HLS INLINE
    return word == 0;
  }
  bool last_word() const {
#pragma HLS INLINE
    return word == Shape::HeadWords - 1;
  }
  void next() {
#pragma HLS INLINE
    const bool last_member = member == Shape::Group - 1, ends_head = last_member && last_word();
    kv_head = ends_head ? kv_head + 1 : kv_head;
    word = ends_head ? 0 : last_member ? word + 1 : word;
    member = last_member ? 0 : member + 1;
  }
};

/// Heads of the new row as feed_row() sends them.
template <int HeadWords, int Heads>
void take_row(hls::stream<word_bytes>& x, hls::stream<vec<float, 1>>& scales,
              word_bytes (&words)[Heads * HeadWords], float (&factors)[Heads]) {
#pragma HLS INLINE
  int h = 0, w = 0;
  for (int n = 0; n < Heads * HeadWords; ++n) {
#pragma HLS PIPELINE II = 1
    if (w == 0) factors[h] = scales.read()[0];
    words[n] = x.read();
    h = w == HeadWords - 1 ? h + 1 : h;
    w = w == HeadWords - 1 ? 0 : w + 1;
  }
}

/// A word of each port.
template <int Ports, typename... Words>
void take_words(word_bytes (&held)[Ports], Words&... words) {
#pragma HLS INLINE
  int p = 0;
  ((held[p++] = words.read()), ...);
}

/// The new row's word in place of that which the cache does not have yet.
template <typename Shape>
void put_newest(const slice_positions<Shape>& positions, int round, const word_bytes& own,
                word_bytes (&held)[Shape::Ports]) {
#pragma HLS INLINE
  for (int p = 0; p < Shape::Ports; ++p) {
#pragma HLS UNROLL
    if (positions.newest(round, p)) held[p] = own;
  }
}

}  // namespace st

#endif
