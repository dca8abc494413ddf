// SPDX-License-Identifier: Apache-2.0
/// Sizes of converters over random pairs of types.
#pragma once

#include "core/itensor/conversion.h"
#include "tests/itensor/random_pairs.h"

namespace st::test {

/// Elements that a converter between two random types holds.
struct BufferSizes {
  int64_t ours;   ///< the plan's buffer
  int64_t paper;  ///< both halves of the paper's ping-pong
  int64_t bound;  ///< what any converter must hold
};

/// Of the first `pairs` random pairs.
inline std::vector<BufferSizes> buffer_sizes(int pairs) {
  std::mt19937_64 random(PairsSeed);
  std::vector<BufferSizes> sizes;
  for (int n = 0; n < pairs; ++n) {
    const TypePair pair = random_pair(random, PairsLargest);
    sizes.push_back({plan_conversion(pair.source, {pair.result}).window,
                     paper_elements(pair.source, pair.result),
                     live_bound(pair.source, pair.result)});
  }
  return sizes;
}

/// The value that a part `q` (0..1) of all values does not exceed.
inline double quantile(std::vector<double> values, double q) {
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1,
                         static_cast<size_t>(q * static_cast<double>(values.size())))];
}

}  // namespace st::test
