// SPDX-License-Identifier: Apache-2.0
// Split whose sizes are a constant operand, as from opset 13 on: kernels have them as an attribute.
#include <algorithm>

#include "core/passes/raise/rewrites.h"

namespace st {

bool raise_split_sizes(Rewriter& rewriter, size_t n) {
  const Node node = rewriter.graph().nodes[n];
  if (!node.domain.empty() || node.op != "Split" || node.input(1) == NoValue) return false;
  const auto sizes = rewriter.integers(node.input(1));
  if (!sizes || sizes->size() != node.outputs.size() || node.has("num_outputs") ||
      std::any_of(sizes->begin(), sizes->end(), [](int64_t size) { return size < 1; }))
    return false;
  std::map<std::string, Attribute> attributes = node.attributes;
  attributes["split"] = *sizes;
  rewriter.replace(n, "Split", {node.inputs[0]}, std::move(attributes));
  return true;
}

}  // namespace st
