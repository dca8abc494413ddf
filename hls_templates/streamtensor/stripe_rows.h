// SPDX-License-Identifier: Apache-2.0
/// Around the slices of the shared matrix engine (stripes.h): rows to the token lanes of all
/// slices, and results of all slices to rows.
#ifndef STREAMTENSOR_STRIPE_ROWS_H
#define STREAMTENSOR_STRIPE_ROWS_H

#include <hls_stream.h>

#include <cstdint>
#include <numeric>

#include "streamtensor/move.h"
#include "streamtensor/stripes.h"
#include "streamtensor/vec.h"

namespace st {

/// The column of a row among those of all lanes.
template <int TokenLanes>
void put_column(stripe_columns<TokenLanes>& all, int lane, const stripe_word& column) {
#pragma HLS INLINE
  for (int i = 0; i < StripeColumns; ++i) {
#pragma HLS UNROLL
    all[lane * StripeColumns + i] = column[i];
  }
}

/// A column of the first `rows` lanes: as held, but that of lane `fresh` as `newest` has it.
template <int TokenLanes, int MaxColumns>
stripe_columns<TokenLanes> columns_of_rows(const stripe_word (&held)[TokenLanes][MaxColumns], int c,
                                           int rows, int fresh, const stripe_word& newest) {
#pragma HLS INLINE
  const stripe_word none = {};
  stripe_columns<TokenLanes> all;
  for (int lane = 0; lane < TokenLanes; ++lane) {
#pragma HLS UNROLL
    const stripe_word kept = held[lane][c];
    put_column<TokenLanes>(all, lane, lane >= rows ? none : lane == fresh ? newest : kept);
  }
  return all;
}

/// The same of a scale.
template <int TokenLanes, int MaxColumns>
vec<float, TokenLanes> scales_of_rows(const float (&held)[TokenLanes][MaxColumns], int group,
                                      int rows, int fresh, float newest) {
#pragma HLS INLINE
  vec<float, TokenLanes> all;
  for (int lane = 0; lane < TokenLanes; ++lane) {
#pragma HLS UNROLL
    const float kept = held[lane][group];
    all[lane] = lane >= rows ? 0.0f : lane == fresh ? newest : kept;
  }
  return all;
}

/// Streams rows of int8 values, in groups with a scale each, to all slices of the engine, a tile of
/// as many as there are lanes after the other: the same column of 64 values of all rows as soon as
/// the last one has it, and all of them again for each further block of the layer. What is behind a
/// row is 0.
///   outs: the columns of each slice, then the scales of each slice
template <int L, int GroupWords, int TokenLanes, int MaxColumns, typename... Outs>
void feed_rows(hls::stream<vec<int8_t, L>>& q, hls::stream<vec<float, 1>>& scales, int beats,
               int groups, int blocks, int tokens, Outs&... outs) {
  static_assert(StripeColumns % L == 0, "columns are whole beats");
  constexpr int Parts = StripeColumns / L;
  stripe_word columns[TokenLanes][MaxColumns];
#pragma HLS AGGREGATE variable = columns
#pragma HLS ARRAY_PARTITION variable = columns dim = 1 type = complete
  float group_scales[TokenLanes][MaxColumns];
#pragma HLS ARRAY_PARTITION variable = group_scales dim = 1 type = complete
  const int filled = (beats + Parts - 1) / Parts;
  const int all = groups * GroupWords;
  for (int first = 0; first < tokens; first += TokenLanes) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 2
    const int rows = tokens - first < TokenLanes ? tokens - first : TokenLanes;
    for (int t = 0; t < rows; ++t) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = TokenLanes
      const bool last = t == rows - 1;
      stripe_word column = {};
      int part = 0;
      int c = 0;
      // A beat of the row, or a column of zeroes behind the last one.
      for (int n = 0; n < (last ? beats + all - filled : beats); ++n) {
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
            const int g = c / GroupWords;
            const float scale = scales.read()[0];
            const auto of_rows = scales_of_rows(group_scales, g, rows, t, scale);
            group_scales[t][g] = scale;
            if (last) (send_beat(of_rows, outs), ...);
          }
          const auto of_rows = columns_of_rows(columns, c, n < beats ? rows : 0, t, column);
          columns[t][c] = column;
          if (last) (send_beat(of_rows, outs), ...);
        }
        part = complete ? 0 : part + 1;
        c = complete ? c + 1 : c;
      }
    }
    int again = 0;
    for (int n = 0; n < (blocks - 1) * all; ++n) {
#pragma HLS LOOP_TRIPCOUNT min = 0 max = MaxColumns
#pragma HLS PIPELINE II = 1
      constexpr int None = -1;
      if (again % GroupWords == 0) {
        const auto of_rows = scales_of_rows(group_scales, again / GroupWords, rows, None, 0.0f);
        (send_beat(of_rows, outs), ...);
      }
      const int filled_rows = again < filled ? rows : 0;
      const auto of_rows = columns_of_rows(columns, again, filled_rows, None, stripe_word{});
      (send_beat(of_rows, outs), ...);
      again = again == all - 1 ? 0 : again + 1;
    }
  }
}

