// SPDX-License-Identifier: Apache-2.0
/// The checksum of files of a build directory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

namespace host {

/// The sum over all words of 8 bytes, little-endian and the last one filled up with zeroes, of a
/// hash of the word and its number, and a hash of the size. Each hash is one to one, so that any
/// changed byte changes it. Catches damage and mix-ups, not an attacker.
class Checksum {
 public:
  /// The bytes that follow those before. All parts but the last one are whole words.
  void add(const void* data, std::size_t size) {
    constexpr std::uint64_t Golden = 0x9e3779b97f4a7c15;
    const auto* bytes = static_cast<const unsigned char*>(data);
    for (std::size_t at = 0; at < size; at += 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, bytes + at, size - at < 8 ? size - at : 8);
      sum_ += mixed(word ^ ++words_ * Golden);
    }
    size_ += size;
  }

  [[nodiscard]] std::uint64_t value() const { return sum_ + mixed(~size_); }

 private:
  static std::uint64_t mixed(std::uint64_t x) {
    constexpr std::uint64_t Factor = 0xd6e8feb86659fd93;  // of degski's mixer
    x = (x ^ x >> 32) * Factor;
    x = (x ^ x >> 32) * Factor;
    return x ^ x >> 32;
  }

  std::uint64_t sum_ = 0;
  std::uint64_t words_ = 0;
  std::uint64_t size_ = 0;
};

/// The checksum of a whole text.
inline std::uint64_t checksum(const std::string& bytes) {
  Checksum sum;
  sum.add(bytes.data(), bytes.size());
  return sum.value();
}

}  // namespace host
