// SPDX-License-Identifier: Apache-2.0
/// An integer of four bits, -8 .. 7, which C++20 does not have.
#pragma once

#include <cstdint>
#include <limits>

namespace st {

/// It takes a byte in memory, whose upper half is zero: what ap_int<4> of C simulation looks like,
/// so that recorded streams need no translation. In words of device memory two share a byte
/// (core/packing/pack.h).
struct Int4 {
  uint8_t bits = 0;

  constexpr Int4() = default;
  /// The lowest four bits of a number.
  constexpr explicit Int4(int64_t value) : bits(static_cast<uint8_t>(value & 15)) {}
  constexpr operator int() const { return static_cast<int>(bits ^ 8U) - 8; }
  friend constexpr bool operator==(Int4, Int4) = default;
};
static_assert(sizeof(Int4) == 1 && Int4(-8) == -8 && Int4(7) == 7 && Int4(-1).bits == 15);

}  // namespace st

template <>
struct std::numeric_limits<st::Int4> {
  // NOLINTNEXTLINE(readability-identifier-naming): the standard's name
  static constexpr bool is_specialized = true;
  static constexpr st::Int4 min() { return st::Int4(-8); }
  static constexpr st::Int4 lowest() { return st::Int4(-8); }
  static constexpr st::Int4 max() { return st::Int4(7); }
};
