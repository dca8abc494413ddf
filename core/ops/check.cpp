// SPDX-License-Identifier: Apache-2.0
#include "core/ops/check.h"

#include <algorithm>
#include <map>

#include "core/ops/record.h"

namespace st {
namespace {

std::string domain_text(const Node& node) {
  return node.domain.empty() ? "" : printable(node.domain) + ".";
}

template <typename Known>
Status check_nodes(const Graph& graph, const Known& known) {
  Diagnostics problems;
  std::map<std::string, std::vector<const Node*>> unknown;
  for (const Node& node : graph.nodes) {
    const OpRecord* record = find_op(node.op, node.domain);
    if (!record || !known(*record)) {
      unknown[domain_text(node) + printable(node.op)].push_back(&node);
      continue;
    }
    if (record->domain.empty() && graph.opset < record->since_opset) {
      problems.push_back({"E0306",
                          "node '" + printable(node.name) + "': " + printable(node.op) +
                              " exists from opset " + std::to_string(record->since_opset) +
                              " on, the model imports opset " + std::to_string(graph.opset),
                          node.where,
                          {},
                          "export the model with a later opset"});
    }
    const int given = static_cast<int>(node.inputs.size());
    const bool missing =
        std::any_of(node.inputs.begin(), node.inputs.begin() + std::min(given, record->min_inputs),
                    [](ValueId id) { return id == NoValue; });
    if (given < record->min_inputs || given > record->max_inputs || missing ||
        node.outputs.empty() || node.outputs[0] == NoValue) {
      problems.push_back({"E0306",
                          "node '" + printable(node.name) + "' (" + printable(node.op) +
                              ") takes " + std::to_string(record->min_inputs) + " to " +
                              std::to_string(record->max_inputs) +
                              " inputs and at least one output, it has " + std::to_string(given) +
                              " inputs" + (missing ? ", a needed one left out" : "") + " and " +
                              std::to_string(node.outputs.size()) + " outputs",
                          node.where,
                          {},
                          ""});
    }
  }
  for (const auto& [op, nodes] : unknown) {
    Diagnostic problem{"E0305",
                       "operator '" + op + "' is not supported, used by " +
                           std::to_string(nodes.size()) + " node" + (nodes.size() == 1 ? "" : "s"),
                       nodes.front()->where,
                       {},
                       find_op(nodes.front()->op, nodes.front()->domain)
                           ? "it has no kernel; `streamtensor ops` lists the operators that do"
                           : "`streamtensor ops` lists what is supported"};
    constexpr size_t Shown = 5;
    for (size_t i = 0; i < std::min(nodes.size(), Shown); ++i) {
      problem.details.push_back("'" + printable(nodes[i]->name) + "'  " + nodes[i]->where);
    }
    if (nodes.size() > Shown)
      problem.details.push_back("and " + std::to_string(nodes.size() - Shown) + " more");
    problems.push_back(std::move(problem));
  }
  return problems;
}

}  // namespace

Status check_operators(const Graph& graph, OwnOperators own) {
  return check_nodes(graph, [own](const OpRecord& record) {
    return record.compiled() &&
           (record.domain != OwnDomain || record.in_models || own == OwnOperators::Allowed);
  });
}

Status check_references(const Graph& graph) {
  return check_nodes(graph, [](const OpRecord&) { return true; });
}

}  // namespace st
