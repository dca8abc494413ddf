// SPDX-License-Identifier: Apache-2.0
#include "core/fusion/partition_model.h"
#include "core/support/shortfall.h"

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>
#include <queue>
#include <set>

namespace st {
namespace {

/// Least numbers first.
using Ready = std::priority_queue<int, std::vector<int>, std::greater<>>;

/// Numbers vertices of a graph from 0 in topological order, the least vertex first where there is a
/// choice. Nothing if it has a cycle.
std::optional<std::vector<int>> topological_numbers(const std::vector<std::set<int>>& after) {
  std::vector<int> waits(after.size(), 0), number(after.size(), -1);
  for (const std::set<int>& targets : after) {
    for (const int target : targets) ++waits[target];
  }
  Ready ready;
  for (size_t v = 0; v < after.size(); ++v) {
    if (waits[v] == 0) ready.push(static_cast<int>(v));
  }
  int next = 0;
  while (!ready.empty()) {
    const int v = ready.top();
    ready.pop();
    number[v] = next++;
    for (const int target : after[v]) {
      if (--waits[target] == 0) ready.push(target);
    }
  }
  if (next < static_cast<int>(after.size())) return std::nullopt;
  return number;
}

/// The vertices that reach `start` or are reached from it.
std::vector<bool> reached(const std::vector<std::vector<int>>& edges, int start) {
  std::vector<bool> seen(edges.size(), false);
  std::vector<int> stack = {start};
  seen[start] = true;
  while (!stack.empty()) {
    const int v = stack.back();
    stack.pop_back();
    for (const int next : edges[v]) {
      if (seen[next]) continue;
      seen[next] = true;
      stack.push_back(next);
    }
  }
  return seen;
}

/// Per unit, the least unit that it has to share a group with.
std::vector<int> tied_units(const PartitionProblem& problem) {
  const size_t count = problem.units.size();
  std::vector<std::vector<int>> forward(count), backward(count);
  std::vector<bool> tied(count, false);
  const auto join = [&](int from, int to) {
    forward[from].push_back(to);
    backward[to].push_back(from);
  };
  for (const PartitionProblem::Tensor& tensor : problem.tensors) {
    for (const PartitionProblem::Consumer& consumer : tensor.consumers) {
      join(tensor.producer, consumer.unit);
      if (tensor.may_cut) continue;
      join(consumer.unit, tensor.producer);
      tied[consumer.unit] = tied[tensor.producer] = true;
    }
  }
  std::vector<int> least(count, -1);
  for (size_t u = 0; u < count; ++u) {
    if (least[u] >= 0) continue;
    least[u] = static_cast<int>(u);
    // Most are tied to none: a component with two units has one whose tensor may not be cut, and as
    // units are sorted, the least of a component is one.
    if (!tied[u]) continue;
    const std::vector<bool> later = reached(forward, static_cast<int>(u));
    const std::vector<bool> earlier = reached(backward, static_cast<int>(u));
    for (size_t v = u; v < count; ++v) {
      if (later[v] && earlier[v]) least[v] = static_cast<int>(u);
    }
  }
  return least;
}

}  // namespace

PartitionModel::PartitionModel(const PartitionProblem& of) : problem(&of) {
  const std::vector<int> least = tied_units(of);
  // Components by their least units, then in topological order.
  std::map<int, int> component;
  for (const int unit : least) component.emplace(unit, 0);
  int next = 0;
  for (auto& [unit, index] : component) index = next++;
  std::vector<std::set<int>> after(component.size());
  for (const PartitionProblem::Tensor& tensor : of.tensors) {
    const int from = component[least[tensor.producer]];
    for (const PartitionProblem::Consumer& consumer : tensor.consumers) {
      const int to = component[least[consumer.unit]];
      if (from != to) after[from].insert(to);
    }
  }
  const std::vector<int> number = *topological_numbers(after);
  nodes.resize(component.size());
  std::vector<int> node_of(of.units.size());
  for (size_t u = 0; u < of.units.size(); ++u) {
    node_of[u] = number[component[least[u]]];
    Node& node = nodes[node_of[u]];
    node.units.push_back(static_cast<int>(u));
    node.bits += of.units[u].bits;
    node.ports += of.units[u].ports;
    node.row_cycles = std::max(node.row_cycles, of.units[u].row_cycles);
  }
  for (const PartitionProblem::Tensor& tensor : of.tensors) {
    const int producer = node_of[tensor.producer];
    std::map<int, int64_t> readers;  // node: bits of converters
    for (const PartitionProblem::Consumer& consumer : tensor.consumers) {
      const int reader = node_of[consumer.unit];
      (reader == producer ? nodes[producer].bits : readers[reader]) += consumer.converter_bits;
    }
    if (readers.empty()) continue;
    const auto t = static_cast<int>(tensors.size());
    tensors.push_back({producer, {}, tensor.bytes, transfer_cycles(of, tensor.bytes)});
    nodes[producer].writes.push_back(t);
    for (const auto& [reader, bits] : readers) {
      tensors[t].readers.push_back(reader);
      nodes[reader].reads.push_back({t, bits});
    }
  }
  std::vector<std::vector<int>> beside(nodes.size());
  for (int n = 0; n < size(); ++n) {
    std::set<int> sources;
    for (const Read& read : nodes[n].reads) sources.insert(tensors[read.tensor].producer);
    nodes[n].before.assign(sources.begin(), sources.end());
    for (const int source : sources) {
      nodes[source].after.push_back(n);
      beside[source].push_back(n);
      beside[n].push_back(source);
    }
  }
  if (!nodes.empty()) {
    const std::vector<bool> seen = reached(beside, 0);
    connected = std::find(seen.begin(), seen.end(), false) == seen.end();
  }
  by_transfer.resize(tensors.size());
  std::iota(by_transfer.begin(), by_transfer.end(), 0);
  std::stable_sort(by_transfer.begin(), by_transfer.end(),
                   [&](int a, int b) { return tensors[a].transfer > tensors[b].transfer; });
  rank.resize(tensors.size());
  for (size_t i = 0; i < by_transfer.size(); ++i) rank[by_transfer[i]] = static_cast<int>(i);
}

std::vector<int> PartitionModel::groups_of_units(const std::vector<int>& groups) const {
  std::vector<int> result(problem->units.size());
  for (int n = 0; n < size(); ++n) {
    for (const int unit : nodes[n].units) result[unit] = groups[n];
  }
  return result;
}

std::optional<std::vector<int>> PartitionModel::in_order(const std::vector<int>& groups) const {
  // Groups by their first nodes.
  std::map<int, int> index;
  for (const int group : groups) index.emplace(group, static_cast<int>(index.size()));
  std::vector<int> renamed(groups.size());
  for (size_t n = 0; n < groups.size(); ++n) renamed[n] = index[groups[n]];
  std::vector<std::set<int>> after(index.size());
  for (size_t n = 0; n < groups.size(); ++n) {
    for (const int source : nodes[n].before) {
      if (renamed[source] != renamed[n]) after[renamed[source]].insert(renamed[n]);
    }
  }
  const auto number = topological_numbers(after);
  if (!number) return std::nullopt;
  for (int& group : renamed) group = (*number)[group];
  return renamed;
}

std::string PartitionModel::name(int node) const {
  const std::vector<int>& units = nodes[node].units;
  const auto quoted = [&](int unit) { return "'" + printable(problem->units[unit].name) + "'"; };
  if (units.size() == 1) return "unit " + quoted(units[0]);
  constexpr size_t MostNames = 4;
  std::string names = "units ";
  for (size_t i = 0; i < units.size() && i < MostNames; ++i)
    names += (i > 0 ? ", " : "") + quoted(units[i]);
  if (units.size() > MostNames)
    names += " and " + std::to_string(units.size() - MostNames) + " more";
  return names + ", which cannot be separated,";
}

Status PartitionModel::check_nodes() const {
  Diagnostics problems;
  for (int n = 0; n < size(); ++n) {
    const auto limit = [&](const std::string& resource, int64_t need, int64_t have) {
      if (need <= have) return;
      problems.push_back(
          {"E0403",
           name(n) + (nodes[n].units.size() > 1 ? " fit" : " fits") + " no group of kernels",
           "",
           {shortfall(resource, need, have, "the budget of a group is")},
           LargerTarget});
    };
    limit("on-chip bits", nodes[n].bits, problem->bits);
    limit("memory ports of its own", nodes[n].ports, problem->ports);
  }
  return problems;
}

}  // namespace st
