// SPDX-License-Identifier: Apache-2.0
#include "core/fusion/partition_moves.h"

#include <algorithm>
#include <cstdlib>
#include <numeric>

#include "core/fusion/partition_group.h"

namespace st {
namespace {

/// xorshift64* (Vigna 2016): the same on all machines.
class OrderRandom {
 public:
  uint64_t next() {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return state_ * 0x2545F4914F6CDD1D;
  }

 private:
  uint64_t state_ = 0x9E3779B97F4A7C15;
};

/// Takes of the nodes that are ready the one that `better(a, b)` prefers to all others.
template <typename Better>
std::vector<int> order_by(const PartitionModel& model, Better better) {
  std::vector<int> waits(model.nodes.size()), ready, order;
  for (int n = 0; n < model.size(); ++n) {
    waits[n] = static_cast<int>(model.nodes[n].before.size());
    if (waits[n] == 0) ready.push_back(n);
  }
  while (!ready.empty()) {
    size_t chosen = 0;
    for (size_t i = 1; i < ready.size(); ++i) {
      if (better(order, ready[i], ready[chosen])) chosen = i;
    }
    const int node = ready[chosen];
    ready.erase(ready.begin() + static_cast<std::ptrdiff_t>(chosen));
    order.push_back(node);
    for (const int reader : model.nodes[node].after) {
      if (--waits[reader] == 0) ready.push_back(reader);
    }
  }
  return order;
}

/// The least priority first.
std::vector<int> order_by_priority(const PartitionModel& model,
                                   const std::vector<uint64_t>& priority) {
  return order_by(model, [&](const std::vector<int>&, int a, int b) {
    return priority[a] != priority[b] ? priority[a] < priority[b] : a < b;
  });
}

/// Whether a partition fits, and what it costs. Groups may have gaps and be in any order.
class Judge {
 public:
  explicit Judge(const PartitionModel& model) : model_(model) {}

  std::optional<PartitionCost> cost(const std::vector<int>& group) {
    ++trials_;
    uses_.assign(group.size() + 1, {});
    for (size_t n = 0; n < group.size(); ++n) {
      const PartitionModel::Node& node = model_.nodes[n];
      Use& use = uses_[group[n]];
      use.any = true;
      use.bits += node.bits;
      use.ports += node.ports;
      use.pace = std::max(use.pace, node.row_cycles);
      for (const PartitionModel::Read& read : node.reads) {
        if (group[model_.tensors[read.tensor].producer] == group[n])
          use.bits += read.converter_bits;
      }
    }
    for (const PartitionModel::Tensor& tensor : model_.tensors) {
      movers_.clear();
      for (const int reader : tensor.readers) {
        if (group[reader] == group[tensor.producer]) continue;
        if (movers_.empty()) movers_.push_back(group[tensor.producer]);
        if (std::find(movers_.begin(), movers_.end(), group[reader]) == movers_.end())
          movers_.push_back(group[reader]);
      }
      for (const int mover : movers_) {
        Use& use = uses_[mover];
        ++use.ports;
        use.bytes += tensor.bytes;
        use.transfer = std::max(use.transfer, tensor.transfer);
      }
    }
    const PartitionProblem& problem = *model_.problem;
    PartitionCost sum;
    for (const Use& use : uses_) {
      if (!use.any) continue;
      if (use.bits > problem.bits || use.ports > problem.ports) return std::nullopt;
      sum += {problem.rows * use.pace + problem.launch_cycles + use.transfer, use.bytes, use.bits};
    }
    return sum;
  }
  [[nodiscard]] int64_t trials() const { return trials_; }

 private:
  struct Use {
    int64_t bits = 0, pace = 0, transfer = 0, bytes = 0;
    int ports = 0;
    bool any = false;
  };
  const PartitionModel& model_;
  std::vector<Use> uses_;
  std::vector<int> movers_;
  int64_t trials_ = 0;
};

/// Descent from one partition.
class Descent {
 public:
  Descent(const PartitionModel& model, NodePartition start, int64_t trials)
      : model_(model), judge_(model), best_(std::move(start)), most_trials_(trials) {}

  NodePartition run() {
    while (judge_.trials() < most_trials_) {
      const PartitionCost before = best_.cost;
      move_nodes();
      merge_groups();
      cut_again();
      if (best_.cost >= before) break;
    }
    return best_;
  }

 private:
  [[nodiscard]] int groups() const {
    return 1 + *std::max_element(best_.group.begin(), best_.group.end());
  }

  /// Takes `group` if it is a partition and costs less.
  bool offer(const std::vector<int>& group) {
    if (judge_.trials() >= most_trials_) return false;
    const auto cost = judge_.cost(group);
    if (!cost || *cost >= best_.cost) return false;
    const auto ordered = model_.in_order(group);
    if (!ordered) return false;
    best_ = {*ordered, *cost};
    return true;
  }

