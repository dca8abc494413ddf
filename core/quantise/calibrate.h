// SPDX-License-Identifier: Apache-2.0
/// Weights of four bits that are rounded for the inputs which a model meets on a text.
#pragma once

#include <cstdint>
#include <vector>

#include "core/graph/decoder.h"
#include "core/graph/graph.h"
#include "core/passes/quantise.h"

namespace st {

/// Runs the reference on the texts, each from an empty cache and in pieces of as many positions as
/// the model has, and rounds the weights of each layer whose precision is w4a8 (compensate.h) by
/// the inputs that it got. `graph`: canonical, typed, not quantised. Deterministic. Errors: E0317
/// where there is no text; those of the reference.
Result<RoundedWeights> calibrate(const Graph& graph, const Decoder& decoder,
                                 const Quantisation& quantisation,
                                 const std::vector<std::vector<int64_t>>& texts);

}  // namespace st
