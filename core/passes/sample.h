// SPDX-License-Identifier: Apache-2.0
/// The token that follows, picked on the device (core/graph/sample.h).
#pragma once

#include "core/graph/decoder.h"
#include "core/graph/graph.h"

namespace st {

/// Lets the graph pick the token after each row, out of its `top_k` largest logits; 0: the graph
/// stays as it is. Ids are those that the table of embeddings has. The graph is typed, and stays
/// so.
Status add_sampling(Graph& graph, const Decoder& decoder, int64_t top_k);

}  // namespace st
