// SPDX-License-Identifier: Apache-2.0
/// The matrix engine that all linear layers share. Weights lie on several memory ports, and each
/// port gives the engine a word in every cycle: 64 columns of a row of int8, or of two rows of
/// int4. All ports are at the same place of the layer, in rows of their own, so that the engine's
/// results are neighbours.
///
///   x -> feed_rows -> multiply_stripes (a slice: some of the ports) -> collect_rows -> y
///
/// A layer is `blocks` blocks of rows; x passes once for each. The words of a block on a port:
///   scales   bfloat16, 32 a word: those of the first group of columns for each of `rows` rows,
///            then those of the second group, and so on
///   weights  for each group, for each row or pair of rows, the group's GroupWords words
#ifndef STREAMTENSOR_STRIPES_H
#define STREAMTENSOR_STRIPES_H

#include <ap_int.h>
#include <hls_stream.h>

#include <cstdint>

#include "streamtensor/bfloat16.h"
#include "streamtensor/dsp.h"
#include "streamtensor/memory.h"
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

/// Writes a beat to those streams that carry such beats.
template <typename Beat>
void send_beat(const Beat& beat, hls::stream<Beat>& to) {
#pragma HLS INLINE
  to.write(beat);
}
template <typename Beat, typename Other>
void send_beat(const Beat&, hls::stream<Other>&) {
#pragma HLS INLINE
}

/// Streams a row of int8 values, in groups with a scale each, to all slices of the engine: a column
/// of 64 values as soon as it is there, and all of them again for each further block of the layer.
/// What is behind the row is 0.
///   outs: the columns of each slice, then the scales of each slice
template <int L, int GroupWords, int MaxColumns, typename... Outs>
void feed_rows(hls::stream<vec<int8_t, L>>& q, hls::stream<vec<float, 1>>& scales, int beats,
               int groups, int blocks, int tokens, Outs&... outs) {
  static_assert(StripeColumns % L == 0, "columns are whole beats");
  constexpr int Parts = StripeColumns / L;
  stripe_word columns[MaxColumns];
#pragma HLS AGGREGATE variable = columns
  vec<float, 1> group_scales[MaxColumns];
  const int filled = (beats + Parts - 1) / Parts;
  const int all = groups * GroupWords;
  for (int t = 0; t < tokens; ++t) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = TypicalTokens
    stripe_word column = {};
    int part = 0;
    int c = 0;
    // A beat of the row, or a column of zeroes behind it.
    for (int n = 0; n < beats + all - filled; ++n) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = MaxColumns * Parts
#pragma HLS PIPELINE II = 1
      if (n < beats) {
        const vec<int8_t, L> beat = q.read();
        for (int i = 0; i < StripeColumns; ++i) {
#pragma HLS UNROLL
          const int8_t kept = part == 0 ? (int8_t)0 : column[i];
          column[i] = i / L == part ? beat[i % L] : kept;
        }
      } else {
        column = {};
      }
      const bool complete = part == Parts - 1 || n >= beats - 1;
      if (complete) {
        if (c % GroupWords == 0 && n < beats) {
          const vec<float, 1> scale = scales.read();
          group_scales[c / GroupWords] = scale;
          (send_beat(scale, outs), ...);
        }
        columns[c] = column;
        (send_beat(column, outs), ...);
      }
      part = complete ? 0 : part + 1;
      c = complete ? c + 1 : c;
    }
    int again = 0;
    for (int n = 0; n < (blocks - 1) * all; ++n) {
#pragma HLS LOOP_TRIPCOUNT min = 0 max = MaxColumns
#pragma HLS PIPELINE II = 1
      if (again % GroupWords == 0) {
        const vec<float, 1> scale = group_scales[again / GroupWords];
        (send_beat(scale, outs), ...);
      }
      const stripe_word held = columns[again];
      (send_beat(held, outs), ...);
      again = again == all - 1 ? 0 : again + 1;
    }
  }
}

