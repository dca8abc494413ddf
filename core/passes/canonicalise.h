// SPDX-License-Identifier: Apache-2.0
/// One spelling per meaning.
#pragma once

#include "core/graph/graph.h"

namespace st {

/// Folds Transpose of constants, removes Identity, gathers the rows of rotary tables before
/// RotaryEmbedding (so that all layers share them), merges nodes that compute the same, and drops
/// what no output needs. The graph stays typed.
Status canonicalise(Graph& graph);

}  // namespace st
