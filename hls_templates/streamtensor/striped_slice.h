// SPDX-License-Identifier: Apache-2.0
/// A slice of striped attention (striped_attention.h): its shape, the positions that it sees, the
/// order in which it walks over heads, and what it takes from its streams.
#ifndef STREAMTENSOR_STRIPED_SLICE_H
#define STREAMTENSOR_STRIPED_SLICE_H

#include <hls_stream.h>

#include <cstdint>

#include "streamtensor/scale_products.h"
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
  static constexpr int ScoreBits = bits_up_to(HeadWords * WordBytes * 127 * 128);
  static constexpr int HeadSteps = Heads * HeadWords;  ///< cycles of a round for a row
  static constexpr int KVWords = KVHeads * HeadWords;  ///< of the keys or values of a position
  /// Banks of what each member has of a head, where heads have several words: registers, unless
  /// members come again late enough for a memory to be read and written.
  static constexpr int MemberBanks = HeadWords == 1 || Group >= 4 ? 1 : Members;
  static constexpr int OwnRows = (Rows + Stripes - 1) / Stripes;  ///< new ones of a port, at most
};

/// What a slice holds of the new rows: queries and their factors one row behind the other; keys and
/// values by the port on which their position is, those of a port one behind the other.
template <typename Shape>
struct new_rows {
  word_bytes queries[Shape::Rows * Shape::HeadSteps];
  word_bytes keys[Shape::Ports][Shape::OwnRows * Shape::KVWords];
  word_bytes values[Shape::Ports][Shape::OwnRows * Shape::KVWords];
  float factors[Shape::Rows * Shape::Heads];
  float key_scales[Shape::Ports][Shape::OwnRows * Shape::KVHeads];
  float value_scales[Shape::Ports][Shape::OwnRows * Shape::KVHeads];
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
  /// The port, among those of the slice, on which a new row's position is; none: out of range.
  int port_of(int row) const {
#pragma HLS INLINE
    return (past + row) % Shape::Stripes - Shape::First;
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

/// The queries of a new row as feed_heads() sends them.
template <typename Shape>
void take_queries(hls::stream<word_bytes>& x, hls::stream<vec<float, 1>>& scales, int row,
                  new_rows<Shape>& rows) {
#pragma HLS INLINE
  int h = row * Shape::Heads, w = 0;
  for (int n = 0; n < Shape::HeadSteps; ++n) {
#pragma HLS PIPELINE II = 1
    if (w == 0) rows.factors[h] = scales.read()[0];
    rows.queries[row * Shape::HeadSteps + n] = x.read();
    h = w == Shape::HeadWords - 1 ? h + 1 : h;
    w = w == Shape::HeadWords - 1 ? 0 : w + 1;
  }
}

/// The keys or values of a new row, for the port on which its position is.
template <typename Shape>
void take_own(hls::stream<word_bytes>& x, hls::stream<vec<float, 1>>& scales, int port, int row,
              word_bytes (&words)[Shape::Ports][Shape::OwnRows * Shape::KVWords],
              float (&factors)[Shape::Ports][Shape::OwnRows * Shape::KVHeads]) {
#pragma HLS INLINE
  const int of_port = row / Shape::Stripes;
  int h = of_port * Shape::KVHeads, w = 0;
  for (int n = 0; n < Shape::KVWords; ++n) {
#pragma HLS PIPELINE II = 1
    const word_bytes word = x.read();
    float factor = 0.0f;
    if (w == 0) factor = scales.read()[0];
    for (int p = 0; p < Shape::Ports; ++p) {
#pragma HLS UNROLL
      if (p == port) words[p][of_port * Shape::KVWords + n] = word;
      if (p == port && w == 0) factors[p][h] = factor;
    }
    h = w == Shape::HeadWords - 1 ? h + 1 : h;
    w = w == Shape::HeadWords - 1 ? 0 : w + 1;
  }
}

/// The words of new rows in place of those that the cache does not have yet.
template <typename Shape>
void put_new(const slice_positions<Shape>& positions, int round,
             const word_bytes (&own)[Shape::Ports][Shape::OwnRows * Shape::KVWords], int kv_word,
             word_bytes (&held)[Shape::Ports]) {
#pragma HLS INLINE
  for (int p = 0; p < Shape::Ports; ++p) {
#pragma HLS UNROLL
    const int row = positions.new_row(round, p);
    if (row >= 0) held[p] = own[p][row / Shape::Stripes * Shape::KVWords + kv_word];
  }
}

}  // namespace st

#endif
