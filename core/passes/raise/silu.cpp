// SPDX-License-Identifier: Apache-2.0
// Swish spelt out: x * sigmoid(x).
#include "core/passes/raise/match.h"
#include "core/passes/raise/rewrites.h"

namespace st {

bool raise_silu(Rewriter& rewriter, size_t n) {
  const Node node = rewriter.graph().nodes[n];
  if (!node.domain.empty() || node.op != "Mul") return false;
  for (const auto& [x, gate] : either_order(node)) {
    const Node* sigmoid = rewriter.made_by(gate, "Sigmoid");
    if (sigmoid == nullptr || sigmoid->input(0) != x || x == NoValue) continue;
    rewriter.replace(n, "Swish", {x});
    return true;
  }
  return false;
}

}  // namespace st
