// SPDX-License-Identifier: Apache-2.0
#include "core/passes/raise/microsoft.h"

#include <algorithm>

#include "core/ops/record.h"

namespace st {

const std::vector<MicrosoftRecord>& microsoft_records() {
  static const std::vector<MicrosoftRecord> records = {
      {"Attention", "MatMul, Add, Split, Attention", raise_microsoft_attention},
      {"BiasGelu", "Add, Gelu", raise_microsoft_activation},
      {"EmbedLayerNormalization", "Gather, Add, LayerNormalization", raise_microsoft_embedding},
      {"FastGelu", "Add, Gelu by tanh", raise_microsoft_activation},
      {"Gelu", "Gelu", raise_microsoft_activation},
      {"GroupQueryAttention", "Split, RotaryEmbedding, Attention", raise_microsoft_attention},
      {"MatMulNBits", "MatMul, Add", raise_microsoft_matmul},
      {"MultiHeadAttention", "Attention", raise_microsoft_attention},
      {"QuickGelu", "Swish", raise_microsoft_activation},
      {"RotaryEmbedding", "RotaryEmbedding", raise_microsoft_rotary},
      {"SimplifiedLayerNormalization", "RMSNormalization", raise_microsoft_norm},
      {"SkipLayerNormalization", "Add, LayerNormalization", raise_microsoft_norm},
      {"SkipSimplifiedLayerNormalization", "Add, RMSNormalization", raise_microsoft_norm},
  };
  return records;
}

const MicrosoftRecord* find_microsoft(const Node& node) {
  // ONNX Runtime has this one in ONNX's domain, although ONNX does not.
  const bool misplaced = node.domain.empty() && node.op == "SimplifiedLayerNormalization";
  if (node.domain != MicrosoftDomain && !misplaced) return nullptr;
  for (const MicrosoftRecord& record : microsoft_records()) {
    if (record.op == node.op) return &record;
  }
  return nullptr;
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
