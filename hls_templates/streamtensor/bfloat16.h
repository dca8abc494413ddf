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

/// The float of the same value: wires alone.
inline float to_float(bfloat16 value) {
#pragma HLS INLINE
  union {
    uint32_t bits;
    float value;
  } whole;
  whole.bits = (uint32_t)value.bits << 16;
  return whole.value;
}

}  // namespace st

#endif
