// SPDX-License-Identifier: Apache-2.0
/// Rounding of weights that makes up for its own errors (Frantar et al., GPTQ, 2023): what one
/// weight loses, the weights behind it in its row are moved to give back, as far as the inputs that
/// they are multiplied with go together.
#pragma once

#include <cstdint>
#include <vector>

#include "core/graph/tensor.h"
#include "core/support/result.h"

namespace st {

/// Sums of products of a layer's inputs, over the rows that it was given: element (i, j) of `sums`
/// is the sum of x_i * x_j.
struct InputProducts {
  int64_t depth = 0;
  std::vector<double> sums;  ///< depth x depth

  explicit InputProducts(int64_t size = 0)
      : depth(size), sums(static_cast<size_t>(size * size), 0.0) {}
  /// Takes rows of `depth` inputs.
  void add(const float* rows, int64_t count);
};

/// Weights of four bits and their scales.
struct Int4Weights {
  Tensor weights;  ///< i4 [width, depth]
  Tensor scales;   ///< bf16 [width, groups of a row]; f32 [width] where the group is 0
};

/// Rounds `weights` f32 [width, depth] to the grid that quantised_groups4, or quantised_rows4 for a
/// group of 0, has; the scale of a group is that of its weights as they are when it is their turn.
/// Errors: E0317 where the products are not finite.
Result<Int4Weights> compensated(const Tensor& weights, const InputProducts& inputs, int64_t group);

}  // namespace st
