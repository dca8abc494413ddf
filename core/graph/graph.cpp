// SPDX-License-Identifier: Apache-2.0
#include "core/graph/graph.h"

#include <algorithm>
#include <functional>
#include <queue>
#include <utility>

#include "core/support/near_names.h"

namespace st {
namespace {

template <typename T>
const T* find_attribute(const Node& node, const std::string& name) {
  const auto found = node.attributes.find(name);
  return found == node.attributes.end() ? nullptr : std::get_if<T>(&found->second);
}

std::string quoted(const std::string& name) { return "'" + printable(name) + "'"; }

std::string described(const Node& node) {
  return quoted(node.name) + " (" + printable(node.op) + ")";
}

constexpr size_t MostProblems = 20;  ///< of one kind; nobody reads more at once

constexpr int NoNode = -1;
constexpr int External = -2;  ///< a graph input or constant

/// Who makes each value, and every value that is made twice or not at all.
struct Producers {
  std::vector<int> of;  ///< per value: node, External or NoNode
  Diagnostics problems;
};

std::string origin(const Graph& graph, ValueId id, int producer) {
  if (producer >= 0) return "node " + described(graph.nodes[producer]);
  return graph.values[id].constant ? "an initializer" : "a graph input";
}

Producers find_producers(const Graph& graph) {
  Producers result;
  result.of.assign(graph.values.size(), NoNode);
  const auto count = static_cast<int>(graph.values.size());
  const auto claim = [&](ValueId id, int by, const std::string& where) {
    if (id == NoValue) return;
    if (id < 0 || id >= count) {
      result.problems.push_back(
          {"E0901", "value id " + std::to_string(id) + " does not exist", where, {}, ""});
      return;
    }
    if (result.of[id] == NoNode) {
      result.of[id] = by;
      return;
    }
    if (result.problems.size() >= MostProblems) return;
    Diagnostic problem;
    problem.code = "E0303";
    problem.message = "value " + quoted(graph.values[id].name) + " is produced twice";
    problem.where = where;
    problem.details = {"first by " + origin(graph, id, result.of[id]),
                       "then by " + origin(graph, id, by)};
    problem.help = "give one of them another name";
    result.problems.push_back(std::move(problem));
  };
  for (const ValueId id : graph.inputs) {
    // An initializer may be listed among the inputs, as ONNX before IR version 4 asked for.
    if (id >= 0 && id < count && graph.values[id].constant) continue;
    claim(id, External, id >= 0 && id < count ? graph.values[id].where : "");
  }
  for (ValueId id = 0; id < count; ++id) {
    if (graph.values[id].constant) claim(id, External, graph.values[id].where);
  }
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    for (const ValueId id : graph.nodes[n].outputs)
      claim(id, static_cast<int>(n), graph.nodes[n].where);
  }
  return result;
}

/// Reports reads of `id` when nothing makes it. `known` is filled on the first problem.
void check_read(const Graph& graph, const Producers& producers, ValueId id,
                const std::string& reader, const std::string& where,
                std::vector<std::string>& known, Diagnostics& problems) {
  if (id == NoValue) return;
  if (id < 0 || id >= static_cast<int>(graph.values.size())) {
    problems.push_back(
        {"E0901", "value id " + std::to_string(id) + " does not exist", where, {}, ""});
    return;
  }
  if (producers.of[id] != NoNode) return;
  if (known.empty()) {
    for (size_t v = 0; v < graph.values.size(); ++v) {
      if (producers.of[v] != NoNode) known.push_back(graph.values[v].name);
    }
  }
  const std::string& name = graph.values[id].name;
  problems.push_back({"E0301",
                      reader + quoted(name) + ", which nothing produces",
                      where,
                      {},
                      did_you_mean(name, known)});
}

Diagnostics find_dangling(const Graph& graph, const Producers& producers) {
  Diagnostics problems;
  std::vector<std::string> known;
  for (const Node& node : graph.nodes) {
    const std::string reader = "node " + described(node) + " reads ";
    for (const ValueId id : node.inputs) {
      check_read(graph, producers, id, reader, node.where, known, problems);
      if (problems.size() >= MostProblems) return problems;
    }
  }
  for (const ValueId id : graph.outputs) {
    const bool valid = id >= 0 && id < static_cast<int>(graph.values.size());
    check_read(graph, producers, id, "the graph returns ", valid ? graph.values[id].where : "",
               known, problems);
    if (problems.size() >= MostProblems) return problems;
  }
  return problems;
}

/// The nodes of one cycle in the direction of data, given the nodes that could not be sorted.
Diagnostic cycle_error(const Graph& graph, const Producers& producers,
                       const std::vector<int>& waiting) {
  // Every unsorted node has an unsorted producer: walking backwards must meet a node again.
  std::vector<bool> unsorted(graph.nodes.size(), false);
  for (const int n : waiting) unsorted[n] = true;
  std::vector<int> path;
  std::vector<bool> seen(graph.nodes.size(), false);
  int at = waiting.front();
  while (!seen[at]) {
    seen[at] = true;
    path.push_back(at);
    for (const ValueId id : graph.nodes[at].inputs) {
      if (id == NoValue || producers.of[id] < 0 || !unsorted[producers.of[id]]) continue;
      at = producers.of[id];
      break;
    }
  }
  path.erase(path.begin(), std::find(path.begin(), path.end(), at));
  std::reverse(path.begin(), path.end());
  // Start at the node that comes first in the file, so that the message does not depend on the
  // walk.
  std::rotate(path.begin(), std::min_element(path.begin(), path.end()), path.end());

  Diagnostic problem;
  problem.code = "E0302";
  problem.message = "the graph has a cycle of " + std::to_string(path.size()) +
                    (path.size() == 1 ? " node" : " nodes");
  problem.where = graph.nodes[path.front()].where;
  constexpr size_t MostLines = 20;
  for (size_t i = 0; i < path.size() && i < MostLines; ++i) {
    problem.details.push_back(described(graph.nodes[path[i]]) + " feeds " +
                              described(graph.nodes[path[(i + 1) % path.size()]]));
  }
  if (path.size() > MostLines) {
    problem.details.push_back("... and " + std::to_string(path.size() - MostLines) + " more");
  }
  problem.help = "state over time is passed as past and present values, not as a cycle";
  return problem;
}

}  // namespace

