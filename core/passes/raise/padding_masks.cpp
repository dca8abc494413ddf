// SPDX-License-Identifier: Apache-2.0
#include "core/passes/raise/padding_masks.h"

#include <algorithm>
#include <set>

namespace st {
namespace {

constexpr const char* MaskInput = "attention_mask";

}  // namespace

bool tells_padding_only(const Rewriter& rewriter, ValueId id) {
  const Graph& graph = rewriter.graph();
  std::vector<ValueId> pending = {id};
  std::set<ValueId> seen = {id};
  while (!pending.empty()) {
    const Value& value = graph.values[static_cast<size_t>(pending.back())];
    const int n = rewriter.maker(pending.back());
    pending.pop_back();
    if (value.constant) continue;
    if (n < 0) {
      if (value.name != MaskInput) return false;
      continue;
    }
    const Node& node = graph.nodes[static_cast<size_t>(n)];
    if (node.op == "Shape" && node.domain.empty()) continue;
    for (const ValueId input : node.inputs) {
      if (input != NoValue && seen.insert(input).second) pending.push_back(input);
    }
  }
  return true;
}

void drop_attention_mask(Graph& graph) {
  std::erase_if(graph.inputs, [&](ValueId id) {
    const auto& outputs = graph.outputs;
    return graph.values[static_cast<size_t>(id)].name == MaskInput && graph.consumers(id).empty() &&
           std::find(outputs.begin(), outputs.end(), id) == outputs.end();
  });
}

}  // namespace st
