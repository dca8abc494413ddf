// SPDX-License-Identifier: Apache-2.0
#include "core/graph/layers.h"

#include <algorithm>

namespace st {
namespace {

bool is_own(const Node& node, const char* op) { return node.domain == OwnDomain && node.op == op; }

Diagnostic problem_at(const Node& node, const std::string& what) {
  return {"E0306", "node '" + printable(node.name) + "': " + what, node.where, {}, ""};
}

}  // namespace

Layers layers_of(const Graph& graph) {
  Layers layers;
  for (const Node& node : graph.nodes) {
    if (is_own(node, EnterLayers)) {
      layers.count = node.integer("count", 1);
      layers.entry = node.inputs[0];
      layers.carried = node.outputs[0];
    } else if (is_own(node, LeaveLayers)) {
      layers.next = node.inputs[0];
      layers.exit = node.outputs[0];
    }
  }
  return layers;
}

std::vector<Section> sections_of(const Graph& graph) {
  std::vector<Section> sections(graph.nodes.size(), Section::Before);
  std::vector<bool> behind(graph.values.size(), false);
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    if (node.layered) {
      sections[n] = Section::Layered;
      continue;
    }
    const bool late = is_own(node, LeaveLayers) ||
                      std::any_of(node.inputs.begin(), node.inputs.end(), [&](ValueId id) {
                        return id != NoValue && behind[static_cast<size_t>(id)];
                      });
    if (!late) continue;
    sections[n] = Section::Behind;
    for (const ValueId id : node.outputs)
      if (id != NoValue) behind[static_cast<size_t>(id)] = true;
  }
  return sections;
}

Status check_layers(const Graph& graph) {
  Diagnostics problems;
  int enters = 0, leaves = 0;
  for (const Node& node : graph.nodes) {
    const bool enter = is_own(node, EnterLayers), leave = is_own(node, LeaveLayers);
    enters += enter;
    leaves += leave;
    if ((enter || leave) && (node.inputs.size() != 1 || node.inputs[0] == NoValue ||
                             node.outputs.size() != 1 || node.outputs[0] == NoValue))
      return problem_at(node, "takes one operand and has one output");
    if (enter && node.integer("count", 0) < 2)
      problems.push_back(problem_at(node, "the count of layers is 2 or more"));
  }
  const bool any = std::any_of(graph.nodes.begin(), graph.nodes.end(),
                               [](const Node& node) { return node.layered; });
  if (enters > 1 || leaves > 1 || enters != leaves || (any && enters == 0)) {
    problems.push_back({"E0306",
                        "folded layers have one EnterLayers and one LeaveLayers",
                        "",
                        {std::to_string(enters) + " and " + std::to_string(leaves) + " were found"},
                        ""});
  }
  if (!problems.empty() || enters == 0) return problems;
  const Layers layers = layers_of(graph);
  const auto count = static_cast<size_t>(layers.count);
  std::vector<const Node*> maker(graph.values.size(), nullptr);
  for (const Node& node : graph.nodes) {
    for (const ValueId id : node.outputs)
      if (id != NoValue) maker[static_cast<size_t>(id)] = &node;
  }
  for (const Node& node : graph.nodes) {
    for (const ValueId id : node.inputs) {
      if (id == NoValue) continue;
      const Value& value = graph.values[static_cast<size_t>(id)];
      const Node* from = maker[static_cast<size_t>(id)];
      const int64_t copies = value.constant ? value.constant->layers() : 1;
      if (node.layered && copies > 1 && copies != layers.count)
        problems.push_back(problem_at(node, "'" + printable(value.name) + "' has data of " +
                                                std::to_string(copies) + " layers"));
      if (!node.layered && (copies > 1 || !value.layer_names.empty()))
        problems.push_back(problem_at(node, "'" + printable(value.name) + "' is of a layer"));
      if (!node.layered && from != nullptr && from->layered && !is_own(node, LeaveLayers))
        problems.push_back(problem_at(node, "'" + printable(value.name) + "' is made by a layer"));
      if (is_own(node, LeaveLayers) && (from == nullptr || !from->layered))
        problems.push_back(problem_at(node, "no layer makes '" + printable(value.name) + "'"));
      if (node.layered && id == layers.exit)
        problems.push_back(problem_at(node, "a layer reads what the layers make"));
    }
  }
  for (const Value& value : graph.values) {
    if (!value.layer_names.empty() && value.layer_names.size() != count)
      problems.push_back({"E0306",
                          "'" + printable(value.name) + "' has names of " +
                              std::to_string(value.layer_names.size()) + " layers, not of " +
                              std::to_string(count),
                          value.where,
                          {},
                          ""});
  }
  return problems;
}

}  // namespace st
