// SPDX-License-Identifier: Apache-2.0
/// Element types that C++20 does not have: 16-bit floats, and a bool that a vector stores as it is.
#pragma once

#include <bit>
#include <cstdint>

namespace st {

/// The bits of the IEEE binary format with that many bits of exponent and mantissa that is nearest
/// to `value`; ties go to the even one, what is too large to infinity.
uint16_t half_bits(double value, int exponent_bits, int mantissa_bits);
/// The value of such bits; all of them are doubles.
double half_value(uint16_t bits, int exponent_bits, int mantissa_bits);

/// A 16-bit float. It is a value to store: arithmetic is done in double, and rounded once.
template <int ExponentBits, int MantissaBits>
struct HalfFloat {
  uint16_t bits = 0;

  HalfFloat() = default;
  explicit HalfFloat(double value) : bits(half_bits(value, ExponentBits, MantissaBits)) {}
  explicit operator double() const { return half_value(bits, ExponentBits, MantissaBits); }
  /// As floats are compared: the zeroes are equal, a NaN differs from itself.
  friend bool operator==(HalfFloat a, HalfFloat b) {
    return static_cast<double>(a) == static_cast<double>(b);
  }
};

using Float16 = HalfFloat<5, 10>;
using BFloat16 = HalfFloat<8, 7>;

/// BFloat16(value) for a float that is no NaN, in a few instructions: the upper half of its bits.
inline uint16_t bfloat16_bits(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  return static_cast<uint16_t>((bits + 0x7fffU + (bits >> 16U & 1U)) >> 16U);
}
/// The value of such bits.
inline float bfloat16_value(uint16_t bits) {
  return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16U);
}

/// A bool of one byte: std::vector<bool> packs its elements.
struct Boolean {
  bool value = false;

  Boolean() = default;
  explicit Boolean(bool truth) : value(truth) {}
  explicit operator bool() const { return value; }
  friend bool operator==(Boolean, Boolean) = default;
};

}  // namespace st
