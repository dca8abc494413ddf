// SPDX-License-Identifier: Apache-2.0
/// The first pass of a slice of striped attention: keys to scores, which it keeps.
#ifndef STREAMTENSOR_STRIPED_SCORES_H
#define STREAMTENSOR_STRIPED_SCORES_H

#include <hls_stream.h>

#include <cmath>
#include <cstdint>

#include "streamtensor/dsp.h"
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

/// Scale number `i` of the positions of a round; 0 for those that are not seen.
template <typename Shape>
vec<bfloat16, Shape::Ports> seen_scales(const slice_positions<Shape>& positions, int round,
                                        const bfloat16 (&scales)[Shape::Ports][Shape::Scales],
                                        int i, float newest) {
#pragma HLS INLINE
  const bfloat16 own = exact_bfloat16(newest), none = {0};
  vec<bfloat16, Shape::Ports> seen;
  for (int p = 0; p < Shape::Ports; ++p) {
#pragma HLS UNROLL
    const bfloat16 scale = positions.newest(round, p) ? own : scales[p][i];
    seen[p] = positions.visible(round, p) ? scale : none;
  }
  return seen;
}

/// The dot products of a word of a query with the keys of two ports, whose products share DSPs. A
/// chain of four fits the 18 bits of the lower ones.
inline void dots_of_pair(const word_bytes& query, const word_bytes& lower, const word_bytes& upper,
                         int& lower_dot, int& upper_dot) {
#pragma HLS INLINE
  vec<int, WordBytes> factors;
  for (int i = 0; i < WordBytes; ++i) {
#pragma HLS UNROLL
    factors[i] = pair_of(upper[i], lower[i]);
  }
  const vec<int64_t, WordBytes / ChainLength> sums = chain_sums(factors, query);
  vec<int, WordBytes / ChainLength> lowers, uppers;
  for (int c = 0; c < WordBytes / ChainLength; ++c) {
#pragma HLS UNROLL
    lowers[c] = lower_of(sums[c]);
    uppers[c] = upper_of(sums[c]);
  }
  lower_dot = tree_sum(lowers);
  upper_dot = tree_sum(uppers);
}

/// The dot products of a word of a query with one of each port; of an odd number of ports the last
/// one has DSPs of its own.
template <int Ports>
vec<int, Ports> port_dots(const word_bytes& query, const word_bytes (&keys)[Ports]) {
#pragma HLS INLINE
  vec<int, Ports> dots;
  for (int p = 0; p + 1 < Ports; p += 2) {
#pragma HLS UNROLL
    dots_of_pair(query, keys[p], keys[p + 1], dots[p], dots[p + 1]);
  }
  if (Ports % 2 == 1) dots[Ports - 1] = (int)tree_sum(chain_sums(keys[Ports - 1], query));
  return dots;
}

/// The products of all words of a head so far.
template <typename Shape>
vec<int, Shape::Ports> add_words(const vec<int, Shape::Ports>& dots, const head_walk<Shape>& at,
                                 int (&partials)[Shape::Ports][Shape::Group]) {
#pragma HLS INLINE
  vec<int, Shape::Ports> sums;
  for (int p = 0; p < Shape::Ports; ++p) {
#pragma HLS UNROLL
    const int so_far = at.first_word() ? 0 : partials[p][at.member];
    sums[p] = so_far + dots[p];
    partials[p][at.member] = sums[p];
  }
  return sums;
}

/// The scores of a round; -INFINITY for positions that are not seen.
template <typename Shape>
vec<float, Shape::Ports> seen_scores(const slice_positions<Shape>& positions, int round,
                                     const vec<int, Shape::Ports>& dots, float factor,
                                     const vec<bfloat16, Shape::Ports>& scales) {
#pragma HLS INLINE
  vec<float, Shape::Ports> scores;
  for (int p = 0; p < Shape::Ports; ++p) {
#pragma HLS UNROLL
    const float score = (float)dots[p] * (factor * to_float(scales[p]));
    scores[p] = positions.visible(round, p) ? score : -INFINITY;
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
    memory.scores[p][round * Shape::Heads + h] = scores[p];
  }
  const float peak = tree_largest(scores), so_far = round == 0 ? -INFINITY : memory.peaks[h];
  memory.peaks[h] = peak > so_far ? peak : so_far;
}

