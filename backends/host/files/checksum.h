// SPDX-License-Identifier: Apache-2.0
/// The checksum of parameter files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace host {

/// The sum over all words of 8 bytes, little-endian and the last one filled up with zeroes, of a
/// hash of the word and its number, and a hash of the size. Each hash is one to one, so that any
/// changed byte changes it. Catches damage and mix-ups, not an attacker.
inline std::uint64_t checksum(const void* data, std::size_t size) {
  constexpr std::uint64_t Golden = 0x9e3779b97f4a7c15;
  constexpr std::uint64_t Factor = 0xd6e8feb86659fd93;  // of degski's mixer
  const auto mixed = [](std::uint64_t x) {
    x = (x ^ x >> 32) * Factor;
    x = (x ^ x >> 32) * Factor;
    return x ^ x >> 32;
  };
  const auto* bytes = static_cast<const unsigned char*>(data);
  std::uint64_t sum = mixed(~static_cast<std::uint64_t>(size)), number = 0;
  for (std::size_t at = 0; at < size; at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes + at, size - at < 8 ? size - at : 8);
    sum += mixed(word ^ ++number * Golden);
  }
  return sum;
}

}  // namespace host
