// SPDX-License-Identifier: Apache-2.0
/// Types of all values of a graph.
#pragma once

#include "core/graph/graph.h"

namespace st {

/// Checks that every operator is known in its opset and has the operands it needs.
/// Errors: E0305 (all unknown operators in one message each), E0306.
Status check_operators(const Graph& graph);

/// Infers the type of every value from those of inputs and constants; the graph is sorted and its
/// operators are known. A declared type must agree. Errors: E0306, E0307, E0309, for all nodes
/// whose operands have types.
Status infer_types(Graph& graph);

}  // namespace st