ConstantLookup name_constants(Graph& graph) {
  auto known = std::make_shared<std::map<std::string, TypedConstant>>();
  for (Value& value : graph.values) {
    if (!value.constant) continue;
    known->try_emplace(value.name, TypedConstant{value.constant, value.type});
    value.constant = named_constant(value.name, value.constant);
  }
  return [known](const std::string& name) -> std::optional<TypedConstant> {
    const auto found = known->find(name);
    if (found == known->end()) return std::nullopt;
    return found->second;
  };
}

int64_t Node::integer(const std::string& attribute, int64_t otherwise) const {
  const auto* value = find_attribute<int64_t>(*this, attribute);
  return value == nullptr ? otherwise : *value;
}

float Node::real(const std::string& attribute, float otherwise) const {
  const auto* value = find_attribute<float>(*this, attribute);
  return value == nullptr ? otherwise : *value;
}

std::string Node::string(const std::string& attribute, const std::string& otherwise) const {
  const auto* value = find_attribute<std::string>(*this, attribute);
  return value == nullptr ? otherwise : *value;
}

std::vector<int64_t> Node::integers(const std::string& attribute) const {
  const auto* value = find_attribute<std::vector<int64_t>>(*this, attribute);
  return value == nullptr ? std::vector<int64_t>{} : *value;
}

ValueId Graph::add_value(std::string name, std::optional<TensorType> type) {
  Value value;
  value.name = std::move(name);
  value.type = std::move(type);
  values.push_back(std::move(value));
  return static_cast<ValueId>(values.size() - 1);
}

int Graph::producer(ValueId id) const {
  for (size_t n = 0; n < nodes.size(); ++n) {
    const auto& made = nodes[n].outputs;
    if (std::find(made.begin(), made.end(), id) != made.end()) return static_cast<int>(n);
  }
  return NoNode;
}

