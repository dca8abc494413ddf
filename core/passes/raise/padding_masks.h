// SPDX-License-Identifier: Apache-2.0
/// Masks against padding, which a design has none of: it serves one sequence at a time.
#pragma once

#include "core/passes/raise/rewriter.h"

namespace st {

/// Whether `id` depends on nothing but constants, shapes, and the graph input 'attention_mask', by
/// whose convention 1 stands for a token and 0 for padding: without padding it says nothing.
bool tells_padding_only(const Rewriter& rewriter, ValueId id);

/// Drops the graph input 'attention_mask' if no node reads it. Values keep their ids.
void drop_attention_mask(Graph& graph);

}  // namespace st
