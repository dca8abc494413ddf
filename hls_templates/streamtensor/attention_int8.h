// SPDX-License-Identifier: Apache-2.0
/// Causal attention over a cache of 8-bit keys and values. All that is carried from position to
/// position is a sum of integers or a maximum, so that nothing depends on their order, and no sum
/// needs turns. Streams go as those of attention.h, those of scales beside them.
#ifndef STREAMTENSOR_ATTENTION_INT8_H
#define STREAMTENSOR_ATTENTION_INT8_H

#include <ap_int.h>
#include <hls_stream.h>

#include <cmath>
#include <cstdint>

#include "streamtensor/bfloat16.h"
#include "streamtensor/round.h"
#include "streamtensor/vec.h"

namespace st {

/// Twice the weight of a position whose score and value scale are the largest of all.
constexpr float TwicePeak = 65534.0f;
constexpr int TwicePeakBits = 15;  ///< of its magnitude, but for zeroes

/// One score per token, head and position: (float)(query . key) * (query scale * scale * key
/// scale), from left to right in the brackets.
///   q: per token and head, HeadBeats beats; q_scales: one
///   k: per token, head and position, HeadBeats beats; k_scales: one
template <int L, int HeadBeats, int Heads>
void attention_scores_int8(hls::stream<vec<int8_t, L>>& q, hls::stream<vec<float, 1>>& q_scales,
                           hls::stream<vec<int8_t, L>>& k, hls::stream<vec<bfloat16, 1>>& k_scales,
                           hls::stream<vec<float, 1>>& scores, float scale, int tokens, int past) {
  vec<int8_t, L> query[HeadBeats];
#pragma HLS AGGREGATE variable = query
  for (int t = 0; t < tokens; ++t) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = TypicalTokens
    for (int h = 0; h < Heads; ++h) {
      float factor = 0.0f;
      for (int b = 0; b < HeadBeats; ++b) {
#pragma HLS PIPELINE II = 1
        if (b == 0) factor = q_scales.read()[0] * scale;
        query[b] = q.read();
      }
      int32_t sum = 0;
      for (int j = 0; j <= past + t; ++j) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = TypicalTokens
        for (int b = 0; b < HeadBeats; ++b) {
#pragma HLS PIPELINE II = 1
          const vec<int8_t, L> key = k.read();
          vec<int32_t, L> products;
          for (int i = 0; i < L; ++i) {
#pragma HLS UNROLL
            products[i] = (int32_t)query[b][i] * (int32_t)key[i];
          }
          sum = (b == 0 ? 0 : sum) + tree_sum(products);
          if (b == HeadBeats - 1) {
            const float key_scale = to_float(k_scales.read()[0]);
            const vec<float, 1> score = {{(float)sum * (factor * key_scale)}};
            scores.write(score);
          }
        }
      }
    }
  }
}

/// Weights of the positions of each token and head, 0 to 32767, and what the sum of weights times
/// values is multiplied with at the end:
///   e = expf(score - largest score)
///   weight = half of e * (value scale * (65534 / largest value scale)), by weight_of()
///   factor = largest value scale / (float)(sum of halves of e * 65534)
/// Where `window` is not 0, a row sees its last `window` positions, itself included; those before
/// have no part in anything, and weight 0. Needs past + tokens <= MaxPositions. The factor is
/// written after the weights.
template <int MaxPositions, int Heads>
void attention_weights_int8(hls::stream<vec<float, 1>>& scores,
                            hls::stream<vec<bfloat16, 1>>& v_scales,
                            hls::stream<vec<int16_t, 1>>& weights,
                            hls::stream<vec<float, 1>>& factors, int window, int tokens, int past) {
  float values[MaxPositions];
  bfloat16 scales[MaxPositions];
  float peaks[PartialPeaks] = {};
#pragma HLS ARRAY_PARTITION variable = peaks type = complete
  for (int t = 0; t < tokens; ++t) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = TypicalTokens
    const int positions = past + t + 1;
    const int hidden = window > 0 && positions > window ? positions - window : 0;
    for (int h = 0; h < Heads; ++h) {
      bfloat16 largest = {0};  // scales are not negative, so that they compare as their bits
      for (int j = 0; j < positions; ++j) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = MaxPositions
#pragma HLS PIPELINE II = 1
#pragma HLS DEPENDENCE variable = peaks type = inter direction = RAW distance = \
    PartialPeaks dependent = true
        const float read = scores.read()[0];
        bfloat16 scale = v_scales.read()[0];
        const float score = j < hidden ? -INFINITY : read;
        if (j < hidden) scale.bits = 0;
        values[j] = score;
        scales[j] = scale;
        if (scale.bits > largest.bits) largest = scale;
        float& peak = peaks[j % PartialPeaks];
        peak = j < PartialPeaks || score > peak ? score : peak;
      }
      const float peak = positions > 1 && peaks[1] > peaks[0] ? peaks[1] : peaks[0];
      const float unit = to_float(largest);
      const float inverse = unit == 0.0f ? 0.0f : TwicePeak / unit;
      int64_t total = 0;
      for (int j = 0; j < positions; ++j) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = MaxPositions
#pragma HLS PIPELINE II = 1
        const float power = expf(values[j] - peak);
        total += weight_of(power * TwicePeak);
        const float share = to_float(scales[j]) * inverse;
        const vec<int16_t, 1> weight = {{weight_of(power * share)}};
        weights.write(weight);
      }
      const vec<float, 1> factor = {{unit / (float)total}};
      factors.write(factor);
    }
  }
}

/// (float)(sum over positions of weight * value) * factor, per token and head. Sums have 48 bits.
///   w: per token, head and position, one weight
///   v: per token, head and position, HeadBeats beats
///   factors: per token and head, one, after its positions
///   y: per token and head, HeadBeats beats
template <int L, int HeadBeats, int Heads>
void attention_context_int8(hls::stream<vec<int16_t, 1>>& w, hls::stream<vec<int8_t, L>>& v,
                            hls::stream<vec<float, 1>>& factors, hls::stream<vec<float, L>>& y,
                            int tokens, int past) {
  vec<ap_int<48>, L> sums[HeadBeats];
#pragma HLS AGGREGATE variable = sums
#pragma HLS ARRAY_PARTITION variable = sums type = complete
  for (int t = 0; t < tokens; ++t) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = TypicalTokens
    for (int h = 0; h < Heads; ++h) {
      int32_t weight = 0;
      for (int j = 0; j <= past + t; ++j) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = TypicalTokens
        for (int b = 0; b < HeadBeats; ++b) {
#pragma HLS PIPELINE II = 1
          if (b == 0) weight = w.read()[0];
          const vec<int8_t, L> value = v.read();
          vec<ap_int<48>, L> beat;
          for (int i = 0; i < L; ++i) {
#pragma HLS UNROLL
            const int64_t so_far = j == 0 ? 0 : sums[b][i].to_int64();
            beat[i] = so_far + weight * (int32_t)value[i];
          }
          sums[b] = beat;
        }
      }
      float factor = 0.0f;
      for (int b = 0; b < HeadBeats; ++b) {
#pragma HLS PIPELINE II = 1
        if (b == 0) factor = factors.read()[0];
        vec<float, L> beat;
        for (int i = 0; i < L; ++i) {
#pragma HLS UNROLL
          beat[i] = (float)sums[b][i].to_int64() * factor;
        }
        y.write(beat);
      }
    }
  }
}

}  // namespace st

#endif
