// SPDX-License-Identifier: Apache-2.0
/// Kernel fusion as a partition of the model (StreamTensor §4.2, §5.2.2): the problem, what a
/// solution is, and its check. partition_greedy.h has the paper's algorithm, partition_solver.h
/// ours.
///
/// A unit is what has to stay together, the kernels of one node. A group of units is one launch:
/// inside it tensors stream from kernel to kernel, through a converter where types differ; a tensor
/// that leaves its group is cut, and goes through device memory. Groups run one after another. A
/// launch of `rows` rows takes
///
///     sum over groups   rows * max over units row_cycles     cycles at the pace of the slowest
///                     + launch_cycles                        cycles to start the group
///                     + max over tensors cut in or out of it ceil(bytes / port_bytes_per_cycle)
///
/// cycles. The last term is the group's busiest port: each tensor that is stored or loaded has a
/// port of its own, and ports move at the same time. It is their maximum and not total bytes over
/// all ports, by which a group would gain from cutting one more small tensor. It is added to the
/// first term as if nothing overlapped: what is cut is never free.
///
/// Partitions of as many cycles are compared by the bytes that all groups store and load, then by
/// on-chip bits. Both are counted apart rather than weighed against cycles, so that sums are exact.
///
/// On-chip bits of a group are the units' own and, as in the authors' lecture, those of converters
/// between them; the paper's Algorithm 2 charges converters alone. Its ports are the units' own,
/// one for each tensor that it stores and one for each that it loads.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "core/support/result.h"

namespace st {

/// What a partition costs; ordered by cycles, then bytes, then bits.
struct PartitionCost {
  int64_t cycles = 0;  ///< of a launch, as above
  int64_t bytes = 0;   ///< that a launch stores and loads because tensors are cut
  int64_t bits = 0;    ///< on chip, summed over the groups

  std::strong_ordering operator<=>(const PartitionCost&) const = default;
  PartitionCost& operator+=(const PartitionCost& other);
  friend PartitionCost operator+(PartitionCost a, const PartitionCost& b) { return a += b; }
};

/// Units that are to be grouped.
struct PartitionProblem {
  struct Unit {
    std::string name;        ///< untrusted
    int64_t bits = 0;        ///< on chip, of its kernels' own buffers
    int64_t row_cycles = 1;  ///< for one row, of its slowest kernel
    int ports = 0;           ///< of its own: parameters, caches, tables, inputs and outputs
  };
  /// A unit that reads a tensor. One that reads it through two ports is listed twice.
  struct Consumer {
    int unit = -1;
    int64_t converter_bits = 0;  ///< on chip, if it shares a group with the producer
  };
  /// A tensor that one unit makes for others. Those within a unit, and those that the host reads or
  /// writes, are left out.
  struct Tensor {
    std::string name;  ///< untrusted
    int producer = -1;
    std::vector<Consumer> consumers;  ///< later units than the producer
    int64_t bytes = 0;    ///< that a launch stores, and each other group that reads it loads
    bool may_cut = true;  ///< otherwise all its consumers are in the producer's group
  };
  std::vector<Unit> units;  ///< in topological order
  std::vector<Tensor> tensors;
  int64_t bits = 0;                 ///< on-chip memory that a group may use
  int ports = 0;                    ///< memory ports that a group may use
  int64_t rows = 1;                 ///< of a launch
  int64_t launch_cycles = 0;        ///< to start a group
  double port_bytes_per_cycle = 1;  ///< of one memory port

  /// Bad indices, counts out of range, a consumer that is not later than its producer. Errors:
  /// E0320, all at once.
  [[nodiscard]] Status check() const;
};

struct Partition {
  std::vector<int> group;  ///< per unit, from 0 without gaps; a group reads from earlier ones only
  PartitionCost cost;      ///< as by cost_of()
  int64_t bound = 0;       ///< no partition takes fewer cycles; proven by a solver, not by verify()
  bool optimal = false;    ///< the bound is reached

  [[nodiscard]] int groups() const;
};

/// What one group takes.
struct PartitionUse {
  int64_t bits = 0;      ///< on chip, with converters
  int ports = 0;         ///< with one for each tensor stored or loaded
  int64_t pace = 0;      ///< cycles for a row, of the slowest unit
  int64_t transfer = 0;  ///< cycles of the busiest port that stores or loads a cut tensor
  int64_t bytes = 0;     ///< stored and loaded
};
/// Per group. Requires a problem that passes check(), and a group per unit, from 0.
std::vector<PartitionUse> use_of(const PartitionProblem& problem, const std::vector<int>& groups);

/// Requires the same.
PartitionCost cost_of(const PartitionProblem& problem, const std::vector<int>& groups);

/// Cycles of a port for one tensor. Requires a problem that passes check().
int64_t transfer_cycles(const PartitionProblem& problem, int64_t bytes);

/// Whether a solution is one: a group for each unit, groups numbered without gaps in an order in
/// which they can run, no tensor cut that may not be, the cost that it states and a bound that fits
/// it (E0320); no group above the bits and ports of the problem (E0403, with both numbers). All at
/// once.
Status verify(const PartitionProblem& problem, const Partition& partition);

}  // namespace st
