// SPDX-License-Identifier: Apache-2.0
/// A slice of striped attention (striped_attention.h): its shape, the positions that it sees, the
/// order in which it walks over heads, and what it takes from its streams.
#ifndef STREAMTENSOR_STRIPED_SLICE_H
#define STREAMTENSOR_STRIPED_SLICE_H

#include <hls_stream.h>

#include <cstdint>

#include "streamtensor/striped_layout.h"

namespace st {

/// A slice and the heads that it works on, and how it sends sums; its first port is number First of
/// Stripes. Rounds come in multiples of Ways, as they do of memory ports that take turns.
template <int HeadCount, int KVHeadCount, int Head, int RowCount, int StripeCount, int PortCount,
          int FirstPort, int WayCount, int RoundCount, int SumPartCount>
struct slice_shape {
  static constexpr int Heads = HeadCount, KVHeads = KVHeadCount, Group = Heads / KVHeads;
  static constexpr int Rows = RowCount;         ///< new ones, of a launch at most
  static constexpr int Members = Rows * Group;  ///< queries that share a key or value
  static constexpr int Stripes = StripeCount, Ports = PortCount, First = FirstPort;
  static constexpr int Ways = WayCount, MaxRounds = RoundCount;
  static constexpr int SumParts = SumPartCount;  ///< ints in which a sum is sent
  static constexpr int HeadWords = position_layout<KVHeads, Head>::HeadWords;
  static constexpr int ScaleWords = position_layout<KVHeads, Head>::ScaleWords;
  static constexpr int Scales = ScaleWords * ScalesPerWord;
  static constexpr int HeadSteps = Heads * HeadWords;  ///< cycles of a round for a row
};

/// What a slice holds of the new rows: queries and their factors one row behind the other.
template <typename Shape>
struct new_rows {
  word_bytes queries[Shape::Rows * Shape::HeadSteps];
  word_bytes keys[Shape::Rows][Shape::KVHeads * Shape::HeadWords];
  word_bytes values[Shape::Rows][Shape::KVHeads * Shape::HeadWords];
  float factors[Shape::Rows * Shape::Heads];
  float key_scales[Shape::Rows][Shape::KVHeads], value_scales[Shape::Rows][Shape::KVHeads];
};

/// What it holds of all rounds, scores and peaks of each row. Bits of bfloat16 that are not
/// negative are in their order.
template <typename Shape>
struct round_memory {
  static constexpr int RowHeads = Shape::Rows * Shape::Heads;
  static constexpr int RowKVHeads = Shape::Rows * Shape::KVHeads;
  float scores[Shape::Ports][Shape::MaxRounds * RowHeads];
  bfloat16 scales[Shape::Ports][Shape::MaxRounds * Shape::KVHeads];
  float peaks[RowHeads];
  uint16_t largest[RowKVHeads];
};

/// Which positions the new rows see: row t is position past + t.
template <typename Shape>
struct slice_positions {
  int window, past, tokens, rounds;

  slice_positions(int of_window, int position, int rows)
      : window(of_window),
        past(position),
        tokens(rows),
        rounds((position + rows + Shape::Stripes * Shape::Ways - 1) /
               (Shape::Stripes * Shape::Ways) * Shape::Ways) {}

  static int position(int round, int port) {
#pragma HLS INLINE
    return round * Shape::Stripes + Shape::First + port;
  }
  bool visible(int round, int port, int row) const {
#pragma HLS INLINE
    const int own = past + row, first = window > 0 && own >= window ? own - window + 1 : 0;
    return position(round, port) >= first && position(round, port) <= own;
  }
  /// The new row whose position it is, which is not in the cache yet; none: below 0.
  int new_row(int round, int port) const {
#pragma HLS INLINE
    const int row = position(round, port) - past;
    return row < tokens ? row : -1;
  }
};

/// The walk over the heads of a round: a word of a key or value head is used for each query head of
/// its group, row by row, one after the other.
template <typename Shape>
struct head_walk {
  int tokens;
  int kv_head = 0, word = 0, row = 0, of_group = 0;

  explicit head_walk(int rows) : tokens(rows) {}

  /// Among the queries that share the word.
  int member() const {
#pragma HLS INLINE
    return row * Shape::Group + of_group;
  }
  /// The query head, among those of all rows.
  int head() const {
#pragma HLS INLINE
    return row * Shape::Heads + kv_head * Shape::Group + of_group;
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
  bool first_member() const {
#pragma HLS INLINE
    return row == 0 && of_group == 0;
  }
  bool first_word() const {
#pragma HLS INLINE
    return word == 0;
  }
  bool last_word() const {
#pragma HLS INLINE
    return word == Shape::HeadWords - 1;
  }
  /// Goes on; true at the end of the round, behind which comes the next one.
  bool next() {
#pragma HLS INLINE
    const bool ends_group = of_group == Shape::Group - 1;
    const bool ends_word = ends_group && row == tokens - 1, ends_head = ends_word && last_word();
    const bool ends_round = ends_head && kv_head == Shape::KVHeads - 1;
    kv_head = ends_round ? 0 : ends_head ? kv_head + 1 : kv_head;
    word = ends_head ? 0 : ends_word ? word + 1 : word;
    row = ends_word ? 0 : ends_group ? row + 1 : row;
    of_group = ends_group ? 0 : of_group + 1;
    return ends_round;
  }
};

/// Heads of a new row as feed_row() sends them.
template <int HeadWords, int Heads>
void take_row(hls::stream<word_bytes>& x, hls::stream<vec<float, 1>>& scales, word_bytes* words,
              float* factors) {
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

/// The words of new rows in place of those that the cache does not have yet.
template <typename Shape>
void put_new(const slice_positions<Shape>& positions, int round,
             const word_bytes (&own)[Shape::Rows][Shape::KVHeads * Shape::HeadWords], int kv_word,
             word_bytes (&held)[Shape::Ports]) {
#pragma HLS INLINE
  word_bytes of_rows[Shape::Rows];
#pragma HLS ARRAY_PARTITION variable = of_rows type = complete
  for (int row = 0; row < Shape::Rows; ++row) {
#pragma HLS UNROLL
    of_rows[row] = own[row][kv_word];
  }
  for (int p = 0; p < Shape::Ports; ++p) {
#pragma HLS UNROLL
    const int row = positions.new_row(round, p);
    if (row >= 0) held[p] = of_rows[row];
  }
}

}  // namespace st

#endif
