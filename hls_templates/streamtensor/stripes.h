// SPDX-License-Identifier: Apache-2.0
/// The matrix engine that all linear layers share. Weights lie on several memory ports, and each
/// port gives the engine a word in every cycle: 64 columns of a row of int8, or of two rows of
/// int4. All ports are at the same place of the layer, in rows of their own, so that the engine's
/// results are neighbours.
///
///   x -> feed_rows -> multiply_stripes (a slice: some of the ports) -> collect_rows -> y
///
/// Up to TokenLanes rows of x, tokens of a launch, share each word as it passes. A layer is
/// `blocks` blocks of rows; x passes once for each. The words of a block on a port:
///   scales   bfloat16, 32 a word: those of the first group of columns for each of `rows` rows,
///            then those of the second group, and so on
///   weights  for each group, for each row or pair of rows, the group's GroupWords words
#ifndef STREAMTENSOR_STRIPES_H
#define STREAMTENSOR_STRIPES_H

#include <ap_int.h>
#include <hls_stream.h>

#include <cstdint>

#include "streamtensor/bfloat16.h"
#include "streamtensor/memory.h"
#include "streamtensor/scale_products.h"
#include "streamtensor/stripe_products.h"
#include "streamtensor/stripe_sums.h"
#include "streamtensor/striped_layout.h"
#include "streamtensor/vec.h"

namespace st {

/// Columns of a word of weights, and so values of x that are multiplied with it.
constexpr int StripeColumns = 64;
/// Scales in a word.
constexpr int StripeScales = 32;
/// The 64 bytes of a word of device memory; also 64 values of x.
using stripe_word = vec<int8_t, StripeColumns>;

/// Iterations from one addition to a total to the next one, at least: `rows` is large enough.
constexpr int StripeApart = 12;

/// Words of device memory as they are, from `first_word` on: weights of a layer on a port.
template <int Bits>
void load_words(const ap_uint<Bits>* port, int first_word, int words,
                hls::stream<stripe_word>& out) {
  constexpr int Parts = parts_of_word<Bits>;
  stripe_word word = {};
  int part = 0;
  for (int n = 0; n < words * Parts; ++n) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 4096
#pragma HLS PIPELINE II = 1
    put_part(word, part, port[first_word * Parts + n]);
    if (part == Parts - 1) out.write(word);
    part = part == Parts - 1 ? 0 : part + 1;
  }
}

/// The rows of a launch that the engine works on at once: each has a lane for its products, and all
/// lanes take the same words. Lanes without a row have zeroes.
template <int TokenLanes>
using stripe_columns = vec<int8_t, TokenLanes * StripeColumns>;

/// That of a lane.
template <int TokenLanes>
stripe_word column_of(const stripe_columns<TokenLanes>& all, int lane) {
#pragma HLS INLINE
  stripe_word column;
  for (int i = 0; i < StripeColumns; ++i) {
#pragma HLS UNROLL
    column[i] = all[lane * StripeColumns + i];
  }
  return column;
}

/// That of a lane behind all others is 0.
template <int TokenLanes>
stripe_word column_or_none(const stripe_columns<TokenLanes>& all, int lane) {
#pragma HLS INLINE
  stripe_word column = {};
  if (lane < TokenLanes) column = column_of<TokenLanes>(all, lane);
  return column;
}

/// Token lanes that share multipliers.
template <int TokenLanes>
constexpr int SharingLanes = TokenLanes > 1 ? 2 : 1;

/// The dot products of the lanes that share multipliers with `lane`: token by token, row by row.
/// The first ones share them with attention too, the others have their own.
template <int Ports, int WordRows, int TokenLanes, products_of<Ports>* Products>
vec<int, SharingLanes<TokenLanes> * WordRows * Ports> lane_dots(
    const port_words<Ports>& words, const stripe_columns<TokenLanes>& columns, int lane) {
#pragma HLS INLINE
  constexpr int Tokens = SharingLanes<TokenLanes>;
  const stripe_word token0 = column_of<TokenLanes>(columns, lane);
  const stripe_word token1 = column_or_none<TokenLanes>(columns, lane + 1);
  vec<int, Tokens* WordRows* Ports> dots = {};
  if (lane == 0) {
    const vec<int16_t, Ports> none = {};
    chain_totals<Ports> totals;
#pragma HLS ARRAY_PARTITION variable = totals.lane type = complete
    Products(words, token0, token1, none, word_use::weights, totals);
    dots = weight_dots<Ports, WordRows, Tokens>(words, token0, token1, totals);
  } else if constexpr (Tokens == 2) {
    weight_totals<Ports> totals;
#pragma HLS ARRAY_PARTITION variable = totals.lane type = complete
    weight_products<Ports, WordRows>(words, token0, token1, totals);
    dots = own_weight_dots<Ports, WordRows>(words, token0, token1, totals);
  }
  return dots;
}

