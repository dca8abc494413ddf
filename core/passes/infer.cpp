// SPDX-License-Identifier: Apache-2.0
#include "core/passes/infer.h"

#include <algorithm>
#include <map>

#include "core/ops/quantised.h"
#include "core/ops/record.h"

namespace st {
namespace {

std::string domain_text(const Node& node) {
  return node.domain.empty() ? "" : printable(node.domain) + ".";
}

/// True if a declared type contradicts the inferred one; symbols may be named differently.
bool contradicts(const TensorType& declared, const TensorType& inferred) {
  if (declared.dtype != inferred.dtype || declared.shape.size() != inferred.shape.size())
    return true;
  for (size_t d = 0; d < declared.shape.size(); ++d) {
    const auto& a = declared.shape[d];
    const auto& b = inferred.shape[d];
    if (a.is_constant() && b.is_constant() && a != b) return true;
  }
  return false;
}

bool is_empty(const TensorType& type) {
  return std::any_of(type.shape.begin(), type.shape.end(), [](const Extent& extent) {
    return extent.is_constant() && extent.offset() < 1;
  });
}

}  // namespace

Status check_operators(const Graph& graph, OwnOperators own) {
  Diagnostics problems;
  std::map<std::string, std::vector<const Node*>> unknown;
  for (const Node& node : graph.nodes) {
    const OpRecord* record = find_op(node.op, node.domain);
    if (!record || (record->domain == OwnDomain && own == OwnOperators::Refused)) {
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
                       "`streamtensor ops` lists what is supported"};
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

Status infer_types(Graph& graph) {
  Diagnostics problems;
  for (const Node& node : graph.nodes) {
    const bool ready = std::all_of(node.inputs.begin(), node.inputs.end(), [&](ValueId id) {
      return id == NoValue || graph.values[id].type;
    });
    if (!ready) continue;  // follows from a problem that was reported
    const bool empty = std::any_of(node.inputs.begin(), node.inputs.end(), [&](ValueId id) {
      return id != NoValue && is_empty(graph.type(id));
    });
    // No shape rule has to think of sizes of 0 this way; a cache may be empty, but by a symbol.
    auto types = empty ? Result<std::vector<TensorType>>(
                             shape_error(graph, node, "an operand has no elements"))
                       : find_op(node.op, node.domain)->shape(graph, node);
    if (!types.ok()) {
      problems.insert(problems.end(), types.errors().begin(), types.errors().end());
      for (ValueId id : node.outputs) {
        if (id != NoValue) graph.values[id].type.reset();
      }
      continue;
    }
    if (node.outputs.size() > types->size()) {
      problems.push_back(shape_error(graph, node,
                                     "has " + std::to_string(node.outputs.size()) +
                                         " outputs, but makes " + std::to_string(types->size())));
      continue;
    }
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      if (node.outputs[i] == NoValue) continue;
      Value& value = graph.values[node.outputs[i]];
      if (value.type && contradicts(*value.type, (*types)[i])) {
        problems.push_back(shape_error(graph, node,
                                       "output '" + printable(value.name) + "' is declared " +
                                           text_of(*value.type) + " but is " +
                                           text_of((*types)[i])));
      }
      value.type = (*types)[i];
    }
  }
  return problems;
}

}  // namespace st