/// Puts the results of a slice among those of all, of each token and row of a beat behind those of
/// the slices before: `first_port` goes on to the next slice.
template <int TokenLanes, int BeatRows, int Ports, int N>
void put_results(vec<float, BeatRows * Ports> (&all)[TokenLanes], int& first_port,
                 const vec<float, N>& results) {
#pragma HLS INLINE
  constexpr int Own = N / (TokenLanes * BeatRows);
  for (int i = 0; i < N; ++i) {
#pragma HLS UNROLL
    all[i / (BeatRows * Own)][i / Own % BeatRows * Ports + first_port + i % Own] = results[i];
  }
  first_port += Own;
}

/// The results of all slices for the first row of a tile; those of the other rows are kept.
template <int Ports, int BeatRows, int TokenLanes, int Kept, int MaxKept, typename... Slices>
vec<float, BeatRows * Ports> take_results(vec<float, BeatRows * Ports> (&kept)[Kept][MaxKept],
                                          int taken, int rows, Slices&... slices) {
#pragma HLS INLINE
  vec<float, BeatRows * Ports> results[TokenLanes];
  int first_port = 0;
  (put_results<TokenLanes, BeatRows, Ports>(results, first_port, slices.read()), ...);
  for (int lane = 1; lane < TokenLanes; ++lane) {
#pragma HLS UNROLL
    if (lane < rows) kept[lane - 1][taken] = results[lane];
  }
  return results[0];
}

/// Results of all slices to rows of `beats` beats, token by token; what the slices have behind a
/// row is dropped. Slices are taken from until a beat of the first row of a tile is complete.
template <int L, int Ports, int BeatRows, int TokenLanes, int MaxKept, int... Lanes>
void collect_rows(hls::stream<vec<float, L>>& y, int beats, int slice_beats, int tokens,
                  hls::stream<vec<float, Lanes>>&... slices) {
  constexpr int Width = BeatRows * Ports, Room = L + Width;
  constexpr int Step = std::gcd(Width, L);  // of what is held, before more is taken
  vec<float, Width> kept[TokenLanes > 1 ? TokenLanes - 1 : 1][MaxKept];
#pragma HLS AGGREGATE variable = kept
#pragma HLS ARRAY_PARTITION variable = kept dim = 1 type = complete
  for (int token = 0; token < tokens; ++token) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = TokenLanes
    const int t = token % TokenLanes;  // in its tile
    vec<float, Room> row = {};
#pragma HLS ARRAY_PARTITION variable = row.lane type = complete
    int held = 0;
    int taken = 0;
    int sent = 0;
    while (taken < slice_beats || sent < beats) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 256
#pragma HLS PIPELINE II = 1
      if (taken < slice_beats && (held < L || sent == beats)) {
        vec<float, Width> next;
        if (t == 0) {
          next = take_results<Ports, BeatRows, TokenLanes>(kept, taken, tokens - token, slices...);
        } else if constexpr (TokenLanes > 1) {
          next = kept[t - 1][taken];
        }
        const int at = sent == beats ? 0 : held;
        for (int place = 0; place < L; place += Step) {
#pragma HLS UNROLL
          for (int j = 0; j < Width; ++j) {
#pragma HLS UNROLL
            if (place == at) row[place + j] = next[j];
          }
        }
        held += Width;
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
