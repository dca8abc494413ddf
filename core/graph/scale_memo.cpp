// SPDX-License-Identifier: Apache-2.0
#include "core/graph/scale_memo.h"

#include <algorithm>

namespace st {

std::vector<float> ScaleMemo::find(int64_t layer, int64_t group, int64_t row, int64_t rows) const {
  const std::lock_guard lock(mutex_);
  const auto found = of_layer_.find({layer, group});
  if (found == of_layer_.end()) return {};
  const Rows& kept = found->second;
  if (rows > static_cast<int64_t>(kept.known.size()) - row) return {};
  const auto known = kept.known.begin() + row;
  if (!std::all_of(known, known + rows, [](bool is) { return is; })) return {};
  const auto first = kept.scales.begin() + row * kept.per_row;
  return {first, first + rows * kept.per_row};
}

void ScaleMemo::keep(int64_t layer, int64_t group, int64_t row, int64_t per_row,
                     const std::vector<float>& scales) {
  const std::lock_guard lock(mutex_);
  Rows& kept = of_layer_[{layer, group}];
  kept.per_row = per_row;
  const int64_t rows = static_cast<int64_t>(scales.size()) / per_row;
  if (row + rows > static_cast<int64_t>(kept.known.size())) {
    kept.known.resize(static_cast<size_t>(row + rows));
    kept.scales.resize(static_cast<size_t>((row + rows) * per_row));
  }
  std::copy(scales.begin(), scales.end(), kept.scales.begin() + row * per_row);
  std::fill_n(kept.known.begin() + row, rows, true);
}

}  // namespace st
