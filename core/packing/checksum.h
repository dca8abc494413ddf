// SPDX-License-Identifier: Apache-2.0
/// The checksum of files of words, which the host program and the test benches compute as well.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace st {

/// The sum over all words of 8 bytes of a hash of the word and its number, and a hash of the length
/// in bytes; the last word may lack bytes, which count as zeroes. Hashes are one to one, so that
/// any single changed word changes it; and parts of a file may be summed up in any order.
class Checksum {
 public:
  /// The bytes that follow those before.
  void add(const uint8_t* bytes, size_t count);
  /// Part of the sum: whole words, of which the first one has that number in the file.
  static uint64_t of_words(const uint8_t* bytes, size_t words, uint64_t first);
  /// The checksum of `bytes` bytes of whole words whose parts have that sum.
  static Checksum of_sum(uint64_t sum, uint64_t bytes);

  [[nodiscard]] uint64_t value() const;
  /// 16 hexadecimal digits.
  [[nodiscard]] std::string text() const;

 private:
  uint64_t sum_ = 0;    ///< of whole words
  uint64_t bytes_ = 0;  ///< in all
  std::array<uint8_t, 8> rest_ = {};
};

}  // namespace st
