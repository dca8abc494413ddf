// SPDX-License-Identifier: Apache-2.0
#include "core/fusion/partition_greedy.h"

#include <algorithm>

#include "core/fusion/partition_group.h"
#include "core/support/shortfall.h"

namespace st {

Result<Partition> partition_greedily(const PartitionProblem& problem) {
  ST_CHECK(problem.check());
  const PartitionModel model(problem);
  ST_CHECK(model.check_nodes());
  std::vector<OpenGroup> groups;
  std::vector<int> group_of(model.nodes.size(), -1);
  for (int n = 0; n < model.size(); ++n) {
    int latest = -1;
    for (const int source : model.nodes[n].before) latest = std::max(latest, group_of[source]);
    if (latest >= 0) {
      groups[latest].add(n);
      if (!groups[latest].fits()) {
        groups[latest].remove_last();
        latest = -1;
      }
    }
    if (latest < 0) {
      latest = static_cast<int>(groups.size());
      groups.emplace_back(model);
      groups[latest].add(n);
    }
    group_of[n] = latest;
  }
  Diagnostics problems;
  for (const OpenGroup& group : groups) {
    if (group.fits()) continue;
    problems.push_back(
        {"E0403",
         "the group that starts with " + model.name(group.nodes().front()) + " does not fit",
         "",
         {shortfall("memory ports", group.ports(), problem.ports, "the budget of a group is")},
         "choose a larger target, or a partition that is searched for"});
  }
  if (!problems.empty()) return problems;
  Partition partition;
  partition.group = model.groups_of_units(group_of);
  partition.cost = cost_of(problem, partition.group);
  partition.optimal = partition.bound == partition.cost.cycles;
  return partition;
}

}  // namespace st
