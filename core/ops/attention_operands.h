// SPDX-License-Identifier: Apache-2.0
/// The operands of an Attention as its references see them: 3D and 4D ones, grouped heads, caches.
#pragma once

#include "core/ops/reference.h"

namespace st {

/// The operands as [batch, heads, rows, width], whatever their layout.
struct AttentionHeads {
  int64_t batch = 0, heads = 0, rows = 0, width = 0;
  bool four = false;  ///< [batch, heads, rows, width], not [batch, rows, heads * width]

  [[nodiscard]] int64_t at(int64_t b, int64_t h, int64_t r) const {
    return (four ? (b * heads + h) * rows + r : (b * rows + r) * heads + h) * width;
  }
  [[nodiscard]] std::vector<int64_t> shape() const {
    if (four) return {batch, heads, rows, width};
    return {batch, rows, heads * width};
  }
};

/// What takes part in an Attention.
struct AttentionParts {
  AttentionHeads q, k, v;
  int64_t past = 0;  ///< positions in the caches

  [[nodiscard]] int64_t total() const { return past + k.rows; }
};

/// Errors: E0308 at `node` for operands that do not fit each other.
Result<AttentionParts> attention_parts(const Node& node, const Operands& in);

/// The cache [batch, heads, past, width], `before` positions, followed by the new rows; nullptr:
/// the rows alone, in that layout.
Result<Tensor> behind_cached(const Node& node, const Tensor* past, int64_t before,
                             const Tensor& rows, const AttentionHeads& form);

}  // namespace st
