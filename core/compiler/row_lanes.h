// SPDX-License-Identifier: Apache-2.0
/// How wide the kernels that are no linear layers are, where nobody chose it.
#pragma once

#include "core/graph/graph.h"
#include "core/ops/tiling.h"
#include "core/platform/target.h"

namespace st {

/// The widest rows, a power of two of lanes, at which the kernels of the model take no more than
/// KernelShare of the target's budget: the rest is for what is not known before streams are joined,
/// FIFOs, converters and memory ports. One lane if none does. `graph`: canonical and quantised.
/// Errors: those of lower().
Result<int> widest_row_lanes(const Graph& graph, const Tiling& tiling, const Target& target);

/// Of the budget of each resource.
inline constexpr double KernelShare = 0.7;

}  // namespace st
