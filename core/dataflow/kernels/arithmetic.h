// SPDX-License-Identifier: Apache-2.0
/// The order of additions that emitted kernels keep (hls_templates/README.md), written a second
/// time so that each checks the other.
#pragma once

#include <cstdint>
#include <vector>

namespace st {

/// Sum of `values` as a binary tree over neighbours; destroys them. Emitted code adds the lanes of
/// a beat this way.
template <typename T>
T tree_sum(std::vector<T>& values) {
  for (size_t stride = 1; stride < values.size(); stride *= 2) {
    for (size_t i = 0; i + stride < values.size(); i += 2 * stride) values[i] += values[i + stride];
  }
  return values.front();
}

/// Sum over a row: lanes by tree, beats one after another. `term(i)` is the i-th of `count` terms.
template <typename T, typename Term>
T row_sum(int64_t count, int64_t lanes, const Term& term) {
  T sum = 0;
  std::vector<T> beat(lanes);
  for (int64_t first = 0; first < count; first += lanes) {
    for (int64_t lane = 0; lane < lanes; ++lane) beat[lane] = term(first + lane);
    sum += tree_sum(beat);
  }
  return sum;
}

}  // namespace st
