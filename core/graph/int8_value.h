// SPDX-License-Identifier: Apache-2.0
/// Between a float and the int8 that stands for it, in the reference and in constants.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace st {

/// Rounds half away from zero. Clamping comes first, as in the emitted kernel: the conversion of
/// what is not a number, or out of range, is undefined.
inline int8_t rounded(float value, float inverse) {
  const float v = value * inverse;
  const float low = v >= -127.0f ? v : -127.0f;
  const float clamped = low <= 127.0f ? low : 127.0f;
  return static_cast<int8_t>(clamped + (clamped >= 0.0f ? 0.5f : -0.5f));
}

/// Largest magnitude.
inline float peak_of(const float* row, int64_t count) {
  float peak = 0.0f;
  for (int64_t i = 0; i < count; ++i) peak = std::max(peak, std::fabs(row[i]));
  return peak;
}

}  // namespace st
