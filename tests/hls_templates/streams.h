// SPDX-License-Identifier: Apache-2.0
/// Feeding streams from arrays, and reading them back, in tests of single kernels.
#ifndef STREAMTENSOR_TESTS_STREAMS_H
#define STREAMTENSOR_TESTS_STREAMS_H

#include <cstdint>
#include <random>
#include <vector>

#include "streamtensor/kernels.h"

namespace test {

/// A stream deep enough that a kernel can be called as a plain function.
template <typename T, int L>
using Wide = hls::stream<st::vec<T, L>, 65536>;

template <typename T, int L>
void feed(hls::stream<st::vec<T, L>>& stream, const std::vector<T>& values) {
  for (std::size_t i = 0; i < values.size(); i += L) {
    st::vec<T, L> beat;
    for (int l = 0; l < L; ++l) beat[l] = values[i + static_cast<std::size_t>(l)];
    stream.write(beat);
  }
}

/// All that is in the stream now.
template <typename T, int L>
std::vector<T> drain(hls::stream<st::vec<T, L>>& stream) {
  std::vector<T> values;
  while (!stream.empty()) {
    const st::vec<T, L> beat = stream.read();
    values.insert(values.end(), beat.lane, beat.lane + L);
  }
  return values;
}

/// `count` floats in [-2, 2), the same for the same seed.
inline std::vector<float> random_floats(std::size_t count, unsigned seed) {
  std::mt19937 generator(seed);
  std::vector<float> values(count);
  for (float& value : values) {
    value = static_cast<float>(generator() >> 8) * 0x1p-22f - 2.0f;
  }
  return values;
}

/// `rows` copies of a row: how a parameter arrives, once per token.
inline std::vector<float> repeat(const std::vector<float>& row, int rows) {
  std::vector<float> all;
  for (int r = 0; r < rows; ++r) all.insert(all.end(), row.begin(), row.end());
  return all;
}

/// Rows of `width` values as a reader gets them that takes each one `times` times.
template <typename T>
std::vector<T> again(const std::vector<T>& rows, std::size_t width, int times) {
  std::vector<T> all;
  for (std::size_t first = 0; first < rows.size(); first += width) {
    for (int n = 0; n < times; ++n) {
      for (std::size_t i = 0; i < width; ++i) all.push_back(rows[first + i]);
    }
  }
  return all;
}

/// Sum of neighbours, then of neighbouring sums: an independent spelling of the contract, by
/// recursion over the largest power of two below the count.
template <typename T>
T tree(const T* values, int count) {
  if (count == 1) return values[0];
  int left = 1;
  while (left * 2 < count) left *= 2;
  return tree(values, left) + tree(values + left, count - left);
}

/// Term n into sum n mod 8, and then these by tree: an independent spelling of the contract of
/// partial sums.
inline float in_turns(const std::vector<float>& terms) {
  float sums[8] = {};
  for (std::size_t n = 0; n < terms.size(); ++n) sums[n % 8] += terms[n];
  return tree(sums, 8);
}

}  // namespace test

#endif
