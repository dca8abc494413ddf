// SPDX-License-Identifier: Apache-2.0
/// The first pass of a slice of striped attention: keys to scores, which it keeps.
#ifndef STREAMTENSOR_STRIPED_SCORES_H
#define STREAMTENSOR_STRIPED_SCORES_H

#include <hls_stream.h>

#include <cmath>
#include <cstdint>

#include "streamtensor/scale_products.h"
#include "streamtensor/stripe_products.h"
#include "streamtensor/stripe_sums.h"
#include "streamtensor/striped_slice.h"

namespace st {

/// Scale word number `word` of a round.
template <typename Shape>
void take_scales(const word_bytes (&held)[Shape::Ports], int word,
                 bfloat16 (&scales)[Shape::Ports][Shape::Scales]) {
#pragma HLS INLINE
  for (int p = 0; p < Shape::Ports; ++p) {
#pragma HLS UNROLL
    for (int i = 0; i < Shape::Scales; ++i) {
#pragma HLS UNROLL
      if (i / ScalesPerWord == word) scales[p][i] = scale_at(held[p], i % ScalesPerWord);
    }
  }
}

/// Scale number `i` of the positions of a round; of new rows, that of number `own` of theirs.
template <typename Shape>
vec<bfloat16, Shape::Ports> all_scales(
    const slice_positions<Shape>& positions, int round,
    const bfloat16 (&scales)[Shape::Ports][Shape::Scales], int i,
    const float (&of_rows)[Shape::Ports][Shape::OwnRows * Shape::KVHeads], int own) {
#pragma HLS INLINE
  vec<bfloat16, Shape::Ports> all;
  for (int p = 0; p < Shape::Ports; ++p) {
#pragma HLS UNROLL
    const int row = positions.new_row(round, p);
    all[p] = scales[p][i];
    if (row >= 0) all[p] = exact_bfloat16(of_rows[p][row / Shape::Stripes * Shape::KVHeads + own]);
  }
  return all;
}

/// The products of all words of a head so far.
template <typename Shape>
vec<int, Shape::Ports> add_words(const vec<int64_t, Shape::Ports>& dots, const head_walk<Shape>& at,
                                 int (&partials)[Shape::Ports][Shape::Members]) {
#pragma HLS INLINE
  vec<int, Shape::Ports> sums;
  for (int p = 0; p < Shape::Ports; ++p) {
#pragma HLS UNROLL
    sums[p] = (int)dots[p];
    if constexpr (Shape::HeadWords > 1) {
      if (!at.first_word()) sums[p] += partials[p][at.member()];
      partials[p][at.member()] = sums[p];
    }
  }
  return sums;
}

/// The scores of a round; -INFINITY for positions that the row does not see.
template <typename Shape>
vec<float, Shape::Ports> seen_scores(const slice_positions<Shape>& positions, int round, int row,
                                     const vec<int, Shape::Ports>& dots, float factor,
                                     const vec<bfloat16, Shape::Ports>& scales) {
#pragma HLS INLINE
  vec<float, Shape::Ports> scores;
  for (int p = 0; p < Shape::Ports; ++p) {
#pragma HLS UNROLL
    const float score = scaled_sum<Shape::ScoreBits>(dots[p], scaled_by(factor, scales[p]));
    scores[p] = positions.visible(round, p, row) ? score : -INFINITY;
  }
  return scores;
}

/// Keeps the scores of a head in a round.
template <typename Shape>
void keep_scores(const vec<float, Shape::Ports>& scores, int round, int h,
                 round_memory<Shape>& memory) {
#pragma HLS INLINE
  for (int p = 0; p < Shape::Ports; ++p) {
#pragma HLS UNROLL
    memory.scores[p][round * round_memory<Shape>::RowHeads + h] = scores[p];
  }
  const float peak = tree_largest(scores), so_far = round == 0 ? -INFINITY : memory.peaks[h];
  memory.peaks[h] = peak > so_far ? peak : so_far;
}

/// Keeps the scales of the values of a head in a round, and the largest one that a row sees.
template <typename Shape>
void keep_scales(const slice_positions<Shape>& positions, const vec<bfloat16, Shape::Ports>& scales,
                 int round, int g, int row, round_memory<Shape>& memory) {
#pragma HLS INLINE
  vec<uint16_t, Shape::Ports> seen;
  for (int p = 0; p < Shape::Ports; ++p) {
#pragma HLS UNROLL
    memory.scales[p][round * Shape::KVHeads + g] = scales[p];
    seen[p] = positions.visible(round, p, row) ? scales[p].bits : (uint16_t)0;
  }
  const int at = row * Shape::KVHeads + g;
  const uint16_t largest = tree_largest(seen);
  const uint16_t so_far = round == 0 ? (uint16_t)0 : memory.largest[at];
  memory.largest[at] = largest > so_far ? largest : so_far;
}

/// The scores of all positions, and the scales of their values.
template <typename Shape, products_of<Shape::Ports>* Products, typename... Words>
void key_pass(const new_rows<Shape>& rows, const slice_positions<Shape>& positions,
              round_memory<Shape>& memory, Words&... words) {
#pragma HLS INLINE
  constexpr int RoundSteps = Shape::ScaleWords + Shape::HeadSteps;
  [[maybe_unused]] constexpr int MaxSteps = Shape::MaxRounds * RoundSteps, Group = Shape::Group;
  [[maybe_unused]] constexpr int Banks = Shape::MemberBanks;
  word_bytes held[Shape::Ports];
#pragma HLS ARRAY_PARTITION variable = held type = complete
  bfloat16 held_scales[Shape::Ports][Shape::Scales];
#pragma HLS ARRAY_PARTITION variable = held_scales dim = 0 type = complete
  int partials[Shape::Ports][Shape::Members];
#pragma HLS ARRAY_PARTITION variable = partials dim = 1 type = complete
#pragma HLS ARRAY_PARTITION variable = partials dim = 2 type = cyclic factor = Banks
  const int steps = positions.rounds * (Shape::ScaleWords + positions.tokens * Shape::HeadSteps);
  head_walk<Shape> at(positions.tokens);
  int round = 0, scale_word = 0;
  for (int n = 0; n < steps; ++n) {
#pragma HLS LOOP_TRIPCOUNT min = RoundSteps max = MaxSteps
#pragma HLS PIPELINE II = 1
#pragma HLS DEPENDENCE variable = memory.peaks type = inter direction = RAW distance = \
    RoundSteps dependent = true
#pragma HLS DEPENDENCE variable = memory.largest type = inter direction = RAW distance = \
    RoundSteps dependent = true
#pragma HLS DEPENDENCE variable = partials type = inter direction = RAW distance = \
    Group dependent = true
    if (at.first_member()) take_words(held, words...);
    if (scale_word < Shape::ScaleWords) {
      take_scales<Shape>(held, scale_word, held_scales);
      ++scale_word;
    } else {
      const int g = at.kv_head, h = at.head();
      if (at.first_member()) put_new(positions, round, rows.keys, at.kv_word(), held);
      const word_bytes other = {};
      const vec<int16_t, Shape::Ports> none = {};
      chain_totals<Shape::Ports> totals;
#pragma HLS ARRAY_PARTITION variable = totals.lane type = complete
      Products(words_of(held), rows.queries[at.head_word()], other, none, word_use::keys, totals);
      const vec<int, Shape::Ports> dots =
          add_words(port_dots<Shape::Ports, ByteSumBits>(totals), at, partials);
      const auto key_scales = all_scales(positions, round, held_scales, g, rows.key_scales, g);
      const auto scores = seen_scores(positions, round, at.row, dots, rows.factors[h], key_scales);
      const auto value_scales =
          all_scales(positions, round, held_scales, Shape::KVHeads + g, rows.value_scales, g);
      if (at.last_word()) keep_scores(scores, round, h, memory);
      if (at.first_word() && at.of_group == 0)
        keep_scales(positions, value_scales, round, g, at.row, memory);
      if (at.next()) {
        ++round;
        scale_word = 0;
      }
    }
  }
}

/// The largest scores and scales of this slice, row by row.
template <typename Shape>
void send_peaks(const round_memory<Shape>& memory, int tokens,
                hls::stream<vec<float, 1>>& own_peaks) {
#pragma HLS INLINE
  for (int row = 0; row < tokens; ++row) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = Shape::Rows
    for (int n = 0; n < Shape::Heads + Shape::KVHeads; ++n) {
#pragma HLS PIPELINE II = 1
      const int h = row * Shape::Heads + n, g = row * Shape::KVHeads + n - Shape::Heads;
      const bfloat16 largest = {n < Shape::Heads ? (uint16_t)0 : memory.largest[g]};
      const vec<float, 1> peak = {{n < Shape::Heads ? memory.peaks[h] : to_float(largest)}};
      own_peaks.write(peak);
    }
  }
}

}  // namespace st

#endif
