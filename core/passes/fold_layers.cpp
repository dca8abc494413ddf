// SPDX-License-Identifier: Apache-2.0
#include "core/passes/fold_layers.h"

#include <algorithm>
#include <cctype>
#include <set>

#include "core/graph/layers.h"
#include "core/passes/infer.h"
#include "core/passes/repeated_layers.h"

namespace st {
namespace {

/// "h.*.mlp" of "h.0.mlp" and "h.1.mlp": the first number in which they differ gives way to a star.
std::string common_name(const std::string& first, const std::string& second) {
  const auto [a, b] = std::mismatch(first.begin(), first.end(), second.begin(), second.end());
  const auto digit = [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; };
  if (a == first.end() || !digit(*a) || b == second.end() || !digit(*b)) return first;
  auto begin = a;
  while (begin != first.begin() && digit(*(begin - 1))) --begin;
  const auto end = std::find_if_not(a, first.end(), digit);
  return std::string(first.begin(), begin) + "*" + std::string(end, first.end());
}

/// Of what is called so in each layer.
std::string layered_name(const std::vector<std::string>& names) {
  const auto other = std::find_if(names.begin(), names.end(),
                                  [&](const std::string& name) { return name != names[0]; });
  if (other == names.end()) return names[0];
  const std::string common = common_name(names[0], *other);
  return common == names[0] ? common + ".by_layer" : common;
}

class Fold {
 public:
  Fold(Graph& graph, const RepeatedLayers& layers) : graph_(graph), layers_(layers) {}

  void run() {
    const ValueId entry = layers_.bounds.front(), last = layers_.bounds.back();
    const ValueId carried = like(entry, ".carried"), exit = like(last, ".folded");
    for (Node& node : graph_.nodes) {
      for (ValueId& id : node.inputs)
        if (id == last) id = exit;
    }
    for (const int n : layers_.nodes) {
      Node& node = graph_.nodes[static_cast<size_t>(n)];
      node.layered = true;
      node.name = name_of(node);
      for (ValueId& id : node.inputs) id = id == entry ? carried : operand(id);
      for (const ValueId id : node.outputs)
        if (id != NoValue) name_caches(id);
    }
    for (const ValueId id : std::vector<ValueId>(graph_.inputs)) name_caches(id);
    forget(graph_.inputs);
    forget(graph_.outputs);
    add_bound(EnterLayers, entry, carried).attributes["count"] = layers_.count();
    add_bound(LeaveLayers, layers_.bounds[1], exit);
  }

 private:
  ValueId like(ValueId id, const std::string& suffix) {
    return graph_.add_value(graph_.values[static_cast<size_t>(id)].name + suffix, graph_.type(id));
  }

  Node& add_bound(const char* op, ValueId from, ValueId to) {
    Node node;
    node.name = op;
    node.op = op;
    node.domain = OwnDomain;
    node.inputs = {from};
    node.outputs = {to};
    graph_.nodes.push_back(std::move(node));
    return graph_.nodes.back();
  }

  /// The names of a value in all layers.
  std::vector<std::string> names_of(ValueId id) const {
    std::vector<std::string> names;
    for (int64_t l = 0; l < layers_.count(); ++l)
      names.push_back(graph_.values[static_cast<size_t>(layers_.of_layer(l, id))].name);
    return names;
  }

  /// Two layers tell which number counts them, as their outputs have the names of nodes.
  std::string name_of(const Node& node) const {
    for (const ValueId id : node.outputs) {
      if (id == NoValue) continue;
      const int other = graph_.producer(layers_.of_layer(1, id));
      if (other >= 0) return common_name(node.name, graph_.nodes[static_cast<size_t>(other)].name);
    }
    return node.name;
  }

  /// The operand of a layered node: a constant that differs from layer to layer becomes one that
  /// has the data of all.
  ValueId operand(ValueId id) {
    if (id == NoValue || !graph_.values[static_cast<size_t>(id)].constant) return id;
    const auto [entry, fresh] = constants_.try_emplace(id, id);
    if (!fresh) return entry->second;
    bool differs = false;
    std::vector<std::shared_ptr<const ConstantSource>> of_layer;
    for (int64_t l = 0; l < layers_.count(); ++l) {
      const ValueId other = layers_.of_layer(l, id);
      differs = differs || other != id;
      of_layer.push_back(graph_.values[static_cast<size_t>(other)].constant);
    }
    if (!differs) return id;
    const ValueId made = graph_.add_value(layered_name(names_of(id)), graph_.type(id));
    graph_.values[static_cast<size_t>(made)].constant = layered_constant(std::move(of_layer));
    graph_.values[static_cast<size_t>(made)].where = graph_.values[static_cast<size_t>(id)].where;
    return entry->second = made;
  }

  /// A cache of layer 0, given or returned, stands for those of all layers.
  void name_caches(ValueId id) {
    const auto is_in = [&](const std::vector<ValueId>& ids) {
      return std::find(ids.begin(), ids.end(), id) != ids.end();
    };
    if ((!is_in(graph_.inputs) && !is_in(graph_.outputs)) || layers_.of_layer(1, id) == id) return;
    graph_.values[static_cast<size_t>(id)].layer_names = names_of(id);
    for (int64_t l = 1; l < layers_.count(); ++l) gone_.insert(layers_.of_layer(l, id));
  }

  void forget(std::vector<ValueId>& ids) const {
    std::erase_if(ids, [&](ValueId id) { return gone_.count(id) != 0; });
  }

  Graph& graph_;
  const RepeatedLayers& layers_;
  std::map<ValueId, ValueId> constants_;
  std::set<ValueId> gone_;  ///< caches of other layers than the first
};

}  // namespace

Status fold_layers(Graph& graph, const Decoder& decoder) {
  const RepeatedLayers layers = find_repeated_layers(graph, decoder);
  if (layers.bounds.empty()) return {};
  Fold(graph, layers).run();
  graph.remove_dead();
  ST_CHECK(graph.check_and_sort());
  ST_CHECK(check_layers(graph));
  return infer_types(graph);
}

}  // namespace st
