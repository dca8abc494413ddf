// SPDX-License-Identifier: Apache-2.0
/// The exact search: groups in the order in which they run are the differences of successive
/// ideals, sets of nodes that hold all that their nodes read from. What a group costs depends on
/// its own nodes alone, so that the least cost is a shortest path from the empty ideal to all
/// nodes, over ideals.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/fusion/partition_model.h"

namespace st {

/// A group per node of a model, and what it costs.
struct NodePartition {
  std::vector<int> group;
  PartitionCost cost;
};

struct IdealSearch {
  std::optional<NodePartition> found;  ///< cheaper than what was known
  int64_t bound = 0;   ///< no partition takes fewer cycles, unless the known one does
  bool ended = false;  ///< all was looked at: if nothing was found, there is nothing cheaper
  int64_t steps = 0;   ///< groups that were looked at
};

/// Looks for the cheapest partition that costs less than `known`, if there is one. Ideals are
/// opened in the order of their cost with the bound for what is left (A*), and a group is grown
/// from each node by node, as long as bits, ports and bounds permit. Ends early after `states`
/// ideals, `steps` groups, or a tenth of both once no partition can take fewer cycles: what is left
/// to find then saves bytes or bits alone.
IdealSearch search_ideals(const PartitionModel& model, const std::optional<PartitionCost>& known,
                          int states, int64_t steps);

}  // namespace st
