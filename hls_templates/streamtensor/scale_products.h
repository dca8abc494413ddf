// SPDX-License-Identifier: Apache-2.0
/// Products of a float and a number of few bits: a DSP each, or two, where a multiplier of floats
/// takes three. They are those of IEEE floats, rounded to the nearest with ties to even, but that
/// results below the normal ones are 0, as in all synthesised arithmetic, and so is a negative 0.
#ifndef STREAMTENSOR_SCALE_PRODUCTS_H
#define STREAMTENSOR_SCALE_PRODUCTS_H

#include <cstdint>

#include "streamtensor/bfloat16.h"

namespace st {

/// Bits of a magnitude up to `largest`.
constexpr int bits_up_to(int64_t largest) {
  int bits = 1;
  while (largest >> bits != 0) ++bits;
  return bits;
}

/// The parts of a float: 24 bits of magnitude, the highest one of which is 1. Those below the
/// normal ones have exponent 0.
struct float_parts {
  bool negative;
  int exponent;
  uint32_t magnitude;
};
inline float_parts float_parts_of(float value) {
#pragma HLS INLINE
  whole_float whole;
  whole.value = value;
  return {whole.bits >> 31 != 0, (int)(whole.bits >> 23 & 255), (whole.bits & 0x7fffff) | 0x800000};
}

/// A product of magnitudes as a float: at least 2^(Width - 2), less than 2^Width. `exponent` is
/// that of the float if it is less than 2^(Width - 1).
template <int Width>
float rounded(bool negative, int exponent, uint64_t product) {
#pragma HLS INLINE
  constexpr int Dropped = Width - 24;
  const bool carries = product >> (Width - 1) != 0;
  const uint64_t leading = carries ? product : product << 1;
  const uint32_t kept = (uint32_t)(leading >> Dropped);
  const uint64_t rest = leading & (((uint64_t)1 << Dropped) - 1);
  const uint64_t half = (uint64_t)1 << (Dropped - 1);
  const bool up = rest > half || (rest == half && (kept & 1) != 0);
  const int of_float = carries ? exponent + 1 : exponent;
  whole_float whole;
  whole.bits = ((uint32_t)of_float << 23) + (kept & 0x7fffff) + (up ? 1 : 0);
  if (of_float > 254) whole.bits = 0x7f800000;
  if (negative) whole.bits |= 0x80000000;
  if (of_float < 1) whole.bits = 0;
  return whole.value;
}

/// factor * scale, of which the magnitude of the scale has Bits bits; the others are 0. A DSP
/// multiplies 24 bits with 17.
template <int Bits>
float scaled_by(float factor, float scale) {
#pragma HLS INLINE
  static_assert(Bits <= 17, "one DSP");
  const float_parts a = float_parts_of(factor), b = float_parts_of(scale);
  const uint64_t product = (uint64_t)a.magnitude * (b.magnitude >> (24 - Bits));
  const int exponent = a.exponent + b.exponent - 127;
  const float result = rounded<24 + Bits>(a.negative != b.negative, exponent, product);
  return a.exponent == 0 || b.exponent == 0 ? 0.0f : result;
}
inline float scaled_by(float factor, bfloat16 scale) {
#pragma HLS INLINE
  return scaled_by<8>(factor, to_float(scale));
}

/// value * scale, of a value that is less than 2^Bits in magnitude: it is a float without being
/// rounded. More than 17 bits take two DSPs.
template <int Bits>
float scaled_int(int value, float scale) {
#pragma HLS INLINE
  static_assert(Bits <= 24, "the value is a float");
  const float_parts of_scale = float_parts_of(scale);
  const uint32_t magnitude = (uint32_t)(value < 0 ? -value : value) & ((1u << Bits) - 1);
  int top = 0;
  for (int b = 1; b < Bits; ++b) {
#pragma HLS UNROLL
    if ((magnitude >> b & 1) != 0) top = b;
  }
  const uint64_t product = (uint64_t)(magnitude << (Bits - 1 - top)) * of_scale.magnitude;
  const float result =
      rounded<Bits + 24>((value < 0) != of_scale.negative, of_scale.exponent + top, product);
  return magnitude == 0 || of_scale.exponent == 0 ? 0.0f : result;
}

/// The same of any sum of products; one that is no float is rounded first.
template <int Bits>
float scaled_sum(int sum, float scale) {
#pragma HLS INLINE
  if constexpr (Bits <= 24) return scaled_int<Bits>(sum, scale);
  return (float)sum * scale;
}

}  // namespace st

#endif