/// Cycles that a slice takes to scale the rows of a word: one for each row, so that these share
/// operators, where the rows of the next word end late enough.
template <int GroupWords, int WordRows>
constexpr int ScalingTurns = GroupWords >= WordRows ? WordRows : 1;

/// Results of a cycle: of all tokens one row of each port, or both of a word.
template <int Ports, int GroupWords, int WordRows, int TokenLanes>
using stripe_results =
    vec<float, TokenLanes * WordRows / ScalingTurns<GroupWords, WordRows> * Ports>;

/// The rows of a word on all ports whose group has ended, for each token.
template <int Ports, int WordRows, int TokenLanes>
struct ended_rows {
  vec<int, TokenLanes * WordRows * Ports> sums;
  vec<bfloat16, WordRows * Ports> scales;
  vec<float, TokenLanes> x_scales;
  int pair;
  bool first_group, last_group;
};

/// Bits of the sum of a group, without its sign: of products of bytes within +-127 and int4, or
/// int8.
template <int GroupWords, int WordRows>
constexpr int GroupSumBits =
    bits_up_to((int64_t)GroupWords * StripeColumns * 127 * (WordRows == 2 ? 8 : 128));

/// The totals of some of these rows of weights, with a group more: of all tokens, one behind the
/// other.
template <int Rows, int SumBits, int Ports, int WordRows, int TokenLanes>
vec<float, TokenLanes * Rows * Ports> add_group(
    const ended_rows<Ports, WordRows, TokenLanes>& ended, int first_row,
    const vec<float, TokenLanes * Rows * Ports>& totals) {
#pragma HLS INLINE
  vec<float, TokenLanes * Rows * Ports> sums;
  for (int i = 0; i < TokenLanes * Rows * Ports; ++i) {
#pragma HLS UNROLL
    const int lane = i / (Rows * Ports), at = first_row * Ports + i % (Rows * Ports);
    const float so_far = ended.first_group ? 0.0f : totals[i];
    const float scale = scaled_by(ended.x_scales[lane], ended.scales[at]);
    sums[i] = so_far + scaled_sum<SumBits>(ended.sums[lane * WordRows * Ports + at], scale);
  }
  return sums;
}

/// A slice of the engine: for each tile of tokens, results of its ports' rows, one after another,
/// for each block, those of all token lanes at once:
///   y[row] = sum over groups of (x scale * scale[row][group]) * (integer product of the group)
/// The columns of a group come with the first pair of rows and stay for the others. Totals of all
/// rows are kept while groups pass, and leave with the last one. Words come once, with the first
/// tile, and are kept for another one. Products are those that attention on the same ports takes
/// turns on.
template <int Ports, int GroupWords, int WordRows, int TokenLanes, int TokenTiles, int MaxRows,
          int MaxScaleWords, int MaxWords, products_of<Ports>* Products, typename... Words>
