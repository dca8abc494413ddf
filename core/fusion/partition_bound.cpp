// SPDX-License-Identifier: Apache-2.0
#include "core/fusion/partition_bound.h"

#include <algorithm>

namespace st {
namespace {

/// Means that no group is open: the first node that is left needs one, whatever it takes.
constexpr int64_t NoneOpen = -1;

}  // namespace

RestBound::RestBound(const PartitionModel& model) : model_(&model) {
  for (int n = 0; n < model.size(); ++n) {
    const PartitionModel::Node& node = model.nodes[n];
    items_.push_back({n, node.row_cycles, node.bits, node.ports});
    all_ports_ += node.ports;
  }
  std::stable_sort(items_.begin(), items_.end(),
                   [](const Item& a, const Item& b) { return a.row_cycles > b.row_cycles; });
  if (model.connected && !model.by_transfer.empty())
    least_transfer_ = model.tensors[model.by_transfer.back()].transfer;
}

int64_t RestBound::pack(const std::vector<char>& done, int64_t Item::*amount, int64_t room,
                        int64_t taken, int64_t group_cycles) const {
  int64_t cycles = 0, laid = 0;
  int64_t places = taken;  // in groups so far
  for (const Item& item : items_) {
    if (done[item.node] != 0) continue;
    laid += item.*amount;
    while (laid > places) {
      cycles += model_->problem->rows * item.row_cycles + group_cycles;
      places = std::max<int64_t>(places, 0) + room;
      // Nothing has room: there is no solution, and any bound is one.
      if (room <= 0) return cycles;
    }
  }
  return cycles;
}

int64_t RestBound::crossing(const std::vector<char>& done) const {
  for (const int t : model_->by_transfer) {
    const PartitionModel::Tensor& tensor = model_->tensors[t];
    if (done[tensor.producer] == 0) continue;
    for (const int reader : tensor.readers) {
      if (done[reader] == 0) return tensor.transfer;
    }
  }
  return 0;
}

PartitionCost RestBound::after(const std::vector<char>& done) const {
  const PartitionProblem& problem = *model_->problem;
  PartitionCost cost;
  int64_t ports = 0;
  bool any_done = false, any_left = false;
  for (const Item& item : items_) {
    if (done[item.node] != 0) {
      any_done = true;
      continue;
    }
    any_left = true;
    cost.bits += item.bits;
    ports += item.ports;
  }
  if (!any_left) return cost;
  // The whole model in one group moves nothing.
  const bool several = any_done || cost.bits > problem.bits || ports > problem.ports;
  const bool moves = several && model_->connected;
  const int64_t group_cycles = problem.launch_cycles + (moves ? least_transfer_ : 0);
  cost.cycles =
      std::max(pack(done, &Item::bits, problem.bits, NoneOpen, group_cycles),
               pack(done, &Item::ports, problem.ports - (moves ? 1 : 0), NoneOpen, group_cycles));
  // One of the groups loads it.
  if (any_done) cost.cycles += std::max<int64_t>(0, crossing(done) - (moves ? least_transfer_ : 0));
  return cost;
}

PartitionCost RestBound::beside(const OpenGroup& open, const std::vector<char>& done) const {
  const PartitionProblem& problem = *model_->problem;
  PartitionCost cost;
  int64_t ports = 0;
  for (const Item& item : items_) {
    if (done[item.node] != 0) continue;
    cost.bits += item.bits;
    ports += item.ports;
  }
  const int64_t group_cycles = problem.launch_cycles + least_transfer_;
  cost.cycles = pack(done, &Item::bits, problem.bits, problem.bits - open.bits(), group_cycles);
  if (ports > problem.ports - open.own_ports() - open.loaded()) {
    const int moves = model_->connected ? 1 : 0;
    const int64_t free = problem.ports - open.own_ports() - std::max(open.loaded(), moves);
    cost.cycles = std::max(cost.cycles, pack(done, &Item::ports, problem.ports - moves,
                                             std::max<int64_t>(0, free), group_cycles));
  }
  return cost;
}

}  // namespace st
