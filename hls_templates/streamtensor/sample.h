// SPDX-License-Identifier: Apache-2.0
/// The token that follows a row: the one with the largest logit, or a random one of the largest.
/// Logits are compared as integers of the same order, so that a comparison takes a cycle.
#ifndef STREAMTENSOR_SAMPLE_H
#define STREAMTENSOR_SAMPLE_H

#include <hls_stream.h>

#include <cmath>

#include "streamtensor/float_order.h"
#include "streamtensor/vec.h"

namespace st {

/// An id of the vocabulary; of two with equal logits the smaller one comes first.
struct candidate {
  int order;  ///< of its logit among all floats
  int id;
};

inline bool comes_before(const candidate& a, const candidate& b) {
#pragma HLS INLINE
  return a.order > b.order || (a.order == b.order && a.id < b.id);
}

/// The candidate in lane `i` of beat `b`; behind the vocabulary there are none.
template <int L, int Vocabulary>
candidate candidate_of(const vec<float, L>& beat, int b, int i) {
#pragma HLS INLINE
  const candidate made = {b * L + i < Vocabulary ? order_of(beat[i]) : NoOrder, b * L + i};
  return made;
}

/// The id with the largest logit of each row, the first of equals. Each lane finds its own first.
template <int L, int Beats, int Vocabulary>
void greedy_rows(hls::stream<vec<float, L>>& logits, hls::stream<vec<int, 1>>& ids, int tokens) {
  candidate best[L];
#pragma HLS ARRAY_PARTITION variable = best type = complete
  for (int t = 0; t < tokens; ++t) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = TypicalTokens
    for (int b = 0; b < Beats; ++b) {
#pragma HLS PIPELINE II = 1
      const vec<float, L> beat = logits.read();
      for (int i = 0; i < L; ++i) {
#pragma HLS UNROLL
        const candidate next = candidate_of<L, Vocabulary>(beat, b, i);
        if (b == 0 || next.order > best[i].order) best[i] = next;
      }
    }
    candidate first = best[0];
    for (int i = 0; i < L; ++i) {
#pragma HLS PIPELINE II = 1
      if (comes_before(best[i], first)) first = best[i];
    }
    const vec<int, 1> id = {{first.id}};
    ids.write(id);
  }
}

/// Puts `next` where it belongs among the K largest of a lane, which are sorted.
template <int K>
void insert_candidate(candidate (&kept)[K], const candidate& next, bool empty) {
#pragma HLS INLINE
  bool above[K];
  for (int k = 0; k < K; ++k) {
#pragma HLS UNROLL
    if (empty) kept[k].order = NoOrder;
    above[k] = next.order > kept[k].order;
  }
  for (int k = K - 1; k >= 0; --k) {
#pragma HLS UNROLL
    if (k > 0 && above[k - 1]) {
      kept[k] = kept[k - 1];
    } else if (above[k]) {
      kept[k] = next;
    }
  }
}

/// A random id of the largest ones of each row. `draws` has for each row
///   [0] temperature: 0 takes the largest
///   [1] a number from 0 to 1, exclusive, that decides
///   [2] how many of the largest take part, 1 to K
/// Id number n of them has the weight exp((logit n - logit 0) / temperature); taken is the first
/// one up to which the weights exceed the drawn part of their sum.
template <int L, int Beats, int Vocabulary, int K>
void sample_rows(hls::stream<vec<float, L>>& logits, hls::stream<vec<float, 4>>& draws,
                 hls::stream<vec<int, 1>>& ids, int tokens) {
  candidate kept[L][K];  // the largest of each lane
#pragma HLS ARRAY_PARTITION variable = kept dim = 0 type = complete
  candidate largest[K];  // of the row
  float weights[K];      // of these up to each one
  for (int t = 0; t < tokens; ++t) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = TypicalTokens
    const vec<float, 4> draw = draws.read();
    for (int b = 0; b < Beats; ++b) {
#pragma HLS PIPELINE II = 1
      const vec<float, L> beat = logits.read();
      for (int i = 0; i < L; ++i) {
#pragma HLS UNROLL
        insert_candidate<K>(kept[i], candidate_of<L, Vocabulary>(beat, b, i), b == 0);
      }
    }
    for (int k = 0; k < K; ++k) {
#pragma HLS PIPELINE II = 4
      int lane = 0;
      for (int i = 1; i < L; ++i) {
#pragma HLS UNROLL
        if (comes_before(kept[i][0], kept[lane][0])) lane = i;
      }
      largest[k] = kept[lane][0];
      for (int i = 0; i < L; ++i) {
#pragma HLS UNROLL
        for (int n = 0; n < K; ++n) {
#pragma HLS UNROLL
          if (i == lane && n + 1 < K) kept[i][n] = kept[i][n + 1];
          if (i == lane && n + 1 == K) kept[i][n].order = NoOrder;
        }
      }
    }
    const float inverse = draw[0] > 0.0f ? 1.0f / draw[0] : 0.0f;
    float total = 0.0f;
    for (int k = 0; k < K; ++k) {
#pragma HLS PIPELINE II = FloatAddInterval
      const bool counts =
          k == 0 || (draw[0] > 0.0f && (float)k < draw[2] && largest[k].order != NoOrder);
      const float below = value_of(largest[k].order) - value_of(largest[0].order);
      total += counts ? expf(below * inverse) : 0.0f;
      weights[k] = total;
    }
    const float drawn = draw[1] * total;
    int chosen = largest[0].id;
    bool open = true;
    for (int k = 0; k < K; ++k) {
#pragma HLS PIPELINE II = 1
      if (open && weights[k] > drawn) {
        chosen = largest[k].id;
        open = false;
      }
    }
    const vec<int, 1> id = {{chosen}};
    ids.write(id);
  }
}

}  // namespace st

#endif
