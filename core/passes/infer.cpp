// SPDX-License-Identifier: Apache-2.0
#include "core/passes/infer.h"

#include <algorithm>

#include "core/ops/record.h"

namespace st {
namespace {

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
