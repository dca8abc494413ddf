// SPDX-License-Identifier: Apache-2.0
/// How far each linear layer is unrolled (StreamTensor §5.1): the heap of the paper, with the
/// target's resources and memory ports in place of its bound on the sum of factors.
#pragma once

#include <cmath>

#include "core/ops/tiling.h"
#include "core/platform/target.h"

namespace st {

/// What the layers may take, and what they cannot be faster than.
struct UnrollLimits {
  ResourceCounts budget;  ///< of all layers together
  int ports = 1;          ///< for parameters
  /// Of all ports together, if that is less than a word for each.
  double bytes_per_cycle = HUGE_VAL;
  int64_t other_cycles = 1;   ///< of the slowest other kernel, for a row
  int64_t most_tile = 64;     ///< results that a layer holds at once
  int row_lanes = WidestRow;  ///< of the kernels behind a layer
  /// Layers wait for each other, as those of one token do: the sum of their cycles counts, not the
  /// slowest one.
  bool in_turn = false;
};

/// The choices for a layer, each faster than the one before, from least to most unrolled: whole
/// words of weights, and from one stream up to one per port.
std::vector<LinearTiling> unroll_steps(const LinearLayer& layer, const UnrollLimits& limits);

/// Cycles of a row, and resources, both predicted.
int64_t row_cycles_of(const MatmulShape& shape, DType weights);
ResourceCounts resources_of(const MatmulShape& shape, DType weights);

/// Again and again the layer that takes most cycles of a launch takes its next step, until it is no
/// slower than the other kernels or than the memory ports can bring its weights, or the next step
/// would exceed the budget: then the layers that are left go on. Where they work in turn it is the
/// layer whose next step saves most cycles for its share of the budget, as long as a step fits.
/// Deterministic.
Tiling unroll_layers(const std::vector<LinearLayer>& layers, const UnrollLimits& limits);

}  // namespace st
