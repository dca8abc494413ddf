// SPDX-License-Identifier: Apache-2.0
#include "core/fusion/partition_problem.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace st {
namespace {

/// Ranges in which no sum over a partition overflows: cycles stay below 2^62 + 2^60.
constexpr int64_t MostUnits = 1 << 12;
constexpr int64_t MostTensors = 1 << 14;
constexpr int64_t MostConsumers = 1 << 18;
constexpr int64_t MostPorts = 1 << 16;
constexpr int64_t MostRows = 1 << 20;
constexpr int64_t MostRowCycles = 1 << 30;
constexpr int64_t MostCounted = int64_t{1} << 40;  // bits, bytes and cycles of a launch
constexpr double LeastPortBytes = 1.0 / 64;
constexpr double MostPortBytes = 1 << 20;

/// Notes what is out of range.
class Checker {
 public:
  void fault(const std::string& message, const std::string& where) {
    problems_.push_back({"E0320", message, where, {}, ""});
  }
  void bound(const std::string& what, int64_t value, int64_t low, int64_t high,
             const std::string& where = "") {
    if (value >= low && value <= high) return;
    fault(what + " " + std::to_string(value) + " is not in " + std::to_string(low) + ".." +
              std::to_string(high),
          where);
  }
  [[nodiscard]] Status result() const { return problems_; }

 private:
  Diagnostics problems_;
};

}  // namespace

PartitionCost& PartitionCost::operator+=(const PartitionCost& other) {
  cycles += other.cycles;
  bytes += other.bytes;
  bits += other.bits;
  return *this;
}

Status PartitionProblem::check() const {
  Checker checker;
  const auto count = static_cast<int64_t>(units.size());
  checker.bound("number of units", count, 0, MostUnits);
  checker.bound("number of tensors", static_cast<int64_t>(tensors.size()), 0, MostTensors);
  checker.bound("on-chip bits of a group", bits, 0, MostCounted);
  checker.bound("ports of a group", ports, 0, MostPorts);
  checker.bound("rows", rows, 1, MostRows);
  checker.bound("cycles to start a group", launch_cycles, 0, MostCounted);
  // Negated, so that NaN is refused as well.
  if (!(port_bytes_per_cycle >= LeastPortBytes && port_bytes_per_cycle <= MostPortBytes)) {
    checker.fault(
        "a port moves " + std::to_string(port_bytes_per_cycle) + " bytes per cycle, not 1/64..2^20",
        "");
  }
  for (const Unit& unit : units) {
    const std::string where = "unit '" + printable(unit.name) + "'";
    checker.bound("on-chip bits", unit.bits, 0, MostCounted, where);
    checker.bound("cycles of a row", unit.row_cycles, 0, MostRowCycles, where);
    checker.bound("ports", unit.ports, 0, MostPorts, where);
  }
  int64_t consumers = 0;
  for (const Tensor& tensor : tensors) {
    const std::string where = "tensor '" + printable(tensor.name) + "'";
    checker.bound("producer", tensor.producer, 0, count - 1, where);
    checker.bound("bytes", tensor.bytes, 0, MostCounted, where);
    consumers += static_cast<int64_t>(tensor.consumers.size());
    for (const Consumer& consumer : tensor.consumers) {
      checker.bound("consumer", consumer.unit, 0, count - 1, where);
      checker.bound("bits of a converter", consumer.converter_bits, 0, MostCounted, where);
      if (consumer.unit <= tensor.producer)
        checker.fault("a consumer is not later than the producer", where);
    }
  }
  checker.bound("number of consumers", consumers, 0, MostConsumers);
  return checker.result();
}

int Partition::groups() const {
  return group.empty() ? 0 : 1 + *std::max_element(group.begin(), group.end());
}

int64_t transfer_cycles(const PartitionProblem& problem, int64_t bytes) {
  return static_cast<int64_t>(std::ceil(static_cast<double>(bytes) / problem.port_bytes_per_cycle));
}

std::vector<PartitionUse> use_of(const PartitionProblem& problem, const std::vector<int>& groups) {
  const int count = groups.empty() ? 0 : 1 + *std::max_element(groups.begin(), groups.end());
  std::vector<PartitionUse> uses(static_cast<size_t>(count));
  for (size_t u = 0; u < groups.size(); ++u) {
    PartitionUse& use = uses[groups[u]];
    use.bits += problem.units[u].bits;
    use.ports += problem.units[u].ports;
    use.pace = std::max(use.pace, problem.units[u].row_cycles);
  }
  for (const PartitionProblem::Tensor& tensor : problem.tensors) {
    const int home = groups[tensor.producer];
    std::set<int> movers;  // the group that stores it, and those that load it
    for (const PartitionProblem::Consumer& consumer : tensor.consumers) {
      if (groups[consumer.unit] == home) {
        uses[home].bits += consumer.converter_bits;
      } else {
        movers.insert(home);
        movers.insert(groups[consumer.unit]);
      }
    }
    for (const int group : movers) {
      PartitionUse& use = uses[group];
      ++use.ports;
      use.bytes += tensor.bytes;
      use.transfer = std::max(use.transfer, transfer_cycles(problem, tensor.bytes));
    }
  }
  return uses;
}

PartitionCost cost_of(const PartitionProblem& problem, const std::vector<int>& groups) {
  PartitionCost cost;
  for (const PartitionUse& use : use_of(problem, groups)) {
    cost += {problem.rows * use.pace + problem.launch_cycles + use.transfer, use.bytes, use.bits};
  }
  return cost;
}

}  // namespace st
