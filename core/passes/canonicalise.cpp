// SPDX-License-Identifier: Apache-2.0
#include "core/passes/canonicalise.h"

#include <map>
#include <tuple>

#include "core/passes/infer.h"

namespace st {
namespace {

void replace_uses(Graph& graph, ValueId from, ValueId to) {
  for (Node& node : graph.nodes) {
    for (ValueId& id : node.inputs) {
      if (id == from) id = to;
    }
  }
}

bool is_output(const Graph& graph, ValueId id) {
  for (ValueId out : graph.outputs) {
    if (out == id) return true;
  }
  return false;
}

void fold_transposes(Graph& graph) {
  for (const Node& node : graph.nodes) {
    if (node.op != "Transpose" || !node.domain.empty()) continue;
    const auto& source = graph.values[node.inputs[0]].constant;
    if (!source) continue;
    // The node stays until remove_dead; its output is a constant from here on.
    graph.values[node.outputs[0]].constant = derived_constant(source, "transpose");
  }
  std::erase_if(graph.nodes, [&](const Node& node) {
    return node.op == "Transpose" && node.domain.empty() && graph.values[node.outputs[0]].constant;
  });
}

void remove_identities(Graph& graph) {
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    if (node.op != "Identity" || !node.domain.empty() || is_output(graph, node.outputs[0]))
      continue;
    replace_uses(graph, node.outputs[0], node.inputs[0]);
  }
  std::erase_if(graph.nodes, [&](const Node& node) {
    return node.op == "Identity" && node.domain.empty() && !is_output(graph, node.outputs[0]);
  });
}

/// The node of `op` that makes a value, or nullptr.
const Node* made_by(const Graph& graph, ValueId id, const std::string& op) {
  const int producer = graph.producer(id);
  if (producer < 0) return nullptr;
  const Node& node = graph.nodes[static_cast<size_t>(producer)];
  return node.op == op && node.domain.empty() ? &node : nullptr;
}

/// True if rows [b, s, h * d] are seen as [b, s, h, d].
bool cuts_rows(const std::vector<Extent>& rows, const std::vector<Extent>& heads) {
  return rows.size() == 3 && heads.size() == 4 && heads[0] == rows[0] && heads[1] == rows[1] &&
         heads[2].is_constant() && heads[3].is_constant();
}

/// Reshape(RMSNormalization(Reshape(x), scale)) -> RMSNormalization of each head of x, where the
/// first one cuts rows in heads and the last one joins them again.
void normalise_heads(Graph& graph) {
  for (Node& last : graph.nodes) {
    if (last.op != "Reshape" || !last.domain.empty()) continue;
    const Node* norm = made_by(graph, last.inputs[0], "RMSNormalization");
    const Node* first = norm ? made_by(graph, norm->inputs[0], "Reshape") : nullptr;
    if (first == nullptr) continue;
    const auto& heads = graph.type(norm->inputs[0]).shape;
    const auto& rows = graph.type(first->inputs[0]).shape;
    if (graph.type(last.outputs[0]).shape != rows || !cuts_rows(rows, heads)) continue;
    // What only this node read is dead from here on.
    Node made = *norm;
    made.domain = OwnDomain;
    made.inputs[0] = first->inputs[0];
    made.outputs = last.outputs;
    made.attributes.erase("axis");
    made.attributes["num_heads"] = heads[2].offset();
    last = std::move(made);
  }
}

/// RotaryEmbedding(x, cos, sin, positions) -> RotaryEmbedding(x, Gather(cos, positions),
/// Gather(sin, positions)), as ONNX allows.
void gather_rotary_tables(Graph& graph) {
  std::vector<Node> nodes;
  for (Node& node : graph.nodes) {
    if (node.op == "RotaryEmbedding" && node.domain.empty() && node.input(3) != NoValue) {
      for (size_t table : {1, 2}) {
        Node gather;
        gather.name = node.name + (table == 1 ? ".cosine" : ".sine");
        gather.op = "Gather";
        gather.where = node.where;
        gather.inputs = {node.inputs[table], node.inputs[3]};
        gather.outputs = {graph.add_value(gather.name)};
        node.inputs[table] = gather.outputs[0];
        nodes.push_back(std::move(gather));
      }
      node.inputs.resize(3);
    }
    nodes.push_back(std::move(node));
  }
  graph.nodes = std::move(nodes);
}

/// Nodes of equal operator, operands and attributes compute the same; the first one stays.
void merge_equal_nodes(Graph& graph) {
  using Key = std::tuple<std::string, std::string, std::vector<ValueId>,
                         std::map<std::string, Attribute>, size_t>;
  std::map<Key, size_t> first;
  std::vector<bool> dead(graph.nodes.size(), false);
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node node = graph.nodes[n];  // inputs may have been replaced just now
    bool named = false;
    for (ValueId id : node.outputs) named |= is_output(graph, id);
    if (named) continue;
    auto [entry, fresh] = first.try_emplace(
        Key{node.op, node.domain, node.inputs, node.attributes, node.outputs.size()}, n);
    if (fresh) continue;
    for (size_t i = 0; i < node.outputs.size(); ++i)
      replace_uses(graph, node.outputs[i], graph.nodes[entry->second].outputs[i]);
    dead[n] = true;
  }
  std::vector<Node> kept;
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    if (!dead[n]) kept.push_back(std::move(graph.nodes[n]));
  }
  graph.nodes = std::move(kept);
}

}  // namespace

Status canonicalise(Graph& graph) {
  fold_transposes(graph);
  remove_identities(graph);
  normalise_heads(graph);
  gather_rotary_tables(graph);
  merge_equal_nodes(graph);
  graph.remove_dead();
  ST_CHECK(graph.check_and_sort());
  return infer_types(graph);
}

}  // namespace st