std::vector<int> Graph::consumers(ValueId id) const {
  std::vector<int> readers;
  for (size_t n = 0; n < nodes.size(); ++n) {
    const auto& read = nodes[n].inputs;
    if (std::find(read.begin(), read.end(), id) != read.end())
      readers.push_back(static_cast<int>(n));
  }
  return readers;
}

Status Graph::check_and_sort() {
  Producers producers = find_producers(*this);
  Diagnostics problems = find_dangling(*this, producers);
  problems.insert(problems.begin(), producers.problems.begin(), producers.problems.end());
  if (!problems.empty()) return problems;

  std::vector<int> missing(nodes.size(), 0);  // inputs that are not computed yet
  std::vector<std::vector<int>> readers(nodes.size());
  for (size_t n = 0; n < nodes.size(); ++n) {
    for (const ValueId id : nodes[n].inputs) {
      if (id == NoValue || producers.of[id] < 0) continue;
      readers[producers.of[id]].push_back(static_cast<int>(n));
      ++missing[n];
    }
  }
  // Of all nodes that are ready, the first of the file goes first: a sorted graph stays as it is.
  std::priority_queue<int, std::vector<int>, std::greater<>> ready;
  for (size_t n = 0; n < nodes.size(); ++n) {
    if (missing[n] == 0) ready.push(static_cast<int>(n));
  }
  std::vector<int> order;
  while (!ready.empty()) {
    const int n = ready.top();
    ready.pop();
    order.push_back(n);
    for (const int reader : readers[n]) {
      if (--missing[reader] == 0) ready.push(reader);
    }
  }
  if (order.size() != nodes.size()) {
    std::vector<int> waiting;
    for (size_t n = 0; n < nodes.size(); ++n) {
      if (missing[n] > 0) waiting.push_back(static_cast<int>(n));
    }
    return cycle_error(*this, producers, waiting);
  }
  std::vector<Node> sorted;
  sorted.reserve(nodes.size());
  for (const int n : order) sorted.push_back(std::move(nodes[n]));
  nodes = std::move(sorted);
  return {};
}

void Graph::remove_dead() {
  std::vector<int> producer_of(values.size(), NoNode);
  for (size_t n = 0; n < nodes.size(); ++n) {
    for (const ValueId id : nodes[n].outputs) {
      if (id != NoValue) producer_of[id] = static_cast<int>(n);
    }
  }
  std::vector<bool> live_node(nodes.size(), false);
  std::vector<bool> live_value(values.size(), false);
  std::vector<ValueId> pending = outputs;
  while (!pending.empty()) {
    const ValueId id = pending.back();
    pending.pop_back();
    if (id == NoValue) continue;
    live_value[id] = true;
    const int n = producer_of[id];
    if (n < 0 || live_node[n]) continue;
    live_node[n] = true;
    pending.insert(pending.end(), nodes[n].inputs.begin(), nodes[n].inputs.end());
    for (const ValueId made : nodes[n].outputs) {
      if (made != NoValue) live_value[made] = true;  // outputs are known by position
    }
  }
  for (const ValueId id : inputs) live_value[id] = true;  // the interface stays what the user wrote

  std::vector<ValueId> renamed(values.size(), NoValue);
  std::vector<Value> kept;
  for (size_t v = 0; v < values.size(); ++v) {
    if (!live_value[v]) continue;
    renamed[v] = static_cast<ValueId>(kept.size());
    kept.push_back(std::move(values[v]));
  }
  values = std::move(kept);
  const auto rename = [&](std::vector<ValueId>& ids) {
    for (ValueId& id : ids) id = id == NoValue ? NoValue : renamed[id];
  };
  std::vector<Node> kept_nodes;
  for (size_t n = 0; n < nodes.size(); ++n) {
    if (!live_node[n]) continue;
    rename(nodes[n].inputs);
    rename(nodes[n].outputs);
    kept_nodes.push_back(std::move(nodes[n]));
  }
  nodes = std::move(kept_nodes);
  rename(inputs);
  rename(outputs);
}

}  // namespace st
