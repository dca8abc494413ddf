// SPDX-License-Identifier: Apache-2.0
/// Keys and values in numbers of fewer bits (ARCHITECTURE.md, "Numerics").
#pragma once

#include <string>
#include <vector>

#include "core/graph/graph.h"

namespace st {

/// In what keys and values may be kept: "f32", "int8".
const std::vector<std::string>& kv_caches();

/// Makes every Attention our own, with its attribute `cache` (core/graph/attention.h) as `kind`
/// says; "f32" leaves the graph as it is. Values and their types stay.
void quantise_caches(Graph& graph, const std::string& kind);

/// In what the graph's Attentions keep keys and values: "int8" if one of them does.
std::string kv_cache_of(const Graph& graph);

}  // namespace st
