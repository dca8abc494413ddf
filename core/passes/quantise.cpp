// SPDX-License-Identifier: Apache-2.0
#include <map>

#include "core/ops/quantised.h"
#include "core/passes/canonicalise.h"
#include "core/passes/infer.h"

namespace st {
namespace {

/// A constant value that is derived from the transpose of another one.
ValueId add_constant(Graph& graph, ValueId base, const std::string& suffix, TensorType type,
                     const std::string& transform) {
  const ValueId id = graph.add_value(graph.values[base].name + suffix, std::move(type));
  graph.values[id].constant =
      derived_constant(derived_constant(graph.values[base].constant, "transpose"), transform);
  graph.values[id].where = graph.values[base].where;
  return id;
}

Node own_node(const Node& origin, const std::string& op, const std::string& suffix,
              std::vector<ValueId> inputs, std::vector<ValueId> outputs) {
  Node node;
  node.name = origin.name + suffix;
  node.op = op;
  node.domain = OwnDomain;
  node.where = origin.where;
  node.inputs = std::move(inputs);
  node.outputs = std::move(outputs);
  return node;
}

}  // namespace

Status quantise_w8a8(Graph& graph) {
  std::vector<Node> nodes;
  std::map<ValueId, std::pair<ValueId, ValueId>> quantised;  // rows -> (i8, scale)
  for (Node& node : graph.nodes) {
    if (node.op != "MatMul" || !node.domain.empty() || !graph.values[node.inputs[1]].constant) {
      nodes.push_back(std::move(node));
      continue;
    }
    const ValueId x = node.inputs[0], w = node.inputs[1];
    const std::vector<Extent> shape = graph.type(w).shape;
    auto [entry, fresh] = quantised.try_emplace(x);
    if (fresh) {
      entry->second = {graph.add_value(graph.values[x].name + ".i8"),
                       graph.add_value(graph.values[x].name + ".scale")};
      nodes.push_back(own_node(node, "QuantizeRows", ".quantize", {x},
                               {entry->second.first, entry->second.second}));
    }
    const ValueId weight =
        add_constant(graph, w, ".i8", {DType::I8, {shape[1], shape[0]}}, "quantised_rows");
    const ValueId scales =
        add_constant(graph, w, ".channel_scale", {DType::F32, {shape[1]}}, "row_scales");
    const ValueId sums = graph.add_value(graph.values[node.outputs[0]].name + ".i32");
    nodes.push_back(own_node(node, "MatMulInt8", "", {entry->second.first, weight}, {sums}));
    nodes.push_back(own_node(node, "DequantizeRows", ".dequantize",
                             {sums, entry->second.second, scales}, node.outputs));
  }
  graph.nodes = std::move(nodes);
  ST_CHECK(graph.check_and_sort());
  return infer_types(graph);
}

}  // namespace st
