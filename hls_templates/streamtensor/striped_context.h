// SPDX-License-Identifier: Apache-2.0
/// The second pass of a slice of striped attention: scores to weights, and these times values to
/// sums.
#ifndef STREAMTENSOR_STRIPED_CONTEXT_H
#define STREAMTENSOR_STRIPED_CONTEXT_H

#include <ap_int.h>
#include <hls_stream.h>

#include <cmath>
#include <cstdint>

#include "streamtensor/attention_int8.h"
#include "streamtensor/scale_products.h"
#include "streamtensor/stripe_products.h"
#include "streamtensor/stripe_sums.h"
#include "streamtensor/striped_heads.h"
#include "streamtensor/striped_slice.h"

namespace st {
/// Bits of a sum of weights times values over the positions of a slice, which is sent in so many
/// parts.
template <int Parts>
constexpr int SumBits = Parts == 1 ? 32 : 40;
template <typename Shape>
using slice_sum = ap_int<SumBits<Shape::SumParts>>;

/// Of a slice's share of the context.
template <typename Shape>
struct slice_sums {
  vec<slice_sum<Shape>, WordBytes> contexts[Shape::Rows * Shape::HeadSteps];
  slice_sum<Shape> powers[Shape::Rows * Shape::Heads];
};

/// The weights of a head in a round, and the sum of its powers.
template <typename Shape>
int weigh(const round_memory<Shape>& memory, int round, const head_walk<Shape>& at, float peak,
          float inverse, vec<int16_t, Shape::Ports>& weights) {
#pragma HLS INLINE
  vec<int, Shape::Ports> powers;
  for (int p = 0; p < Shape::Ports; ++p) {
#pragma HLS UNROLL
    const float power =
        expf(memory.scores[p][round * round_memory<Shape>::RowHeads + at.head()] - peak);
    const float scale = scaled_by(inverse, memory.scales[p][round * Shape::KVHeads + at.kv_head]);
    powers[p] = weight_of(scaled_by<TwicePeakBits>(power, TwicePeak));
    weights[p] = weight_of(power * scale);
  }
  return tree_sum(powers);
}

/// Weights times a word of each port, added to a sum.
template <typename Shape, products_of<Shape::Ports>* Products>
vec<slice_sum<Shape>, WordBytes> add_values(const vec<slice_sum<Shape>, WordBytes>& so_far,
                                            bool first, const word_bytes (&held)[Shape::Ports],
                                            const vec<int16_t, Shape::Ports>& weights) {
#pragma HLS INLINE
  const word_bytes none = {};
  chain_totals<Shape::Ports> totals;
#pragma HLS ARRAY_PARTITION variable = totals.lane type = complete
  Products(words_of(held), none, none, weights, word_use::values, totals);
  vec<slice_sum<Shape>, WordBytes> sums;
  for (int i = 0; i < WordBytes; ++i) {
#pragma HLS UNROLL
    const slice_sum<Shape> before = first ? slice_sum<Shape>(0) : so_far[i];
    sums[i] = before + slice_sum<Shape>(column_sum<Shape::Ports>(totals, i));
  }
  return sums;
}

/// The sums of all positions. `peaks` as of all slices, `inverses` TwicePeak over largest scales,
/// both row by row.
template <typename Shape, products_of<Shape::Ports>* Products, typename... Words>
void value_pass(const new_rows<Shape>& rows, const slice_positions<Shape>& positions,
                const round_memory<Shape>& memory, const float* peaks, const float* inverses,
                slice_sums<Shape>& sums, Words&... words) {
#pragma HLS INLINE
  constexpr int RoundSteps = Shape::HeadSteps;
  [[maybe_unused]] constexpr int MaxSteps = Shape::MaxRounds * RoundSteps, Group = Shape::Group;
  [[maybe_unused]] constexpr int Banks = Shape::MemberBanks;
  word_bytes held[Shape::Ports];
#pragma HLS ARRAY_PARTITION variable = held type = complete
  int16_t kept[Shape::Ports][Shape::Members];  // weights of a head, for all of its words
#pragma HLS ARRAY_PARTITION variable = kept dim = 1 type = complete
#pragma HLS ARRAY_PARTITION variable = kept dim = 2 type = cyclic factor = Banks
  head_walk<Shape> at(positions.tokens);
  int round = 0;
  for (int n = 0; n < positions.rounds * positions.tokens * RoundSteps; ++n) {
#pragma HLS LOOP_TRIPCOUNT min = RoundSteps max = MaxSteps
#pragma HLS PIPELINE II = 1
#pragma HLS DEPENDENCE variable = sums.contexts type = inter direction = RAW distance = \
    RoundSteps dependent = true
#pragma HLS DEPENDENCE variable = sums.powers type = inter direction = RAW distance = \
    RoundSteps dependent = true
#pragma HLS DEPENDENCE variable = kept type = inter direction = RAW distance = Group dependent = \
    true
    const int h = at.head();
    if (at.first_member()) {
      take_words(held, words...);
      put_new(positions, round, rows.values, at.kv_word(), held);
    }
    vec<int16_t, Shape::Ports> weights = {};
    if (at.first_word()) {
      const slice_sum<Shape> before = round == 0 ? slice_sum<Shape>(0) : sums.powers[h];
      const float inverse = inverses[at.row * Shape::KVHeads + at.kv_head];
      sums.powers[h] = before + weigh(memory, round, at, peaks[h], inverse, weights);
    }
    if constexpr (Shape::HeadWords > 1) {
      for (int p = 0; p < Shape::Ports; ++p) {
#pragma HLS UNROLL
        if (at.first_word()) kept[p][at.member()] = weights[p];
        if (!at.first_word()) weights[p] = kept[p][at.member()];
      }
    }
    vec<slice_sum<Shape>, WordBytes>& context = sums.contexts[at.head_word()];
    context = add_values<Shape, Products>(context, round == 0, held, weights);
    if (at.next()) ++round;
  }
}

/// A part of a sum: all of it, or its lowest 16 bits, or the rest.
template <typename Shape>
int part_of(slice_sum<Shape> sum, int part) {
#pragma HLS INLINE
  const int64_t value = sum.to_int64();
  if (Shape::SumParts == 1) return part == 0 ? (int)value : 0;
  return part == 0 ? (int)(value & 0xffff) : (int)(value >> 16);
}

/// Sums as merge_heads() takes them.
template <typename Shape>
void send_sums(const slice_sums<Shape>& sums, int tokens, hls::stream<vec<int, ChunkLanes>>& out) {
#pragma HLS INLINE
  constexpr int Chunks = Shape::HeadWords * (WordBytes / ChunkLanes);
  for (int h = 0; h < tokens * Shape::Heads; ++h) {
#pragma HLS LOOP_TRIPCOUNT min = Shape::Heads max = Shape::Rows * Shape::Heads
    for (int n = 0; n < 1 + Shape::SumParts * Chunks; ++n) {
#pragma HLS PIPELINE II = 1
      const int chunk = n == 0 ? 0 : (n - 1) / Shape::SumParts;
      const int part = n == 0 ? 0 : (n - 1) % Shape::SumParts;
      const int first = chunk * ChunkLanes % WordBytes;
      const vec<slice_sum<Shape>, WordBytes> word =
          sums.contexts[h * Shape::HeadWords + chunk / (WordBytes / ChunkLanes)];
      vec<int, ChunkLanes> beat;
      for (int i = 0; i < ChunkLanes; ++i) {
#pragma HLS UNROLL
        const int power = i < 2 ? part_of<Shape>(sums.powers[h], i) : 0;
        beat[i] = n == 0 ? power : part_of<Shape>(word[first + i], part);
      }
      out.write(beat);
    }
  }
}

}  // namespace st

#endif
