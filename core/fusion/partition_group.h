// SPDX-License-Identifier: Apache-2.0
/// One group while it grows, node by node, and what it takes at each step.
#pragma once

#include <cstdint>
#include <vector>

#include "core/fusion/partition_model.h"

namespace st {

/// A set of nodes. Nodes are added after those that they read from, or read from other groups;
/// they are taken away in the opposite order.
class OpenGroup {
 public:
  /// The model must outlive it.
  explicit OpenGroup(const PartitionModel& model);

  void add(int node);
  void remove_last();
  void clear();

  /// A tensor counts as stored as long as one of its readers is not in the group.
  [[nodiscard]] bool fits() const { return may_grow() && ports() <= model_->problem->ports; }
  /// Whether the group, or one that is reached by adding to it, may fit: adding never frees bits,
  /// or ports of units and loaded tensors.
  [[nodiscard]] bool may_grow() const {
    return bits_ <= model_->problem->bits && fixed_ports() <= model_->problem->ports;
  }
  /// Cycles, bytes and bits of a launch, if the group is as it is.
  [[nodiscard]] PartitionCost cost() const;
  /// The least cost of the group and of those that are reached by adding to it.
  [[nodiscard]] PartitionCost floor() const;

  [[nodiscard]] int64_t bits() const { return bits_; }
  [[nodiscard]] int ports() const { return own_ports_ + loaded_ + stored_; }
  [[nodiscard]] int own_ports() const { return own_ports_; }
  [[nodiscard]] int loaded() const { return loaded_; }
  [[nodiscard]] const std::vector<int>& nodes() const { return nodes_; }
  [[nodiscard]] bool has(int node) const { return has_[node] != 0; }

 private:
  /// What adding a node replaces by a maximum, as it was before.
  struct Before {
    int64_t pace = 0;
    int64_t load_transfer = 0;
  };
  [[nodiscard]] int fixed_ports() const { return own_ports_ + loaded_; }
  void mark_moved(int tensor, bool moved);
  [[nodiscard]] int64_t transfer() const;

  const PartitionModel* model_;
  std::vector<int> nodes_;
  std::vector<Before> before_;
  std::vector<char> has_;        ///< per node
  std::vector<int> pending_;     ///< per tensor of the group: readers outside
  std::vector<int> loads_;       ///< per tensor from outside: readers inside
  std::vector<uint64_t> moved_;  ///< a bit per rank of the tensors that are stored or loaded
  int64_t bits_ = 0, pace_ = 0, load_transfer_ = 0, load_bytes_ = 0, store_bytes_ = 0;
  int own_ports_ = 0, loaded_ = 0, stored_ = 0;
};

}  // namespace st
