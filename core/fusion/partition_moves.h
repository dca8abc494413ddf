// SPDX-License-Identifier: Apache-2.0
/// Good partitions of models that are too large for the exact search: cuts of a line of nodes, and
/// moves of nodes between groups.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/fusion/partition_search.h"

namespace st {

/// Orders of the nodes in which each comes after those that it reads from: by number, the latest
/// that is ready, chains first, the nearest in pace, and `random` drawn ones.
std::vector<std::vector<int>> node_orders(const PartitionModel& model, int random);

/// The cheapest partition whose groups are segments of `order`, by dynamic programming. Nothing if
/// none fits.
std::optional<NodePartition> cut_order(const PartitionModel& model, const std::vector<int>& order);

/// Moves nodes to other groups or to one of their own, and merges groups, as long as that costs
/// less; then cuts the line of groups anew, which also splits them and shifts their borders; all
/// over again while it helps, for at most `trials` evaluations. `start` has to fit.
NodePartition improve_by_moves(const PartitionModel& model, NodePartition start, int64_t trials);

/// Disturbs the best partition `kicks` times and improves it again: nodes are drawn into an order
/// near that of their groups, which is cut, and improved by `trials` moves. `start` has to fit.
NodePartition improve_by_kicks(const PartitionModel& model, NodePartition start, int kicks,
                               int64_t trials);

}  // namespace st
