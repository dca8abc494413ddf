// SPDX-License-Identifier: Apache-2.0
/// Rows whose width divides badly, such as GPT-2's 50257 logits = 29 * 1733: they are carried with
/// zeroes behind them, so that they move in wide beats.
///
/// A width is padded where nothing can tell: every operator that touches a row of it maps zeroes to
/// zeroes, and no sum, maximum or product takes notice of them. Matrices and parameter rows get
/// zeroes, too. Whoever reads the logits reads only those that there are (Program::vocabulary).
#pragma once

#include <cstdint>
#include <map>

#include "core/graph/graph.h"

namespace st {

/// Widths of rows, each with that in which it is carried; widths that stay as they are are left
/// out.
class PaddedWidths {
 public:
  PaddedWidths() = default;
  explicit PaddedWidths(std::map<int64_t, int64_t> widths) : widths_(std::move(widths)) {}
  /// What a row of `width` is carried in.
  [[nodiscard]] int64_t operator()(int64_t width) const {
    const auto found = widths_.find(width);
    return found == widths_.end() ? width : found->second;
  }

 private:
  std::map<int64_t, int64_t> widths_;
};

/// The width that a row of `width` is best carried in, if nothing speaks against it: itself where
/// beats of it have at least half the lanes of a memory word, or the next multiple of the largest
/// power of two that adds at most a sixteenth.
int64_t padded_width(int64_t width);

/// The widths that are padded in a graph, which is typed, and whose operators are known.
PaddedWidths padded_widths(const Graph& graph);

}  // namespace st
