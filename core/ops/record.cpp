// SPDX-License-Identifier: Apache-2.0
#include "core/ops/record.h"

#include <algorithm>

namespace st {

const std::vector<OpRecord>& op_records() {
  static const std::vector<OpRecord> records = [] {
    std::vector<OpRecord> all;
    add_elementwise_ops(all);
    add_row_ops(all);
    add_matmul_ops(all);
    add_data_ops(all);
    add_reshape_ops(all);
    add_attention_ops(all);
    add_quantised_ops(all);
    add_grouped_ops(all);
    add_scaled_group_ops(all);
    add_arithmetic_ops(all);
    add_unary_ops(all);
    add_compare_ops(all);
    add_cast_ops(all);
    add_reduce_ops(all);
    add_group_ops(all);
    add_normalise_ops(all);
    add_shape_ops(all);
    add_move_ops(all);
    add_index_ops(all);
    add_product_ops(all);
    add_quantize_linear_ops(all);
    add_layer_ops(all);
    add_sample_ops(all);
    std::sort(all.begin(), all.end(), [](const OpRecord& a, const OpRecord& b) {
      return std::pair(a.domain, a.name) < std::pair(b.domain, b.name);
    });
    return all;
  }();
  return records;
}

const OpRecord* find_op(std::string_view name, std::string_view domain) {
  if (domain == "ai.onnx") domain = "";
  for (const OpRecord& record : op_records()) {
    if (record.name == name && record.domain == domain) return &record;
  }
  return nullptr;
}

Diagnostic shape_error(const Graph& graph, const Node& node, const std::string& what) {
  Diagnostic problem{"E0306",
                     "node '" + printable(node.name) + "' (" + printable(node.op) + "): " + what,
                     node.where,
                     {},
                     ""};
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    const ValueId id = node.inputs[i];
    if (id == NoValue) continue;
    problem.details.push_back(
        "input " + std::to_string(i) + "  " + printable(graph.values[id].name) + "  " +
        (graph.values[id].type ? text_of(*graph.values[id].type) : "unknown type"));
  }
  return problem;
}

Diagnostic unsupported(const Node& node, const std::string& what, const std::string& help) {
  return {"E0309",
          "node '" + printable(node.name) + "' (" + printable(node.op) + "): " + what,
          node.where,
          {},
          help};
}

}  // namespace st
