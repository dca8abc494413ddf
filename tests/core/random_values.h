// SPDX-License-Identifier: Apache-2.0
/// Random numbers, shapes and tensors that are the same on every machine.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/graph/tensor.h"

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

/// Values in [-scale, scale).
Tensor random_f32(Random& random, std::vector<int64_t> shape, float scale = 1.0f);
/// The whole range of i8.
Tensor random_i8(Random& random, std::vector<int64_t> shape);

/// A small shape of rank 0 to 4, now and then with an extent of 0.
std::vector<int64_t> any_shape(Random& random);
/// A tensor of that shape, or of part of it, or of any other; mostly f32. Integers are small.
Tensor any_tensor(Random& random, const std::vector<int64_t>& base);

}  // namespace st::test
