// SPDX-License-Identifier: Apache-2.0
/// Floats as integers of the same order, which are compared in a cycle.
#ifndef STREAMTENSOR_FLOAT_ORDER_H
#define STREAMTENSOR_FLOAT_ORDER_H

namespace st {

union float_bits {
  float value;
  int bits;
};

/// Floats in their order, as integers; -0 is 0. No float has NoOrder.
inline int order_of(float value) {
#pragma HLS INLINE
  float_bits as;
  as.value = value;
  return as.bits >= 0 ? as.bits : -(as.bits & 0x7fffffff);
}
inline float value_of(int order) {
#pragma HLS INLINE
  float_bits as;
  as.bits = order >= 0 ? order : (-order | (-0x7fffffff - 1));
  return as.value;
}
constexpr int NoOrder = -0x7fffffff - 1;

}  // namespace st

#endif