  void move_nodes() {
    for (int n = 0; n < model_.size(); ++n) {
      const int count = groups();
      // The last one is new.
      for (int g = 0; g <= count; ++g) {
        if (g == best_.group[n]) continue;
        std::vector<int> group = best_.group;
        group[n] = g;
        if (offer(group)) break;
      }
    }
  }

  void merge_groups() {
    for (int a = 0; a < groups(); ++a) {
      for (int b = a + 1; b < groups(); ++b) {
        std::vector<int> group = best_.group;
        std::replace(group.begin(), group.end(), b, a);
        if (offer(group)) b = a;  // groups have other numbers now
      }
    }
  }

  /// The line of the groups, with nodes by number within a group.
  void cut_again() {
    std::vector<int> line(best_.group.size());
    std::iota(line.begin(), line.end(), 0);
    const auto by_group = [&](int a, int b) { return best_.group[a] < best_.group[b]; };
    std::stable_sort(line.begin(), line.end(), by_group);
    if (auto cut = cut_order(model_, line); cut && cut->cost < best_.cost) best_ = *cut;
  }

  const PartitionModel& model_;
  Judge judge_;
  NodePartition best_;
  int64_t most_trials_;
};

}  // namespace

std::vector<std::vector<int>> node_orders(const PartitionModel& model, int random) {
  using Order = std::vector<int>;
  std::vector<Order> orders;
  orders.push_back(order_by(model, [](const Order&, int a, int b) { return a < b; }));
  orders.push_back(order_by(model, [](const Order&, int a, int b) { return a > b; }));
  // A reader of the node before; of several, the first.
  orders.push_back(order_by(model, [&](const Order& order, int a, int b) {
    const auto follows = [&](int n) {
      const std::vector<int>& before = model.nodes[n].before;
      return !order.empty() && std::binary_search(before.begin(), before.end(), order.back());
    };
    return follows(a) != follows(b) ? follows(a) : a < b;
  }));
  // Slow nodes cost a group once.
  orders.push_back(order_by(model, [&](const Order& order, int a, int b) {
    const int64_t pace = order.empty() ? 0 : model.nodes[order.back()].row_cycles;
    const int64_t off_a = std::abs(model.nodes[a].row_cycles - pace);
    const int64_t off_b = std::abs(model.nodes[b].row_cycles - pace);
    return off_a != off_b ? off_a < off_b : a < b;
  }));
  OrderRandom draw;
  for (int i = 0; i < random; ++i) {
    std::vector<uint64_t> priority(model.nodes.size());
    for (uint64_t& value : priority) value = draw.next();
    orders.push_back(order_by_priority(model, priority));
  }
  return orders;
}

std::optional<NodePartition> cut_order(const PartitionModel& model, const std::vector<int>& order) {
  struct Place {
    std::optional<PartitionCost> cost;  ///< of all before it
    size_t from = 0;                    ///< where the last group begins
  };
  std::vector<Place> places(order.size() + 1);
  places[0].cost = PartitionCost{};
  OpenGroup open(model);
  for (size_t first = 0; first < order.size(); ++first) {
    if (!places[first].cost) continue;
    for (size_t last = first; last < order.size(); ++last) {
      open.add(order[last]);
      if (!open.may_grow()) break;
      if (!open.fits()) continue;
      const PartitionCost cost = *places[first].cost + open.cost();
      Place& place = places[last + 1];
      if (!place.cost || cost < *place.cost) place = {cost, first};
    }
    open.clear();
  }
  if (!places.back().cost) return std::nullopt;
  std::vector<size_t> begins;
  for (size_t end = order.size(); end > 0; end = places[end].from)
    begins.push_back(places[end].from);
  std::reverse(begins.begin(), begins.end());
  NodePartition result{std::vector<int>(order.size(), 0), *places.back().cost};
  for (size_t g = 0; g < begins.size(); ++g) {
    const size_t end = g + 1 < begins.size() ? begins[g + 1] : order.size();
    for (size_t i = begins[g]; i < end; ++i) result.group[order[i]] = static_cast<int>(g);
  }
  return result;
}

NodePartition improve_by_moves(const PartitionModel& model, NodePartition start, int64_t trials) {
  return Descent(model, std::move(start), trials).run();
}

NodePartition improve_by_kicks(const PartitionModel& model, NodePartition start, int kicks,
                               int64_t trials) {
  // Nodes of a group and of the next one mix, with a few of the one after.
  constexpr uint64_t Group = 1000, Spread = 2500;
  OrderRandom draw;
  NodePartition best = std::move(start);
  for (int kick = 0; kick < kicks; ++kick) {
    std::vector<uint64_t> priority(model.nodes.size());
    for (size_t n = 0; n < priority.size(); ++n)
      priority[n] = static_cast<uint64_t>(best.group[n]) * Group + draw.next() % Spread;
    auto next = cut_order(model, order_by_priority(model, priority));
    if (!next) continue;
    next = improve_by_moves(model, std::move(*next), trials);
    if (next->cost < best.cost) best = std::move(*next);
  }
  return best;
}

}  // namespace st