/// The rows of a word of weights, 64 columns of one of int8, or of two of int4, times x. Row 0 of
/// int4 is in the lower halves of the bytes; its products share DSPs with those of row 1, and the
/// sums of both, 64 products of at most 2^10, are parted at the end.
template <int WordRows>
vec<int, WordRows> stripe_dots(const stripe_word& word, const stripe_word& x) {
#pragma HLS INLINE
  vec<int, StripeColumns> factors;
  for (int i = 0; i < StripeColumns; ++i) {
#pragma HLS UNROLL
    const int byte = word[i];
    const int lower = ((byte & 15) ^ 8) - 8, upper = byte >> 4;
    factors[i] = WordRows == 1 ? byte : pair_of(upper, lower);
  }
  const int64_t sum = tree_sum(chain_sums(factors, x));
  vec<int, WordRows> dots;
  for (int r = 0; r < WordRows; ++r) {
#pragma HLS UNROLL
    const int of_row = r == 0 ? lower_of(sum) : upper_of(sum);
    dots[r] = WordRows == 1 ? (int)sum : of_row;
  }
  return dots;
}

/// Cycles that a slice takes to scale the rows of a word: one for each row, so that these share
/// operators, where the rows of the next word end late enough.
template <int GroupWords, int WordRows>
constexpr int ScalingTurns = GroupWords >= WordRows ? WordRows : 1;

/// The rows of a word on all ports whose group has ended.
template <int Ports, int WordRows>
struct ended_rows {
  vec<int, WordRows * Ports> sums;
  vec<bfloat16, WordRows * Ports> scales;
  float x_scale;
  int pair;
  bool first_group, last_group;
};

/// The totals of some of these rows, with a group more.
template <int Ports, int WordRows, int Rows>
vec<float, Rows * Ports> add_group(const ended_rows<Ports, WordRows>& ended, int first_row,
                                   const vec<float, Rows * Ports>& totals) {
#pragma HLS INLINE
  vec<float, Rows * Ports> sums;
  for (int i = 0; i < Rows * Ports; ++i) {
#pragma HLS UNROLL
    const int at = first_row * Ports + i;
    const float so_far = ended.first_group ? 0.0f : totals[i];
    const float scaled = (float)ended.sums[at] * (ended.x_scale * to_float(ended.scales[at]));
    sums[i] = so_far + scaled;
  }
  return sums;
}

/// A slice of the engine: results of its ports' rows, a pair of rows (or one of int8) after
/// another, for each token and block:
///   y[row] = sum over groups of (x scale * scale[row][group]) * (integer product of the group)
/// The columns of a group come with the first pair of rows and stay for the others. Totals of all
/// rows are kept while groups pass, and leave with the last one.
template <int Ports, int GroupWords, int WordRows, int MaxRows, int MaxScaleWords,
          typename... Words>
