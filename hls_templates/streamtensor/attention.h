// SPDX-License-Identifier: Apache-2.0
/// Causal attention over a growing cache: query row t sees positions 0 to past + t. Per head,
/// scores, softmax and context move one position after another, so that nothing of the size of the
/// context is streamed at once. `Heads` are query heads; the cache's stream repeats key and value
/// heads where they are shared.
#ifndef STREAMTENSOR_ATTENTION_H
#define STREAMTENSOR_ATTENTION_H

#include <hls_stream.h>

#include <cmath>

#include "streamtensor/vec.h"

namespace st {

/// One score per token, head and position: (query . key) * scale.
///   q: per token and head, HeadBeats beats
///   k: per token, head and position, HeadBeats beats
template <int L, int HeadBeats, int Heads>
void attention_scores(hls::stream<vec<float, L>>& q, hls::stream<vec<float, L>>& k,
                      hls::stream<vec<float, 1>>& scores, float scale, int tokens, int past) {
  vec<float, L> query[HeadBeats];
#pragma HLS AGGREGATE variable = query
  for (int t = 0; t < tokens; ++t) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = TypicalTokens
    for (int h = 0; h < Heads; ++h) {
      for (int b = 0; b < HeadBeats; ++b) {
#pragma HLS PIPELINE II = 1
        query[b] = q.read();
      }
      float dot = 0.0f;
      for (int j = 0; j <= past + t; ++j) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = TypicalTokens
        for (int b = 0; b < HeadBeats; ++b) {
#pragma HLS PIPELINE II = FloatAddInterval
          const vec<float, L> key = k.read();
          vec<float, L> products;
          for (int i = 0; i < L; ++i) {
#pragma HLS UNROLL
            products[i] = query[b][i] * key[i];
          }
          const float so_far = b == 0 ? 0.0f : dot;
          dot = so_far + tree_sum(products);
          if (b == HeadBeats - 1) {
            const vec<float, 1> score = {{dot * scale}};
            scores.write(score);
          }
        }
      }
    }
  }
}

/// Softmax over the positions of each token and head; the maximum is subtracted before the
/// exponential. Needs past + tokens <= MaxPositions.
template <int MaxPositions, int Heads>
void softmax_rows(hls::stream<vec<float, 1>>& scores, hls::stream<vec<float, 1>>& probabilities,
                  int tokens, int past) {
  float values[MaxPositions];
  for (int t = 0; t < tokens; ++t) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = TypicalTokens
    const int positions = past + t + 1;
    for (int h = 0; h < Heads; ++h) {
      float peak = 0.0f;
      for (int j = 0; j < positions; ++j) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = MaxPositions
#pragma HLS PIPELINE II = FloatMaxInterval
        const float score = scores.read()[0];
        values[j] = score;
        peak = j == 0 || score > peak ? score : peak;
      }
      float sum = 0.0f;
      for (int j = 0; j < positions; ++j) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = MaxPositions
#pragma HLS PIPELINE II = FloatAddInterval
        const float power = expf(values[j] - peak);
        values[j] = power;
        sum += power;
      }
      const float inverse = 1.0f / sum;
      for (int j = 0; j < positions; ++j) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = MaxPositions
#pragma HLS PIPELINE II = 1
        const vec<float, 1> probability = {{values[j] * inverse}};
        probabilities.write(probability);
      }
    }
  }
}

/// Sum over positions of probability * value, per token and head.
///   p: per token, head and position, one probability
///   v: per token, head and position, HeadBeats beats
///   y: per token and head, HeadBeats beats
/// A head's beats take turns in the accumulation, which shortens the wait for the addition.
template <int L, int HeadBeats, int Heads>
void attention_context(hls::stream<vec<float, 1>>& p, hls::stream<vec<float, L>>& v,
                       hls::stream<vec<float, L>>& y, int tokens, int past) {
  [[maybe_unused]] constexpr int Interval = (FloatAddInterval + HeadBeats - 1) / HeadBeats;
  vec<float, L> sums[HeadBeats];
#pragma HLS AGGREGATE variable = sums
  for (int t = 0; t < tokens; ++t) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = TypicalTokens
    for (int h = 0; h < Heads; ++h) {
      float weight = 0.0f;
      for (int j = 0; j <= past + t; ++j) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = TypicalTokens
        for (int b = 0; b < HeadBeats; ++b) {
#pragma HLS PIPELINE II = Interval
#pragma HLS DEPENDENCE variable = sums type = inter direction = RAW distance = \
    HeadBeats dependent = true
          if (b == 0) weight = p.read()[0];
          const vec<float, L> value = v.read();
          vec<float, L> beat;
          for (int i = 0; i < L; ++i) {
#pragma HLS UNROLL
            const float so_far = j == 0 ? 0.0f : sums[b][i];
            beat[i] = so_far + weight * value[i];
          }
          sums[b] = beat;
        }
      }
      for (int b = 0; b < HeadBeats; ++b) {
#pragma HLS PIPELINE II = 1
        y.write(sums[b]);
      }
    }
  }
}

}  // namespace st

#endif
