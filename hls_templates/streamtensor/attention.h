// SPDX-License-Identifier: Apache-2.0
/// Causal attention over a growing cache: query row t sees positions 0 to past + t. Per head,
/// scores, softmax and context move one position after another, so that nothing of the size of the
/// context is streamed at once. `Heads` are query heads; the cache's stream repeats key and value
/// heads where they are shared.
#ifndef STREAMTENSOR_ATTENTION_H
#define STREAMTENSOR_ATTENTION_H

#include <hls_stream.h>

#include <cmath>

#include "streamtensor/partial_sums.h"
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
  vec<float, HeadBeats> dots;  // of each beat of a key: no sum is carried from beat to beat
#pragma HLS ARRAY_PARTITION variable = dots.lane type = complete
  for (int t = 0; t < tokens; ++t) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = TypicalTokens
    for (int h = 0; h < Heads; ++h) {
      for (int b = 0; b < HeadBeats; ++b) {
#pragma HLS PIPELINE II = 1
        query[b] = q.read();
      }
      for (int j = 0; j <= past + t; ++j) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = TypicalTokens
        for (int b = 0; b < HeadBeats; ++b) {
#pragma HLS PIPELINE II = 1
          const vec<float, L> key = k.read();
          vec<float, L> products;
          for (int i = 0; i < L; ++i) {
#pragma HLS UNROLL
            products[i] = query[b][i] * key[i];
          }
          dots[b] = tree_sum(products);
          if (b == HeadBeats - 1) {
            const vec<float, 1> score = {{tree_sum(dots) * scale}};
            scores.write(score);
          }
        }
      }
    }
  }
}

/// Softmax over the positions of each token and head; the maximum is subtracted before the
/// exponential. Where `window` is not 0, a row sees its last `window` positions, itself included;
/// those before have probability 0, whatever their scores are. Needs past + tokens <= MaxPositions.
template <int MaxPositions, int Heads>
void softmax_rows(hls::stream<vec<float, 1>>& scores, hls::stream<vec<float, 1>>& probabilities,
                  int window, int tokens, int past) {
  float values[MaxPositions];
  float peaks[PartialPeaks] = {};
#pragma HLS ARRAY_PARTITION variable = peaks type = complete
  partial_sums sums;
#pragma HLS ARRAY_PARTITION variable = sums.lane type = complete
  for (int t = 0; t < tokens; ++t) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = TypicalTokens
    const int positions = past + t + 1;
    const int hidden = window > 0 && positions > window ? positions - window : 0;
    for (int h = 0; h < Heads; ++h) {
      for (int j = 0; j < positions; ++j) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = MaxPositions
#pragma HLS PIPELINE II = 1
#pragma HLS DEPENDENCE variable = peaks type = inter direction = RAW distance = \
    PartialPeaks dependent = true
        const float read = scores.read()[0];
        const float score = j < hidden ? -INFINITY : read;
        values[j] = score;
        float& peak = peaks[j % PartialPeaks];
        peak = j < PartialPeaks || score > peak ? score : peak;
      }
      const float peak = positions > 1 && peaks[1] > peaks[0] ? peaks[1] : peaks[0];
      for (int j = 0; j < positions; ++j) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = MaxPositions
#pragma HLS PIPELINE II = 1
#pragma HLS DEPENDENCE variable = sums type = inter direction = RAW distance = \
    PartialSums dependent = true
        const float power = expf(values[j] - peak);
        values[j] = power;
        add_partial(sums, j, power);
      }
      const float sum = total_of(sums, positions);
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

/// Groups of sums that keep an addition busy: a power of two.
constexpr int context_turns(int head_beats) {
  int turns = 1;
  while (turns * head_beats < FloatAddInterval) turns *= 2;
  return turns;
}

/// Sum over positions of probability * value, per token and head.
///   p: per token, head and position, one probability
///   v: per token, head and position, HeadBeats beats
///   y: per token and head, HeadBeats beats
/// Positions take turns on `Turns` groups of sums, so that each addition is done when its turn
/// comes again; the groups are added at the end of the head.
template <int L, int HeadBeats, int Heads>
void attention_context(hls::stream<vec<float, 1>>& p, hls::stream<vec<float, L>>& v,
                       hls::stream<vec<float, L>>& y, int tokens, int past) {
  constexpr int Turns = context_turns(HeadBeats);
  vec<float, L> sums[Turns][HeadBeats];
#pragma HLS AGGREGATE variable = sums
#pragma HLS ARRAY_PARTITION variable = sums dim = 1 type = complete
  for (int t = 0; t < tokens; ++t) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = TypicalTokens
    for (int h = 0; h < Heads; ++h) {
      float weight = 0.0f;
      for (int j = 0; j <= past + t; ++j) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = TypicalTokens
        for (int b = 0; b < HeadBeats; ++b) {
#pragma HLS PIPELINE II = 1
#pragma HLS DEPENDENCE variable = sums type = inter direction = RAW distance = \
    Turns* HeadBeats dependent = true
          if (b == 0) weight = p.read()[0];
          const vec<float, L> value = v.read();
          vec<float, L> beat;
          for (int i = 0; i < L; ++i) {
#pragma HLS UNROLL
            const float so_far = j < Turns ? 0.0f : sums[j % Turns][b][i];
            beat[i] = so_far + weight * value[i];
          }
          sums[j % Turns][b] = beat;
        }
      }
      for (int b = 0; b < HeadBeats; ++b) {
#pragma HLS PIPELINE II = 1
        vec<float, L> beat;
        for (int i = 0; i < L; ++i) {
#pragma HLS UNROLL
          vec<float, Turns> turns;
          for (int turn = 0; turn < Turns; ++turn) {
#pragma HLS UNROLL
            turns[turn] = turn <= past + t ? sums[turn][b][i] : 0.0f;
          }
          beat[i] = tree_sum(turns);
        }
        y.write(beat);
      }
    }
  }
}

}  // namespace st

#endif
