// SPDX-License-Identifier: Apache-2.0
/// The elements of a tensor in groups: all that differ in some dimensions only, such as the rows
/// of a matrix.
#pragma once

#include <cstdint>
#include <vector>

#include "core/ops/reference.h"

namespace st {

struct Groups {
  std::vector<int64_t> starts;   ///< of each group, row-major over the other dimensions
  std::vector<int64_t> offsets;  ///< of each member behind its start, row-major

  /// Along `dimensions`, which are different and in range. Errors: E0306 for too many groups, or
  /// too many members.
  static Result<Groups> along(const Node& node, const std::vector<int64_t>& shape,
                              const std::vector<int64_t>& dimensions);
  /// Along one.
  static Result<Groups> along(const Node& node, const std::vector<int64_t>& shape, int64_t axis) {
    return along(node, shape, std::vector{axis});
  }

  /// Calls `f(std::vector<double>&)` with each group, and puts what it made of it in its place.
  template <typename F>
  void map(std::vector<double>& values, const F& f) const {
    std::vector<double> group(offsets.size());
    for (const int64_t start : starts) {
      for (size_t i = 0; i < group.size(); ++i) group[i] = values[start + offsets[i]];
      f(group);
      for (size_t i = 0; i < group.size(); ++i) values[start + offsets[i]] = group[i];
    }
  }
};

}  // namespace st
