// SPDX-License-Identifier: Apache-2.0
#include "core/passes/quantise_caches.h"

#include <algorithm>

#include "core/graph/attention.h"

namespace st {

const std::vector<std::string>& kv_caches() {
  static const std::vector<std::string> all = {"f32", Int8Cache};
  return all;
}

void quantise_caches(Graph& graph, const std::string& kind) {
  if (kind != Int8Cache) return;
  for (Node& node : graph.nodes) {
    if (node.op != "Attention") continue;
    node.domain = OwnDomain;
    node.attributes[AttentionCache] = std::string(Int8Cache);
  }
}

std::string kv_cache_of(const Graph& graph) {
  const bool any = std::any_of(graph.nodes.begin(), graph.nodes.end(), has_int8_cache);
  return any ? Int8Cache : "f32";
}

}  // namespace st
