// SPDX-License-Identifier: Apache-2.0
// LayerNormalization spelt out: d = x - mean(x), d / sqrt(mean(d^2) + epsilon) * scale, and + bias.
#include "core/passes/raise/match.h"
#include "core/passes/raise/rewrites.h"

namespace st {
namespace {

/// x of x - mean(x); NoValue if `id` is something else.
ValueId centred(Rewriter& rewriter, ValueId id) {
  const Node* difference = rewriter.made_by(id, "Sub");
  if (difference == nullptr) return NoValue;
  const ValueId x = difference->input(0);
  return mean_of_last(rewriter, difference->input(1)) == x ? x : NoValue;
}

struct Norm {
  ValueId x = NoValue;
  double epsilon = 0;
};

/// What `id` is the norm of, without scale.
std::optional<Norm> plain_norm(Rewriter& rewriter, ValueId id) {
  const auto quotient = over_root(rewriter, id);
  if (!quotient) return std::nullopt;
  const ValueId x = centred(rewriter, quotient->first);
  const auto variance = scaled_by(rewriter, quotient->second, "Add");
  if (x == NoValue || !variance) return std::nullopt;
  // PyTorch exports the same difference once, or twice.
  const ValueId difference = squared(rewriter, mean_of_last(rewriter, variance->first));
  if (difference != quotient->first && centred(rewriter, difference) != x) return std::nullopt;
  return Norm{x, variance->second};
}

}  // namespace

bool raise_layer_norm(Rewriter& rewriter, size_t n) {
  const Node node = rewriter.graph().nodes[n];
  if (!node.domain.empty() || node.op != "Mul") return false;
  for (const auto& [product, scale] : either_order(node)) {
    const auto norm = plain_norm(rewriter, product);
    if (!norm || !is_row_for(rewriter, scale, norm->x)) continue;
    rewriter.replace(n, "LayerNormalization", {norm->x, scale},
                     {{"axis", int64_t{-1}}, {"epsilon", static_cast<float>(norm->epsilon)}});
    return true;
  }
  return false;
}

bool raise_layer_norm_bias(Rewriter& rewriter, size_t n) {
  const Node node = rewriter.graph().nodes[n];
  if (!node.domain.empty() || node.op != "Add") return false;
  for (const auto& [normalised, bias] : either_order(node)) {
    const Node* norm = rewriter.made_by(normalised, "LayerNormalization");
    if (norm == nullptr || norm->inputs.size() != 2 || norm->outputs.size() != 1 ||
        norm->integer("axis", -1) != -1 || !is_row_for(rewriter, bias, norm->inputs[0]))
      continue;
    const Node found = *norm;
    rewriter.replace(n, "LayerNormalization", {found.inputs[0], found.inputs[1], bias},
                     found.attributes);
    return true;
  }
  return false;
}

}  // namespace st
