// SPDX-License-Identifier: Apache-2.0
/// Cycles that units cannot take less than, however they are grouped.
///
/// No order is asked for, only room. Sort the nodes by pace, the slowest first, and lay out their
/// bits one after another. Groups hold at most C bits each, so the slowest k groups do not hold all
/// of the first k * C bits and one more: some node up to that place is in another group. So the
/// group that is the (k+1)-th slowest is at least as slow as the node at bit k * C. The same holds
/// for ports. Where all units are connected, a group that is not all of them also moves a tensor,
/// for which it needs a port and at least the time of the smallest one.
#pragma once

#include <cstdint>
#include <vector>

#include "core/fusion/partition_group.h"

namespace st {

/// Bounds for what is left of a model. `done` has a flag per node; nodes that are not done are
/// left.
class RestBound {
 public:
  /// The model must outlive it.
  explicit RestBound(const PartitionModel& model);

  /// Of the groups for the nodes that are left.
  [[nodiscard]] PartitionCost after(const std::vector<char>& done) const;
  /// Of the groups beside an open one, whose nodes are among those done, and which may take up as
  /// much of what is left as it has room for.
  [[nodiscard]] PartitionCost beside(const OpenGroup& open, const std::vector<char>& done) const;

 private:
  struct Item {
    int node = -1;
    int64_t row_cycles = 0, bits = 0, ports = 0;
  };
  /// Cycles of the groups of at most `room` of `amount` each, of which `taken` has a place already.
  [[nodiscard]] int64_t pack(const std::vector<char>& done, int64_t Item::*amount, int64_t room,
                             int64_t taken, int64_t group_cycles) const;
  /// Cycles of the longest transfer from a node that is done to one that is left.
  [[nodiscard]] int64_t crossing(const std::vector<char>& done) const;

  const PartitionModel* model_;
  std::vector<Item> items_;     ///< the slowest first
  int64_t least_transfer_ = 0;  ///< cycles of any group that is not the whole model
  int64_t all_ports_ = 0;
};

}  // namespace st
