// SPDX-License-Identifier: Apache-2.0
// SimplifiedLayerNormalization, SkipLayerNormalization and SkipSimplifiedLayerNormalization.
#include "core/ops/record.h"
#include "core/passes/raise/microsoft.h"

namespace st {
namespace {

constexpr float SkipEpsilon = 1e-12f, NormEpsilon = 1e-5f;  // where the attribute is left out

Status raise_simplified(Rewriter& rewriter, size_t n) {
  const Node node = rewriter.graph().nodes[n];
  ST_CHECK(check_form(node, 2, 2, {"axis", "epsilon", "stash_type"}));
  if (output_of(node, 1) != NoValue)
    return unsupported(node, "the outputs for training are not made");
  auto attributes = node.attributes;
  attributes.try_emplace("epsilon", NormEpsilon);
  rewriter.replace(n, "RMSNormalization", node.inputs, std::move(attributes));
  rewriter.graph().nodes[n].outputs.resize(1);
  return {};
}

/// The norm of input + skip, and of a bias where there is one; the sum is an output as well.
Status raise_skip(Rewriter& rewriter, size_t n, bool simplified) {
  const Node node = rewriter.graph().nodes[n];
  ST_CHECK(check_form(node, 3, simplified ? 4 : 5, {"epsilon"}));
  for (size_t i : {1, 2}) {
    if (output_of(node, i) != NoValue)
      return unsupported(node, "the outputs for training (mean, deviation) are not made");
  }
  const ValueId bias = node.input(simplified ? 3 : 4), beta = simplified ? NoValue : node.input(3);
  ValueId sum = rewriter.add(node, "sum", "Add", {node.inputs[0], node.inputs[1]});
  if (bias != NoValue) sum = rewriter.add(node, "biased", "Add", {sum, bias});
  std::vector<ValueId> operands = {sum, node.inputs[2]};
  if (beta != NoValue) operands.push_back(beta);
  if (const ValueId shown = output_of(node, 3); shown != NoValue) {
    // The sum takes the place of the output, with its name.
    rewriter.move_output(sum, shown);
    operands[0] = shown;
  }
  rewriter.graph().nodes[n].outputs.resize(1);
  rewriter.replace(n, simplified ? "RMSNormalization" : "LayerNormalization", std::move(operands),
                   {{"axis", int64_t{-1}}, {"epsilon", node.real("epsilon", SkipEpsilon)}});
  return {};
}

}  // namespace

Status raise_microsoft_norm(Rewriter& rewriter, size_t n) {
  const std::string& op = rewriter.graph().nodes[n].op;
  if (op == "SimplifiedLayerNormalization") return raise_simplified(rewriter, n);
  return raise_skip(rewriter, n, op == "SkipSimplifiedLayerNormalization");
}

}  // namespace st
