// SPDX-License-Identifier: Apache-2.0
/// Reads the text form of a graph.
#pragma once

#include <string>
#include <string_view>

#include "core/graph/graph.h"

namespace st {

/// The graph that text_of() wrote: `text_of(*parse_graph(text_of(graph), ...)) == text_of(graph)`.
/// Ids of values, and where in a model things stood, are not kept: `where` is the line of the text,
/// which is called `name` in messages. Every value that is used is defined once, types name known
/// symbols alone, and constants have the types that they are declared with; what nodes mean is not
/// looked at. Errors: E0311 with line and column.
Result<Graph> parse_graph(std::string_view text, const ConstantLookup& constants,
                          const std::string& name = "graph");

}  // namespace st
