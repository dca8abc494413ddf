// SPDX-License-Identifier: Apache-2.0
/// Types of all values of a graph.
#pragma once

#include "core/graph/graph.h"

namespace st {

/// Infers the type of every value from those of inputs and constants; the graph is sorted and its
/// operators are those of a design. A declared type must agree. Errors: E0306, E0307, E0309, for
/// all nodes whose operands have types.
Status infer_types(Graph& graph);

}  // namespace st
