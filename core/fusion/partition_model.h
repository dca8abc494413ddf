// SPDX-License-Identifier: Apache-2.0
/// The partition problem as algorithms see it: units that have to share a group are one node.
///
/// A tensor that may not be cut ties its consumers to its producer, and so all units on paths
/// between them. Such units are the strongly connected components of the graph in which these
/// tensors go both ways. What is left is a directed acyclic graph, in which all may be cut.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/fusion/partition_problem.h"

namespace st {

/// Requires a problem that passes check(), which must outlive it.
struct PartitionModel {
  struct Read {
    int tensor = -1;
    int64_t converter_bits = 0;  ///< of all ports of the node that read it
  };
  struct Node {
    std::vector<int> units;  ///< of the problem, ascending
    int64_t bits = 0;        ///< with the converters inside
    int64_t row_cycles = 0;
    int ports = 0;
    std::vector<int> before, after;  ///< nodes that it reads from, and that read from it; unique
    std::vector<Read> reads;         ///< tensors of other nodes; unique
    std::vector<int> writes;         ///< tensors that other nodes read
  };
  struct Tensor {
    int producer = -1;
    std::vector<int> readers;  ///< nodes; unique
    int64_t bytes = 0;
    int64_t transfer = 0;  ///< cycles of a port
  };
  const PartitionProblem* problem = nullptr;
  std::vector<Node> nodes;       ///< in topological order; that of the units where all may be cut
  std::vector<Tensor> tensors;   ///< those between nodes
  std::vector<int> by_transfer;  ///< tensors, the longest transfer first
  std::vector<int> rank;         ///< per tensor: its place in by_transfer
  bool connected = true;         ///< no two parts without a tensor between them

  explicit PartitionModel(const PartitionProblem& of);

  [[nodiscard]] int size() const { return static_cast<int>(nodes.size()); }
  /// Per unit, from a group per node.
  [[nodiscard]] std::vector<int> groups_of_units(const std::vector<int>& groups) const;
  /// The groups renumbered from 0 in an order in which they can run, that of their first nodes
  /// where there is a choice; nothing if they wait for each other. Numbers may have gaps.
  [[nodiscard]] std::optional<std::vector<int>> in_order(const std::vector<int>& groups) const;
  /// Nodes that fit no group, whatever else is in it. Errors: E0403 for each, with its units, the
  /// resource and both numbers.
  [[nodiscard]] Status check_nodes() const;
  /// "unit 'a'", or "units 'a', 'b', which cannot be separated,".
  [[nodiscard]] std::string name(int node) const;
};

}  // namespace st
