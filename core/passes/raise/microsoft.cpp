// SPDX-License-Identifier: Apache-2.0
#include "core/passes/raise/microsoft.h"

#include <algorithm>

#include "core/ops/record.h"

namespace st {

bool is_microsoft(const Node& node, std::string_view op) {
  return node.domain == MicrosoftDomain && node.op == op;
}

ValueId output_of(const Node& node, size_t i) {
  return i < node.outputs.size() ? node.outputs[i] : NoValue;
}

Status check_form(const Node& node, size_t least, size_t most,
                  std::initializer_list<std::string_view> attributes,
                  std::initializer_list<size_t> unused) {
  const size_t given = node.inputs.size();
  const bool missing =
      std::find(node.inputs.begin(),
                node.inputs.begin() + static_cast<int64_t>(std::min(given, least)),
                NoValue) != node.inputs.begin() + static_cast<int64_t>(std::min(given, least));
  if (given < least || given > most || missing || output_of(node, 0) == NoValue) {
    return Diagnostic{"E0306",
                      "node '" + printable(node.name) + "' (" + printable(node.op) + ") takes " +
                          std::to_string(least) + " to " + std::to_string(most) +
                          " inputs and has an output, it has " + std::to_string(given) + " inputs" +
                          (missing ? ", a needed one left out" : ""),
                      node.where,
                      {},
                      ""};
  }
  for (const size_t i : unused) {
    if (node.input(i) == NoValue) continue;
    return unsupported(node, "input " + std::to_string(i) + " is not supported");
  }
  for (const auto& [name, value] : node.attributes) {
    if (std::find(attributes.begin(), attributes.end(), name) == attributes.end())
      return unsupported(node, "attribute '" + printable(name) + "' is not supported");
  }
  return {};
}

}  // namespace st