void multiply_stripes(hls::stream<stripe_word>& x, hls::stream<vec<float, 1>>& x_scales,
                      hls::stream<vec<float, WordRows * Ports>>& y, int rows, int groups,
                      int blocks, int tokens, Words&... words) {
  static_assert(sizeof...(Words) == Ports, "a stream of words for each port");
  constexpr int Turns = ScalingTurns<GroupWords, WordRows>, Rows = WordRows / Turns;
  constexpr int PairsPerScaleWord = StripeScales / WordRows;
  vec<float, Rows * Ports> totals[Turns][MaxRows / WordRows];
#pragma HLS AGGREGATE variable = totals
#pragma HLS ARRAY_PARTITION variable = totals dim = 1 type = complete
  stripe_word scales[MaxScaleWords][Ports];
#pragma HLS AGGREGATE variable = scales
#pragma HLS ARRAY_PARTITION variable = scales dim = 2 type = complete
  stripe_word columns[GroupWords];
#pragma HLS ARRAY_PARTITION variable = columns type = complete
  vec<int, WordRows* Ports> sums = {};
#pragma HLS ARRAY_PARTITION variable = sums.lane type = complete
  vec<float, WordRows * Ports> results;
#pragma HLS ARRAY_PARTITION variable = results.lane type = complete
  ended_rows<Ports, WordRows> ended = {};
  const int pairs = rows / WordRows;
  const int scale_words = (rows * groups + StripeScales - 1) / StripeScales;
  const int all_words = blocks * (scale_words + groups * pairs * GroupWords);
  for (int t = 0; t < tokens; ++t) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = TypicalTokens
    float x_scale = 0.0f;
    int scale_word = 0;  // at hand, until all of the block are there
    int group = 0;
    int pair = 0;
    int w = 0;
    int turn = Turns;  // of rows that have ended
    // All blocks are one loop, so that no pipeline runs empty between them; the last rows end
    // behind the last word.
    for (int n = 0; n < all_words + Turns - 1; ++n) {
#pragma HLS LOOP_TRIPCOUNT min = StripeApart max = MaxRows * MaxScaleWords
#pragma HLS PIPELINE II = 1
#pragma HLS DEPENDENCE variable = totals type = inter direction = RAW distance = \
    StripeApart dependent = true
      const bool takes_scales = scale_word < scale_words;
      if (n < all_words) {
        if (!takes_scales && pair == 0) {
          if (w == 0) x_scale = x_scales.read()[0];
          columns[w] = x.read();
        }
        const stripe_word taken[Ports] = {words.read()...};  // from left to right
        for (int p = 0; p < Ports; ++p) {
#pragma HLS UNROLL
          if (takes_scales) scales[scale_word][p] = taken[p];
          const vec<int, WordRows> dots = stripe_dots<WordRows>(taken[p], columns[w]);
          for (int r = 0; r < WordRows; ++r) {
#pragma HLS UNROLL
            int& sum = sums[r * Ports + p];
            const int so_far = w == 0 ? 0 : sum;
            sum = so_far + dots[r];
          }
        }
      }
      const bool pair_ends = n < all_words && !takes_scales && w == GroupWords - 1;
      if (pair_ends) {
        const int at = group * pairs + pair;
        ended.sums = sums;
        ended.x_scale = x_scale;
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
        const vec<float, Rows* Ports> now =
            add_group<Ports, WordRows, Rows>(ended, turn * Rows, totals[turn][ended.pair]);
        totals[turn][ended.pair] = now;
        for (int i = 0; i < WordRows * Ports; ++i) {
#pragma HLS UNROLL
          if (i / (Rows * Ports) == turn) results[i] = now[i % (Rows * Ports)];
        }
        if (ended.last_group && turn == Turns - 1) y.write(results);
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
}

/// Puts the results of a slice behind those that are held: from place `at` on those of the first
/// row, of `All` ports, then those of the second one. `at` goes on to the next slice.
template <int WordRows, int All, int N, int Room>
void append_results(vec<float, Room>& row, int& at, const vec<float, N>& results) {
#pragma HLS INLINE
  constexpr int Ports = N / WordRows;
  for (int i = 0; i < Room; ++i) {
#pragma HLS UNROLL
    for (int r = 0; r < WordRows; ++r) {
#pragma HLS UNROLL
      for (int p = 0; p < Ports; ++p) {
#pragma HLS UNROLL
        if (i == at + r * All + p) row[i] = results[r * Ports + p];
      }
    }
  }
  at += Ports;
}

/// Results of all slices to rows of `beats` beats; what the slices have behind the row is dropped.
/// Slices are taken from until a beat is complete.
template <int L, int Ports, int WordRows, int... Lanes>
void collect_rows(hls::stream<vec<float, L>>& y, int beats, int slice_beats, int tokens,
                  hls::stream<vec<float, Lanes>>&... slices) {
  constexpr int Room = L + WordRows * Ports;
  for (int t = 0; t < tokens; ++t) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = TypicalTokens
    vec<float, Room> row = {};
#pragma HLS ARRAY_PARTITION variable = row.lane type = complete
    int held = 0;
    int taken = 0;
    int sent = 0;
    while (taken < slice_beats || sent < beats) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 256
#pragma HLS PIPELINE II = 1
      if (taken < slice_beats && (held < L || sent == beats)) {
        int at = sent == beats ? 0 : held;
        (append_results<WordRows, Ports>(row, at, slices.read()), ...);
        held += WordRows * Ports;
        ++taken;
      }
      if (sent < beats && held >= L) {
        vec<float, L> beat;
        for (int i = 0; i < L; ++i) {
#pragma HLS UNROLL
          beat[i] = row[i];
        }
        y.write(beat);
        for (int i = 0; i < Room - L; ++i) {
#pragma HLS UNROLL
          row[i] = row[i + L];
        }
        held -= L;
        ++sent;
      }
    }
  }
}

}  // namespace st

#endif
