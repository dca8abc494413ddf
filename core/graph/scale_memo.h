// SPDX-License-Identifier: Apache-2.0
/// What was found out about the scales of a matrix of weights: to find them takes most of the time
/// of packing, and both the scales and the weights that are divided by them need them.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

namespace st {

/// Scales of groups of values, row by row, of each layer. Calls may come from any thread.
class ScaleMemo {
 public:
  /// The scales of `rows` rows from `row` on, one row after the other, or nothing unless all are
  /// known. `group`: values that share a scale.
  [[nodiscard]] std::vector<float> find(int64_t layer, int64_t group, int64_t row,
                                        int64_t rows) const;
  /// Each row has `per_row` of them.
  void keep(int64_t layer, int64_t group, int64_t row, int64_t per_row,
            const std::vector<float>& scales);

 private:
  using Key = std::pair<int64_t, int64_t>;
  struct Rows {
    int64_t per_row = 0;
    std::vector<float> scales;
    std::vector<bool> known;  ///< by row
  };
  mutable std::mutex mutex_;
  std::map<Key, Rows> of_layer_;
};

}  // namespace st
