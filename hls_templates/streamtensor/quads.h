// SPDX-License-Identifier: Apache-2.0
/// Four products in one DSP: those of two int4, of two rows of weights, with two bytes, of two
/// tokens:
///   (row0 + row1 * 2^22) * (token0 + token1 * 2^10)
///     = row0 token0 + row0 token1 * 2^10 + row1 token0 * 2^22 + row1 token1 * 2^32
/// Bytes are within +-127, so that the factors have 27 and 18 bits. A chain of DSPs adds up to
/// ChainLength of these, each of whose results has 13 bits then: three of them are under the next
/// result of the row, and one bit of both results of row 0 is under those of row 1. What lies there
/// is known from the lowest bits of the factors, which LUTs multiply.
#ifndef STREAMTENSOR_QUADS_H
#define STREAMTENSOR_QUADS_H

#include <ap_int.h>

#include <cstdint>

#include "streamtensor/dsp.h"
#include "streamtensor/vec.h"

namespace st {

/// Bits from a result to that of the next token, and of the next row.
constexpr int TokenShift = 10, RowShift = 22;
/// Bits of a result of a chain, and of both results of a row.
constexpr int QuadBits = 13, QuadRowBits = 23;
static_assert(ChainLength * 8 * 127 < 1 << (QuadBits - 1), "a result fits");

/// The int4 of a row in a byte.
inline int half_byte(int8_t byte, int row) {
#pragma HLS INLINE
  return row == 0 ? ((byte & 15) ^ 8) - 8 : byte >> 4;
}

inline ap_int<27> rows_factor(int8_t byte) {
#pragma HLS INLINE
  return half_byte(byte, 1) * (1 << RowShift) + half_byte(byte, 0);
}
inline ap_int<18> tokens_factor(int8_t token0, int8_t token1) {
#pragma HLS INLINE
  return token1 * (1 << TokenShift) + token0;
}

/// The lowest Bits bits of a sum of products of bytes.
template <int Bits, int N>
int low_bits(const vec<int8_t, N>& a, const vec<int8_t, N>& b) {
#pragma HLS INLINE
  constexpr int Mask = (1 << Bits) - 1;
  int sum = 0;
  for (int i = 0; i < N; ++i) {
#pragma HLS UNROLL
    sum = (sum + (a[i] & Mask) * (b[i] & Mask)) & Mask;
  }
  return sum;
}

/// A sum of quads in two parts for each row, of which those of many chains can be added up as they
/// are: the results of both tokens in one number, and that of token 0 by itself. `borrowed`: 1 is
/// missing in row 1.
struct quad_parts {
  int both[2], token0[2];
  int borrowed;
};

/// `bytes`, `token0`, `token1`: the factors that the chain has multiplied.
template <int N>
quad_parts parts_of(int64_t sum, const vec<int8_t, N>& bytes, const vec<int8_t, N>& token0,
                    const vec<int8_t, N>& token1) {
#pragma HLS INLINE
  constexpr int Overlap = QuadBits - TokenShift;
  static_assert(QuadRowBits - RowShift == 1 && N <= ChainLength, "the bits that are computed");
  vec<int8_t, N> upper;
  for (int i = 0; i < N; ++i) {
#pragma HLS UNROLL
    upper[i] = (int8_t)half_byte(bytes[i], 1);
  }
  quad_parts parts;
  parts.both[0] = (int)lower_part<RowShift, QuadRowBits>(sum, low_bits<1>(upper, token0));
  parts.both[1] = (int)(sum >> RowShift);
  parts.borrowed = parts.both[0] < 0 ? 1 : 0;
  const int next[2] = {low_bits<Overlap>(bytes, token1), low_bits<Overlap>(upper, token1)};
  for (int row = 0; row < 2; ++row) {
#pragma HLS UNROLL
    parts.token0[row] = (int)lower_part<TokenShift, QuadBits>(parts.both[row], next[row]);
  }
  return parts;
}

}  // namespace st

#endif
