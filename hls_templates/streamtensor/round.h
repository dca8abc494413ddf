// SPDX-License-Identifier: Apache-2.0
/// Floats to integers of few bits, by the bits of the float: a short shift in place of an addition
/// and a conversion to 32 bits.
#ifndef STREAMTENSOR_ROUND_H
#define STREAMTENSOR_ROUND_H

#include <cstdint>

#include "streamtensor/bfloat16.h"

namespace st {

/// Largest magnitude of a quantised value; -128 is not used, so that the range is symmetric.
constexpr float QuantizedPeak = 127.0f;

/// Of the magnitude of a float what is before the point, if that has at most Bits bits.
template <int Bits>
int whole_part(uint32_t bits) {
#pragma HLS INLINE
  constexpr int One = 127, Last = One + Bits - 1;  // exponents
  const int exponent = (int)(bits >> 23 & 255);
  const uint32_t leading = (bits & 0x7fffff) >> (24 - Bits) | 1u << (Bits - 1);
  return exponent < One || exponent > Last ? 0 : (int)(leading >> (Last - exponent));
}

/// Rounds half away from zero, and clamps to +-127; what is no number becomes -127. The float below
/// 0.5 becomes 1, as it does where 0.5 is added to it.
inline int8_t quantize_value(float value) {
#pragma HLS INLINE
  constexpr int Bits = 8, Most = 127;  // bits of twice the value
  whole_float whole;
  whole.value = value;
  const uint32_t magnitude = whole.bits & 0x7fffffff;
  whole_float twice;
  twice.bits = magnitude + (1u << 23);
  const bool large = magnitude >= 0x43000000;  // 128
  const int nearest = (whole_part<Bits>(twice.bits) + 1) >> 1;
  const bool clamped = large || nearest > Most;
  const int rounded = magnitude == 0x3effffff ? 1 : clamped ? Most : nearest;
  const bool negative = whole.bits >> 31 != 0 || magnitude > 0x7f800000;
  return (int8_t)(negative ? -rounded : rounded);
}

/// The integer nearest to half of what is not negative, and less than 2^16.
inline int16_t weight_of(float twice) {
#pragma HLS INLINE
  whole_float whole;
  whole.value = twice;
  return (int16_t)((whole_part<16>(whole.bits) + 1) >> 1);
}

}  // namespace st

#endif
