// SPDX-License-Identifier: Apache-2.0
#include "core/packing/checksum.h"

#include <algorithm>
#include <cstring>

namespace st {
namespace {

constexpr size_t Word = sizeof(uint64_t);

/// degski's mixer of 64 bits: odd factors and shifts by half a word are one to one.
uint64_t mixed(uint64_t x) {
  constexpr uint64_t Factor = 0xd6e8feb86659fd93ULL;
  x ^= x >> 32U;
  x *= Factor;
  x ^= x >> 32U;
  x *= Factor;
  return x ^ x >> 32U;
}

/// The golden ratio's bits keep numbers apart.
uint64_t hash_of(uint64_t word, uint64_t number) {
  constexpr uint64_t Golden = 0x9e3779b97f4a7c15ULL;
  return mixed(word ^ (number + 1) * Golden);
}

}  // namespace

uint64_t Checksum::of_words(const uint8_t* bytes, size_t words, uint64_t first) {
  uint64_t sum = 0;
  for (size_t i = 0; i < words; ++i) {
    uint64_t word = 0;
    std::memcpy(&word, bytes + i * Word, Word);
    sum += hash_of(word, first + i);
  }
  return sum;
}

Checksum Checksum::of_sum(uint64_t sum, uint64_t bytes) {
  Checksum checksum;
  checksum.sum_ = sum;
  checksum.bytes_ = bytes;
  return checksum;
}

void Checksum::add(const uint8_t* bytes, size_t count) {
  const auto fill = [&](size_t most) {
    const size_t at = bytes_ % Word, taken = std::min(count, most);
    std::memcpy(rest_.data() + at, bytes, taken);
    bytes += taken;
    count -= taken;
    bytes_ += taken;
  };
  if (count == 0) return;
  if (bytes_ % Word != 0) {
    fill(Word - bytes_ % Word);
    if (bytes_ % Word != 0) return;
    sum_ += of_words(rest_.data(), 1, bytes_ / Word - 1);
  }
  const size_t words = count / Word;
  sum_ += of_words(bytes, words, bytes_ / Word);
  bytes += words * Word;
  bytes_ += words * Word;
  count %= Word;
  if (count > 0) fill(count);
}

uint64_t Checksum::value() const {
  uint64_t sum = sum_ + mixed(~bytes_);
  if (bytes_ % Word != 0) {
    std::array<uint8_t, Word> last = {};
    std::copy_n(rest_.begin(), bytes_ % Word, last.begin());
    sum += of_words(last.data(), 1, bytes_ / Word);
  }
  return sum;
}

std::string Checksum::text() const {
  const uint64_t sum = value();
  std::string digits(16, '0');
  for (int i = 0; i < 16; ++i) digits[i] = "0123456789abcdef"[(sum >> (60 - 4 * i)) & 15];
  return digits;
}

}  // namespace st
