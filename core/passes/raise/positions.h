// SPDX-License-Identifier: Apache-2.0
/// Positions of tokens, by the convention of decoders: those of a launch follow those in the
/// caches.
#pragma once

#include <cstdint>
#include <optional>

#include "core/passes/raise/rewriter.h"

namespace st {

/// The graph input 'position_ids', which is made beside 'input_ids' where there is none; nullopt
/// where there is no 'input_ids' of a known shape.
std::optional<ValueId> decoder_positions(Rewriter& rewriter, const Node& root);

/// Whether the graph has inputs for keys and values of earlier tokens.
bool has_caches(const Graph& graph);

/// How many positions the bounds of the graph's symbols, or its context, allow; 0: not known.
int64_t most_positions(const Graph& graph);

}  // namespace st