/// Keeps the scales of the values of a head in a round.
template <typename Shape>
void keep_scales(const vec<bfloat16, Shape::Ports>& scales, int round, int g,
                 round_memory<Shape>& memory) {
#pragma HLS INLINE
  vec<uint16_t, Shape::Ports> bits;
  for (int p = 0; p < Shape::Ports; ++p) {
#pragma HLS UNROLL
    memory.scales[p][round * Shape::KVHeads + g] = scales[p];
    bits[p] = scales[p].bits;
  }
  const uint16_t largest = tree_largest(bits);
  const uint16_t so_far = round == 0 ? (uint16_t)0 : memory.largest[g];
  memory.largest[g] = largest > so_far ? largest : so_far;
}

/// The scores of all positions, and the scales of their values.
template <typename Shape, typename... Words>
void key_pass(const new_row<Shape>& row, const slice_positions<Shape>& positions,
              round_memory<Shape>& memory, Words&... words) {
#pragma HLS INLINE
  constexpr int RoundSteps = Shape::ScaleWords + Shape::HeadSteps;
  [[maybe_unused]] constexpr int MaxRounds = Shape::MaxRounds, Group = Shape::Group;
  word_bytes held[Shape::Ports];
#pragma HLS ARRAY_PARTITION variable = held type = complete
  bfloat16 held_scales[Shape::Ports][Shape::Scales];
#pragma HLS ARRAY_PARTITION variable = held_scales dim = 0 type = complete
  int partials[Shape::Ports][Shape::Group];
#pragma HLS ARRAY_PARTITION variable = partials dim = 0 type = complete
  for (int round = 0; round <= positions.last_round; ++round) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = MaxRounds
    head_walk<Shape> at;
    for (int step = 0; step < RoundSteps; ++step) {
#pragma HLS PIPELINE II = 1
#pragma HLS DEPENDENCE variable = memory.peaks type = inter direction = RAW distance = \
    RoundSteps dependent = true
#pragma HLS DEPENDENCE variable = memory.largest type = inter direction = RAW distance = \
    RoundSteps dependent = true
#pragma HLS DEPENDENCE variable = partials type = inter direction = RAW distance = \
    Group dependent = true
      if (at.member == 0) take_words(held, words...);
      if (step < Shape::ScaleWords) {
        take_scales<Shape>(held, step, held_scales);
      } else {
        const int g = at.kv_head, h = at.head();
        if (at.member == 0) put_newest(positions, round, row.keys[at.kv_word()], held);
        const vec<int, Shape::Ports> dots =
            add_words(port_dots(row.queries[at.head_word()], held), at, partials);
        const auto key_scales = seen_scales(positions, round, held_scales, g, row.key_scales[g]);
        const auto scores = seen_scores(positions, round, dots, row.factors[h], key_scales);
        const auto value_scales =
            seen_scales(positions, round, held_scales, Shape::KVHeads + g, row.value_scales[g]);
        if (at.last_word()) keep_scores(scores, round, h, memory);
        if (at.first_word() && at.member == 0) keep_scales(value_scales, round, g, memory);
        at.next();
      }
    }
  }
}

/// The largest scores and scales of this slice.
template <typename Shape>
void send_peaks(const round_memory<Shape>& memory, hls::stream<vec<float, 1>>& own_peaks) {
#pragma HLS INLINE
  for (int n = 0; n < Shape::Heads + Shape::KVHeads; ++n) {
#pragma HLS PIPELINE II = 1
    const bfloat16 largest = {n < Shape::Heads ? (uint16_t)0 : memory.largest[n - Shape::Heads]};
    const vec<float, 1> peak = {{n < Shape::Heads ? memory.peaks[n] : to_float(largest)}};
    own_peaks.write(peak);
  }
}

}  // namespace st

#endif
