// SPDX-License-Identifier: Apache-2.0
/// Operators that the compiler has, in the place of what exports spell out or spell otherwise.
#pragma once

#include "core/graph/graph.h"
#include "core/support/result.h"

namespace st {

/// Rewrites a sorted graph, and leaves it sorted. Operators of com.microsoft become those of ONNX
/// (core/passes/raise/microsoft_*.cpp); subgraphs that compute a fused operator become that
/// operator, one file for each kind. What no rewrite knows stays. The opset becomes that of the
/// newest operator that was made. Errors: E0306, E0309 for nodes of com.microsoft that are used in
/// a way that no operator here has; all at once.
Status raise(Graph& graph);

}  // namespace st
