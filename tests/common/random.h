// SPDX-License-Identifier: Apache-2.0
/// Random numbers that are the same on every machine.
#pragma once

#include <cstdint>
#include <vector>

namespace st::test {

/// SplitMix64: distributions of the standard library differ between implementations.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t next();
  /// 0 .. n - 1.
  int64_t below(int64_t n) { return static_cast<int64_t>(next() % static_cast<uint64_t>(n)); }
  /// Both ends included.
  int64_t between(int64_t low, int64_t high) { return low + below(high - low + 1); }
  /// In [-1, 1).
  float real();
  bool chance(double probability) { return 0.5 * (real() + 1.0) < probability; }
  template <typename T>
  T pick(const std::vector<T>& from) {
    return from[below(static_cast<int64_t>(from.size()))];
  }

 private:
  uint64_t state_;
};

}  // namespace st::test
