// SPDX-License-Identifier: Apache-2.0
// RMSNormalization spelt out: x / sqrt(mean(x^2) + epsilon) * scale.
#include "core/passes/raise/match.h"
#include "core/passes/raise/rewrites.h"

namespace st {

bool raise_rms_norm(Rewriter& rewriter, size_t n) {
  const Node node = rewriter.graph().nodes[n];
  if (!node.domain.empty() || node.op != "Mul") return false;
  for (const auto& [product, scale] : either_order(node)) {
    const auto quotient = over_root(rewriter, product);
    const auto mean = quotient ? scaled_by(rewriter, quotient->second, "Add") : std::nullopt;
    if (!mean || squared(rewriter, mean_of_last(rewriter, mean->first)) != quotient->first ||
        !is_row_for(rewriter, scale, quotient->first))
      continue;
    rewriter.replace(n, "RMSNormalization", {quotient->first, scale},
                     {{"axis", int64_t{-1}}, {"epsilon", static_cast<float>(mean->second)}});
    return true;
  }
  return false;
}

}  // namespace st
