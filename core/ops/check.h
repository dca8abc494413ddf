// SPDX-License-Identifier: Apache-2.0
/// Whether the operators of a graph are known, for a design or for the interpreter.
#pragma once

#include "core/graph/graph.h"

namespace st {

/// Whether operators that passes make count as known.
enum class OwnOperators {
  Refused,  ///< a model cannot ask for them
  Allowed,  ///< a stage behind these passes holds them
};

/// Checks that a design may have every operator, in the model's opset, and that it has the operands
/// it needs. Errors: E0305 (all unknown operators in one message each), E0306.
Status check_operators(const Graph& graph, OwnOperators own = OwnOperators::Refused);

/// The same where operators need a reference only, and no kernels.
Status check_references(const Graph& graph);

}  // namespace st
