// SPDX-License-Identifier: Apache-2.0
/// A float of 16 bits: the upper half of a float.
#ifndef STREAMTENSOR_BFLOAT16_H
#define STREAMTENSOR_BFLOAT16_H

#include <cstdint>

namespace st {

/// A value to store; arithmetic is done in float.
struct bfloat16 {
  uint16_t bits;
};
inline bool operator==(bfloat16 a, bfloat16 b) { return a.bits == b.bits; }

/// A float and its bits; synthesis turns this union into wires.
union whole_float {
  uint32_t bits;
  float value;
};

/// The float of the same value: wires alone.
inline float to_float(bfloat16 value) {
#pragma HLS INLINE
  whole_float whole;
  whole.bits = (uint32_t)value.bits << 16;
  return whole.value;
}

/// A scale may be of either type.
inline float to_float(float value) {
#pragma HLS INLINE
  return value;
}

/// The nearest one to a float that is a number; ties go to the even one.
inline bfloat16 to_bfloat16(float value) {
#pragma HLS INLINE
  whole_float whole;
  whole.value = value;
  const bfloat16 rounded = {(uint16_t)((whole.bits + 0x7fffU + (whole.bits >> 16 & 1U)) >> 16)};
  return rounded;
}

/// The one that has the value of a float: wires again.
inline bfloat16 exact_bfloat16(float value) {
#pragma HLS INLINE
  whole_float whole;
  whole.value = value;
  const bfloat16 upper = {(uint16_t)(whole.bits >> 16)};
  return upper;
}

}  // namespace st

#endif
