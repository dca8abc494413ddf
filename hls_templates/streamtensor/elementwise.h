// SPDX-License-Identifier: Apache-2.0
/// Kernels that treat each value alone. Rows are `Beats` beats of L floats; `tokens` rows per
/// launch.
#ifndef STREAMTENSOR_ELEMENTWISE_H
#define STREAMTENSOR_ELEMENTWISE_H

#include <hls_stream.h>

#include <cmath>

#include "streamtensor/vec.h"

namespace st {

/// out = Op(a, b), lane by lane.
template <typename Op, int L, int Beats>
void map_pairs(hls::stream<vec<float, L>>& a, hls::stream<vec<float, L>>& b,
               hls::stream<vec<float, L>>& out, int tokens) {
#pragma HLS INLINE
  for (int n = 0; n < tokens * Beats; ++n) {
#pragma HLS LOOP_TRIPCOUNT min = Beats max = Beats * TypicalTokens
#pragma HLS PIPELINE II = 1
    const vec<float, L> left = a.read();
    const vec<float, L> right = b.read();
    vec<float, L> result;
    for (int i = 0; i < L; ++i) {
#pragma HLS UNROLL
      result[i] = Op::apply(left[i], right[i]);
    }
    out.write(result);
  }
}

/// y = Op(x), lane by lane.
template <typename Op, int L, int Beats>
void map_values(hls::stream<vec<float, L>>& x, hls::stream<vec<float, L>>& y, int tokens) {
#pragma HLS INLINE
  for (int n = 0; n < tokens * Beats; ++n) {
#pragma HLS LOOP_TRIPCOUNT min = Beats max = Beats * TypicalTokens
#pragma HLS PIPELINE II = 1
    const vec<float, L> value = x.read();
    vec<float, L> result;
    for (int i = 0; i < L; ++i) {
#pragma HLS UNROLL
      result[i] = Op::apply(value[i]);
    }
    y.write(result);
  }
}

/// The functions themselves; the order of operations is part of the contract. Their names are those
/// of the kernels.
namespace op {

struct add {
  static constexpr int operands = 2;
  static float apply(float a, float b) { return a + b; }
};
struct subtract {
  static constexpr int operands = 2;
  static float apply(float a, float b) { return a - b; }
};
struct multiply {
  static constexpr int operands = 2;
  static float apply(float a, float b) { return a * b; }
};
struct divide {
  static constexpr int operands = 2;
  static float apply(float a, float b) { return a / b; }
};

struct gelu_tanh {
  static constexpr int operands = 1;
  static float apply(float x) {
    const float cube = ((0.044715f * x) * x) * x;
    return (0.5f * x) * (1.0f + tanhf(0.7978845608028654f * (x + cube)));
  }
};
struct gelu_erf {
  static constexpr int operands = 1;
  static float apply(float x) { return (0.5f * x) * (1.0f + erff(x * 0.7071067811865476f)); }
};
struct silu {
  static constexpr int operands = 1;
  static float apply(float x) { return x / (1.0f + expf(-x)); }
};
struct sigmoid {
  static constexpr int operands = 1;
  static float apply(float x) { return 1.0f / (1.0f + expf(-x)); }
};
struct tanh_act {
  static constexpr int operands = 1;
  static float apply(float x) { return tanhf(x); }
};
struct relu {
  static constexpr int operands = 1;
  static float apply(float x) { return x > 0.0f ? x : 0.0f; }
};

}  // namespace op

/// One operation of a chain, lane by lane. `next` counts the operands that are used up.
template <typename Op, int L, int Count>
vec<float, L> chained(const vec<float, L>& value, const vec<float, L> (&operands)[Count],
                      int& next) {
#pragma HLS INLINE
  vec<float, L> result;
  for (int i = 0; i < L; ++i) {
#pragma HLS UNROLL
    if constexpr (Op::operands == 2) {
      result[i] = Op::apply(value[i], operands[next][i]);
    } else {
      result[i] = Op::apply(value[i]);
    }
  }
  next += Op::operands - 1;
  return result;
}

/// Several operations in one loop: a value starts as a beat of the first input, goes through `Ops`
/// in order, and is written. An operation of two operands takes the value as its first one, and a
/// beat of the next input as its second one. All inputs are read before the write, in order.
template <int L, int Beats, typename... Ops, typename... Ins>
void map(hls::stream<vec<float, L>>& out, int tokens, Ins&... ins) {
  static_assert(((Ops::operands - 1) + ... + 1) == sizeof...(Ins),
                "one input, and one more per operation of two operands");
  for (int n = 0; n < tokens * Beats; ++n) {
#pragma HLS LOOP_TRIPCOUNT min = Beats max = Beats * TypicalTokens
#pragma HLS PIPELINE II = 1
    const vec<float, L> operands[] = {ins.read()...};  // read from left to right
    vec<float, L> value = operands[0];
    int next = 1;
    ((value = chained<Ops>(value, operands, next)), ...);
    out.write(value);
  }
}

/// out = a + b.
template <int L, int Beats>
void add(hls::stream<vec<float, L>>& a, hls::stream<vec<float, L>>& b,
         hls::stream<vec<float, L>>& out, int tokens) {
  map_pairs<op::add, L, Beats>(a, b, out, tokens);
}

/// out = a - b.
template <int L, int Beats>
void subtract(hls::stream<vec<float, L>>& a, hls::stream<vec<float, L>>& b,
              hls::stream<vec<float, L>>& out, int tokens) {
  map_pairs<op::subtract, L, Beats>(a, b, out, tokens);
}

/// out = a * b.
template <int L, int Beats>
void multiply(hls::stream<vec<float, L>>& a, hls::stream<vec<float, L>>& b,
              hls::stream<vec<float, L>>& out, int tokens) {
  map_pairs<op::multiply, L, Beats>(a, b, out, tokens);
}

/// out = a / b.
template <int L, int Beats>
void divide(hls::stream<vec<float, L>>& a, hls::stream<vec<float, L>>& b,
            hls::stream<vec<float, L>>& out, int tokens) {
  map_pairs<op::divide, L, Beats>(a, b, out, tokens);
}

/// GELU by the approximation with tanh.
template <int L, int Beats>
void gelu_tanh(hls::stream<vec<float, L>>& x, hls::stream<vec<float, L>>& y, int tokens) {
  map_values<op::gelu_tanh, L, Beats>(x, y, tokens);
}

/// GELU by the error function.
template <int L, int Beats>
void gelu_erf(hls::stream<vec<float, L>>& x, hls::stream<vec<float, L>>& y, int tokens) {
  map_values<op::gelu_erf, L, Beats>(x, y, tokens);
}

/// x * sigmoid(x), as one division.
template <int L, int Beats>
void silu(hls::stream<vec<float, L>>& x, hls::stream<vec<float, L>>& y, int tokens) {
  map_values<op::silu, L, Beats>(x, y, tokens);
}

/// 1 / (1 + exp(-x)).
template <int L, int Beats>
void sigmoid(hls::stream<vec<float, L>>& x, hls::stream<vec<float, L>>& y, int tokens) {
  map_values<op::sigmoid, L, Beats>(x, y, tokens);
}

/// Hyperbolic tangent.
template <int L, int Beats>
void tanh_act(hls::stream<vec<float, L>>& x, hls::stream<vec<float, L>>& y, int tokens) {
  map_values<op::tanh_act, L, Beats>(x, y, tokens);
}

/// max(x, 0); a value that is not a number becomes 0.
template <int L, int Beats>
void relu(hls::stream<vec<float, L>>& x, hls::stream<vec<float, L>>& y, int tokens) {
  map_values<op::relu, L, Beats>(x, y, tokens);
}

}  // namespace st

#endif
