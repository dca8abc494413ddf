// SPDX-License-Identifier: Apache-2.0
/// Puts the parts together: greedy, cut orders, moves, and the exact search that starts from what
/// they found.
#include "core/fusion/partition_solver.h"

#include <algorithm>

#include "core/fusion/partition_greedy.h"
#include "core/fusion/partition_group.h"
#include "core/fusion/partition_moves.h"
#include "core/fusion/partition_search.h"
#include "core/support/shortfall.h"

namespace st {
namespace {

/// An order of n nodes takes n^2 steps to cut: large models have fewer orders.
constexpr int64_t MostCutSteps = int64_t{1} << 24;
/// The same for kicks, each of which moves all nodes, and for groups of the exact search, each of
/// which is bounded by all nodes: counts times nodes.
constexpr int64_t MostKickedNodes = 20'000;
constexpr int64_t MostBoundedNodes = 400'000'000;

/// Most models are proven optimal by a small part of the exact search; the others are improved
/// before the rest of it.
constexpr int FirstShare = 5;

/// A group per node, of a group per unit.
NodePartition of_nodes(const PartitionModel& model, const Partition& partition) {
  NodePartition result{std::vector<int>(model.nodes.size()), partition.cost};
  for (int n = 0; n < model.size(); ++n)
    result.group[n] = partition.group[model.nodes[n].units.front()];
  return result;
}

/// Partitions to start from, the cheapest first; none if no order can be cut so that groups fit.
std::vector<NodePartition> first_partitions(const PartitionModel& model,
                                            const PartitionEffort& effort) {
  std::vector<NodePartition> found;
  const int64_t cut_steps = int64_t{model.size()} * model.size() + 1;
  const auto random = std::min<int64_t>(effort.orders, MostCutSteps / cut_steps);
  if (const auto greedy = partition_greedily(*model.problem))
    found.push_back(of_nodes(model, *greedy));
  for (const std::vector<int>& order : node_orders(model, static_cast<int>(random))) {
    if (auto cut = cut_order(model, order)) found.push_back(std::move(*cut));
  }
  const auto cheaper = [](const NodePartition& a, const NodePartition& b) {
    return a.cost < b.cost;
  };
  std::stable_sort(found.begin(), found.end(), cheaper);
  const auto same = [](const NodePartition& a, const NodePartition& b) {
    return a.cost == b.cost && a.group == b.group;
  };
  found.erase(std::unique(found.begin(), found.end(), same), found.end());
  return found;
}

/// Why nothing fits: nodes that need too many ports if all their tensors are cut.
Diagnostic nothing_fits(const PartitionModel& model, bool proven) {
  std::vector<std::string> details;
  OpenGroup alone(model);
  for (int n = 0; n < model.size(); ++n) {
    alone.add(n);
    if (!alone.fits()) {
      details.push_back(shortfall(model.name(n) + " alone: memory ports", alone.ports(),
                                  model.problem->ports, "the budget of a group is"));
    }
    alone.clear();
  }
  details.push_back("the budget of a group is " + std::to_string(model.problem->ports) +
                    " memory ports and " + std::to_string(model.problem->bits) + " on-chip bits");
  return {"E0403",
          proven ? "no partition of the kernels into groups fits"
                 : "no partition of the kernels into groups was found that fits",
          "", details, LargerTarget};
}

}  // namespace

Result<Partition> partition_units(const PartitionProblem& problem, const PartitionEffort& effort) {
  ST_CHECK(problem.check());
  const PartitionModel model(problem);
  ST_CHECK(model.check_nodes());
  if (model.nodes.empty()) return Partition{{}, {}, 0, true};
  std::optional<NodePartition> best;
  const auto offer = [&](const NodePartition& other) {
    if (!best || other.cost < best->cost) best = other;
  };
  const std::vector<NodePartition> starts = first_partitions(model, effort);
  for (size_t i = 0; i < starts.size() && i < static_cast<size_t>(effort.descents); ++i)
    offer(improve_by_moves(model, starts[i], effort.trials));
  const auto search_for = [&](int states, int64_t steps) {
    const auto known = best ? std::optional(best->cost) : std::nullopt;
    IdealSearch search = search_ideals(model, known, states, steps);
    if (search.found) offer(*search.found);
    return search;
  };
  const int64_t steps = std::min(effort.steps, MostBoundedNodes / model.size());
  IdealSearch search = search_for(effort.states / FirstShare, steps / FirstShare);
  const auto proven = [&] { return search.ended || (best && search.bound == best->cost.cycles); };
  if (!proven()) {
    const auto kicks = std::min<int64_t>(effort.kicks, MostKickedNodes / model.size());
    if (best) offer(improve_by_kicks(model, *best, static_cast<int>(kicks), effort.trials));
    const int64_t bound = search.bound;
    search = search_for(effort.states, steps);
    search.bound = std::max(search.bound, bound);
  }
  if (!best) return nothing_fits(model, search.ended);
  Partition partition;
  partition.group = model.groups_of_units(best->group);
  partition.cost = cost_of(problem, partition.group);
  partition.bound = std::min(search.bound, partition.cost.cycles);
  partition.optimal = partition.bound == partition.cost.cycles;
  ST_CHECK(verify(problem, partition));
  return partition;
}

}  // namespace st
