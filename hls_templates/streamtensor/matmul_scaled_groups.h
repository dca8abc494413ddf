// SPDX-License-Identifier: Apache-2.0
/// Product of streamed int8 rows and streamed int8 or int4 weights that both have a scale for every
/// group of a row.
#ifndef STREAMTENSOR_MATMUL_SCALED_GROUPS_H
#define STREAMTENSOR_MATMUL_SCALED_GROUPS_H

#include <ap_int.h>
#include <hls_stream.h>

#include <cstdint>

#include "streamtensor/bfloat16.h"
#include "streamtensor/matmul.h"

namespace st {

/// y[n] = sum over groups g of (sum over k in g of x[k] * w[n][k]) * (x_scale[g] * scale[n][g]),
/// for rows of KL * KBeats values in groups of KL * GroupBeats, of which the last has what is left.
/// The sums of a group are integers, exact in any order; groups are added in their order, each
/// after it was scaled.
///
/// Streams x, weights of type W and y are those of matmul().
///   x_scales: per token and group, once; they are kept for all tiles
///   scales: per token, tile, group and step: those of the step's Lanes results, in their order
template <typename W, int KL, int KBeats, int GroupBeats, int NL, int NP, int Steps, int Tiles,
          typename... Weights>
void matmul_scaled_groups(hls::stream<vec<int8_t, KL>>& x, hls::stream<vec<float, 1>>& x_scales,
                          hls::stream<vec<bfloat16, NP*(int)sizeof...(Weights)>>& scales,
                          hls::stream<vec<float, NL>>& y, int tokens, Weights&... weights) {
  constexpr int Streams = sizeof...(Weights);
  constexpr int Lanes = NP * Streams;
  constexpr int Groups = (KBeats + GroupBeats - 1) / GroupBeats;
  static_assert(NL % Lanes == 0 && Steps * Lanes % NL == 0, "beats of results are whole steps");
  // Iterations from one addition to a total to the next one, at least: the last group is smallest.
  constexpr int Apart = (KBeats - (Groups - 1) * GroupBeats) * Steps;
  [[maybe_unused]] constexpr int Interval = accumulate_interval<float>(Apart);
  // Iterations from one tile to the next.
  [[maybe_unused]] constexpr int Turn = KBeats * Steps;
  vec<int8_t, KL> values;
  float kept[Groups] = {};  // the scales of x
  float factor = 0.0f;
  vec<int, Steps * Lanes> sums;
#pragma HLS ARRAY_PARTITION variable = sums.lane type = complete
  vec<float, Steps * Lanes> totals;
#pragma HLS ARRAY_PARTITION variable = totals.lane type = complete
  for (int t = 0; t < tokens; ++t) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = TypicalTokens
    for (int tile = 0; tile < Tiles; ++tile) {
      for (int k = 0; k < KBeats; ++k) {
        for (int step = 0; step < Steps; ++step) {
#pragma HLS PIPELINE II = Interval
#pragma HLS DEPENDENCE variable = totals type = inter direction = RAW distance = Apart dependent = \
    true
#pragma HLS DEPENDENCE variable = kept type = inter direction = RAW distance = Turn dependent = true
          if (step == 0) values = x.read();
          const vec<W, KL * NP> rows[Streams] = {weights.read()...};  // from left to right
          for (int s = 0; s < Streams; ++s) {
#pragma HLS UNROLL
            const vec<int, NP> dots = dot_products<int8_t, W, int, KL, NP>(values, rows[s]);
            for (int p = 0; p < NP; ++p) {
#pragma HLS UNROLL
              int& sum = sums[step * Lanes + s * NP + p];
              const int so_far = k % GroupBeats == 0 ? 0 : sum;
              sum = so_far + dots[p];
            }
          }
          if (k % GroupBeats == GroupBeats - 1 || k == KBeats - 1) {
            const int group = k / GroupBeats;
            if (step == 0) {
              if (tile == 0) {
                factor = x_scales.read()[0];
                kept[group] = factor;
              } else {
                factor = kept[group];
              }
            }
            const vec<bfloat16, Lanes> scale = scales.read();
            for (int i = 0; i < Lanes; ++i) {
#pragma HLS UNROLL
              float& total = totals[step * Lanes + i];
              const float so_far = group == 0 ? 0.0f : total;
              const float scaled = (float)sums[step * Lanes + i] * (factor * to_float(scale[i]));
              total = so_far + scaled;
            }
          }
          const int complete = (step + 1) * Lanes;
          if (k == KBeats - 1 && complete % NL == 0) {
            vec<float, NL> beat;
            for (int i = 0; i < NL; ++i) {
#pragma HLS UNROLL
              beat[i] = totals[complete - NL + i];
            }
            y.write(beat);
          }
        }
      }
    }
  }
}

}  // namespace st

#endif
