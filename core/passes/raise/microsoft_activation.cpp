// SPDX-License-Identifier: Apache-2.0
// Gelu, FastGelu, BiasGelu and QuickGelu.
#include "core/passes/raise/microsoft.h"

namespace st {

Status raise_microsoft_activation(Rewriter& rewriter, size_t n) {
  const Node node = rewriter.graph().nodes[n];
  const bool fast = node.op == "FastGelu", bias = node.op == "BiasGelu";
  if (node.op == "QuickGelu") {
    ST_CHECK(check_form(node, 1, 1, {"alpha"}));
    rewriter.replace(n, "Swish", node.inputs, {{"alpha", node.real("alpha", 1.702f)}});
    return {};
  }
  ST_CHECK(check_form(node, bias ? 2 : 1, fast || bias ? 2 : 1, {}));
  ValueId x = node.inputs[0];
  if (node.input(1) != NoValue) x = rewriter.add(node, "bias", "Add", {x, node.inputs[1]});
  std::map<std::string, Attribute> form;
  if (fast) form["approximate"] = std::string("tanh");
  rewriter.replace(n, "Gelu", {x}, std::move(form));
  return {};
}

}  // namespace st
