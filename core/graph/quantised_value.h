// SPDX-License-Identifier: Apache-2.0
/// Between a float and the integer that stands for it, in the reference and in constants.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace st {

/// Largest magnitudes of quantised values. The lowest number of each type is not used, so that a
/// row and its negative are quantised alike.
inline constexpr float Int8Peak = 127.0f;
inline constexpr float Int4Peak = 7.0f;

/// Rounds half away from zero, and clamps to +-peak. Clamping comes first, as in the emitted
/// kernel: the conversion of what is not a number, or out of range, is undefined.
inline int8_t rounded(float value, float inverse, float peak = Int8Peak) {
  const float v = value * inverse;
  const float low = v >= -peak ? v : -peak;
  const float clamped = low <= peak ? low : peak;
  return static_cast<int8_t>(clamped + (clamped >= 0.0f ? 0.5f : -0.5f));
}

/// Largest magnitude.
inline float peak_of(const float* row, int64_t count) {
  float peak = 0.0f;
  for (int64_t i = 0; i < count; ++i) peak = std::max(peak, std::fabs(row[i]));
  return peak;
}

}  // namespace st
