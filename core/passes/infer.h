// SPDX-License-Identifier: Apache-2.0
/// Types of all values of a graph.
#pragma once

#include "core/graph/graph.h"

namespace st {

/// Whether operators that passes make count as known.
enum class OwnOperators {
  Refused,  ///< a model cannot ask for them
  Allowed,  ///< a stage behind these passes holds them
};

/// Checks that every operator is known in its opset and has the operands it needs.
/// Errors: E0305 (all unknown operators in one message each), E0306.
Status check_operators(const Graph& graph, OwnOperators own = OwnOperators::Refused);

/// Infers the type of every value from those of inputs and constants; the graph is sorted and its
/// operators are known. A declared type must agree. Errors: E0306, E0307, E0309, for all nodes
/// whose operands have types.
Status infer_types(Graph& graph);

}  // namespace st