void multiply_stripes(hls::stream<stripe_columns<TokenLanes>>& x,
                      hls::stream<vec<float, TokenLanes>>& x_scales,
                      hls::stream<stripe_results<Ports, GroupWords, WordRows, TokenLanes>>& y,
                      int rows, int groups, int blocks, int tokens, Words&... words) {
#pragma HLS INLINE
  static_assert(sizeof...(Words) == Ports, "a stream of words for each port");
  constexpr int Turns = ScalingTurns<GroupWords, WordRows>, Rows = WordRows / Turns;
  constexpr int PairsPerScaleWord = StripeScales / WordRows;
  constexpr int SumBits = GroupSumBits<GroupWords, WordRows>;
  vec<float, TokenLanes * Rows * Ports> totals[Turns][MaxRows / WordRows];
#pragma HLS AGGREGATE variable = totals
#pragma HLS ARRAY_PARTITION variable = totals dim = 1 type = complete
  stripe_word scales[MaxScaleWords][Ports];
#pragma HLS AGGREGATE variable = scales
#pragma HLS ARRAY_PARTITION variable = scales dim = 2 type = complete
  stripe_word kept[TokenTiles > 1 ? MaxWords : 1][Ports];
#pragma HLS AGGREGATE variable = kept
#pragma HLS ARRAY_PARTITION variable = kept dim = 2 type = complete
  stripe_columns<TokenLanes> columns[GroupWords];
#pragma HLS ARRAY_PARTITION variable = columns type = complete
  vec<int, TokenLanes* WordRows* Ports> sums = {};
#pragma HLS ARRAY_PARTITION variable = sums.lane type = complete
  ended_rows<Ports, WordRows, TokenLanes> ended = {};
  const int pairs = rows / WordRows;
  const int scale_words = (rows * groups + StripeScales - 1) / StripeScales;
  const int tile_words = blocks * (scale_words + groups * pairs * GroupWords);
  const int tiles = (tokens + TokenLanes - 1) / TokenLanes;
  const int all_words = tiles * tile_words;
  vec<float, TokenLanes> x_scale = {};
  int scale_word = 0;  // at hand, until all of the block are there
  int group = 0;
  int pair = 0;
  int w = 0;
  int turn = Turns;  // of rows that have ended
  int tile_word = 0;
  bool first_tile = true;
  // All tiles and blocks are one loop, so that no pipeline runs empty between them; the last rows
  // end behind the last word.
  for (int n = 0; n < all_words + Turns - 1; ++n) {
#pragma HLS LOOP_TRIPCOUNT min = StripeApart max = MaxRows * MaxScaleWords
#pragma HLS PIPELINE II = 1
#pragma HLS DEPENDENCE variable = totals type = inter direction = RAW distance = \
    StripeApart dependent = true
#pragma HLS DEPENDENCE variable = kept type = inter direction = RAW distance = \
    StripeApart dependent = true
    const bool takes_scales = scale_word < scale_words;
    if (n < all_words) {
      if (!takes_scales && pair == 0) {
        if (w == 0) x_scale = x_scales.read();
        columns[w] = x.read();
      }
      stripe_word taken[Ports];
#pragma HLS ARRAY_PARTITION variable = taken type = complete
      if (first_tile) take_words(taken, words...);
      if constexpr (TokenTiles > 1) {
        for (int p = 0; p < Ports; ++p) {
#pragma HLS UNROLL
          if (!first_tile) taken[p] = kept[tile_word][p];
          if (first_tile && tiles > 1) kept[tile_word][p] = taken[p];
        }
        first_tile = first_tile && tile_word < tile_words - 1;
        tile_word = tile_word == tile_words - 1 ? 0 : tile_word + 1;
      }
      for (int p = 0; p < Ports; ++p) {
#pragma HLS UNROLL
        if (takes_scales) scales[scale_word][p] = taken[p];
      }
      const port_words<Ports> words_now = words_of(taken);
      for (int lane = 0; lane < TokenLanes; lane += SharingLanes<TokenLanes>) {
#pragma HLS UNROLL
        const auto dots =
            lane_dots<Ports, WordRows, TokenLanes, Products>(words_now, columns[w], lane);
        for (int i = 0; i < SharingLanes<TokenLanes> * WordRows * Ports; ++i) {
#pragma HLS UNROLL
          const int at = lane * WordRows * Ports + i;
          if (at < TokenLanes * WordRows * Ports) sums[at] = (w == 0 ? 0 : sums[at]) + dots[i];
        }
      }
    }
    const bool pair_ends = n < all_words && !takes_scales && w == GroupWords - 1;
    if (pair_ends) {
      const int at = group * pairs + pair;
      ended.sums = sums;
      ended.x_scales = x_scale;
      ended.pair = pair;
      ended.first_group = group == 0;
      ended.last_group = group == groups - 1;
      for (int i = 0; i < WordRows * Ports; ++i) {
#pragma HLS UNROLL
        const int place = at % PairsPerScaleWord * WordRows + i / Ports;
        ended.scales[i] = scale_at(scales[at / PairsPerScaleWord][i % Ports], place);
      }
      turn = 0;
    }
    if (turn < Turns) {
      const vec<float, TokenLanes* Rows* Ports> now =
          add_group<Rows, SumBits>(ended, turn * Rows, totals[turn][ended.pair]);
      totals[turn][ended.pair] = now;
      if (ended.last_group) y.write(now);
      ++turn;
    }
    const bool group_ends = pair_ends && pair == pairs - 1;
    const bool block_ends = group_ends && group == groups - 1;
    w = takes_scales || pair_ends ? 0 : w + 1;
    pair = group_ends ? 0 : pair_ends ? pair + 1 : pair;
    group = block_ends ? 0 : group_ends ? group + 1 : group;
    scale_word = block_ends ? 0 : takes_scales ? scale_word + 1 : scale_word;
  }
}

}  // namespace st

#endif
