// SPDX-License-Identifier: Apache-2.0
/// Equal layers become one, which runs once for each (core/graph/layers.h).
#pragma once

#include "core/graph/decoder.h"
#include "core/graph/graph.h"

namespace st {

/// Folds the longest run of equal layers (core/passes/repeated_layers.h), if there is one: the
/// nodes of the first stay, with the constants and caches of all of them; inputs, outputs and
/// results stay those of the model. Names that differ in a number have a `*` in its place. The
/// graph is canonical and typed, and stays so.
Status fold_layers(Graph& graph, const Decoder& decoder);

}  // namespace st
