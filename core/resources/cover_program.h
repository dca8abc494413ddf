// SPDX-License-Identifier: Apache-2.0
/// The integer program behind search_fifo_depths(): levels with costs that grow, and statements of
/// which each says that some level must be above a value.
///
///     min  sum over levels of cost_i(d_i)
///     s.t. for each statement s: some i has d_i > s_i
///
/// A level needs no values but those that statements name, so that it is a chain of binaries "d_i
/// is at least v", each with what that costs beyond the one below.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <vector>

#include "core/support/result.h"

namespace st {

class CoverProgram {
 public:
  /// A level of at least `least`; cost(d) grows with d.
  void add_level(int64_t least, std::function<double(int64_t)> cost);
  /// Some level must be above its value in `values`; those at `most` cannot be.
  void add_statement(const std::vector<int64_t>& values, const std::vector<int64_t>& most);

  /// The cheapest levels, an empty vector where the solver gives up after MostNodes nodes.
  /// Deterministic. Errors: E0901 if it fails.
  Result<std::optional<std::vector<int64_t>>> solve() const;

  /// Nodes of the branch-and-bound tree at most.
  static constexpr int MostNodes = 20'000;

 private:
  struct Level {
    int64_t least;
    std::function<double(int64_t)> cost;
    std::set<int64_t> values;  ///< above least
  };
  struct Choice {
    size_t level;
    int64_t value;
  };
  std::vector<Level> levels_;
  std::vector<std::vector<Choice>> statements_;
};

}  // namespace st
