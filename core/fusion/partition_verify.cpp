// SPDX-License-Identifier: Apache-2.0
// The check of a partition. It looks at each group on its own, from the statement of the problem,
// and shares no code with the solvers or with cost_of().
#include <algorithm>
#include <cmath>

#include "core/fusion/partition_problem.h"
#include "core/support/shortfall.h"

namespace st {
namespace {

using Tensor = PartitionProblem::Tensor;

/// A partition under test, with what was found wrong.
class Verifier {
 public:
  Verifier(const PartitionProblem& problem, const Partition& partition)
      : problem_(problem), group_(partition.group), partition_(partition) {}

  Status run() {
    if (!indices_are_sound()) return problems_;
    check_order();
    check_cuts();
    int64_t cycles = 0, bytes = 0, bits = 0;
    for (int g = 0; g < groups_; ++g) add_group(g, cycles, bytes, bits);
    compare("cycles", partition_.cost.cycles, cycles);
    compare("bytes", partition_.cost.bytes, bytes);
    compare("bits", partition_.cost.bits, bits);
    if (partition_.bound > cycles) {
      report("the bound of " + std::to_string(partition_.bound) + " cycles is above the cost of " +
             std::to_string(cycles));
    }
    if (partition_.optimal != (partition_.bound == cycles)) {
      report(std::string("the partition is said to be ") + (partition_.optimal ? "" : "not ") +
             "optimal, of a bound of " + std::to_string(partition_.bound) + " and a cost of " +
             std::to_string(cycles) + " cycles");
    }
    return problems_;
  }

 private:
  void report(const std::string& message, const std::string& where = "") {
    problems_.push_back({"E0320", message, where, {}, ""});
  }

  [[nodiscard]] std::string name(const Tensor& tensor) const {
    return "tensor '" + printable(tensor.name) + "'";
  }

  bool indices_are_sound() {
    if (group_.size() != problem_.units.size()) {
      report("the partition is for another model");
      return false;
    }
    const auto units = static_cast<int>(group_.size());
    std::vector<bool> used(group_.size(), false);
    for (size_t u = 0; u < group_.size(); ++u) {
      if (group_[u] < 0 || group_[u] >= units) {
        report("there is no group " + std::to_string(group_[u]),
               "unit '" + printable(problem_.units[u].name) + "'");
        continue;
      }
      used[group_[u]] = true;
      groups_ = std::max(groups_, group_[u] + 1);
    }
    if (!problems_.empty()) return false;
    for (int g = 0; g < groups_; ++g) {
      if (!used[g]) report("group " + std::to_string(g) + " is empty");
    }
    return problems_.empty();
  }

  /// Takes away groups that wait for none of those left, until there are none.
  void check_order() {
    std::vector<bool> ran(static_cast<size_t>(groups_), false);
    int left = groups_;
    for (bool progress = true; progress && left > 0;) {
      progress = false;
      std::vector<bool> waits(ran.size(), false);
      for (const Tensor& tensor : problem_.tensors) {
        if (ran[group_[tensor.producer]]) continue;
        for (const auto& consumer : tensor.consumers) {
          if (group_[consumer.unit] != group_[tensor.producer]) waits[group_[consumer.unit]] = true;
        }
      }
      for (size_t g = 0; g < ran.size(); ++g) {
        if (ran[g] || waits[g]) continue;
        ran[g] = true;
        --left;
        progress = true;
      }
    }
    if (left > 0) {
      const auto first = std::find(ran.begin(), ran.end(), false) - ran.begin();
      report("group " + std::to_string(first) + " waits for itself: " + std::to_string(left) +
             " groups have no order in which they can run");
      return;
    }
    for (const Tensor& tensor : problem_.tensors) {
      for (const auto& consumer : tensor.consumers) {
        if (group_[consumer.unit] >= group_[tensor.producer]) continue;
        report("group " + std::to_string(group_[consumer.unit]) + " reads from group " +
                   std::to_string(group_[tensor.producer]) + ", which is later",
               name(tensor));
      }
    }
  }

  void check_cuts() {
    for (const Tensor& tensor : problem_.tensors) {
      for (const auto& consumer : tensor.consumers) {
        if (tensor.may_cut || group_[consumer.unit] == group_[tensor.producer]) continue;
        report("it may not be cut between unit '" +
                   printable(problem_.units[tensor.producer].name) + "' and unit '" +
                   printable(problem_.units[consumer.unit].name) + "'",
               name(tensor));
      }
    }
  }

  void add_group(int g, int64_t& cycles, int64_t& bytes, int64_t& bits) {
    int64_t own_bits = 0, pace = 0, ports = 0, busiest = 0;
    for (size_t u = 0; u < group_.size(); ++u) {
      if (group_[u] != g) continue;
      own_bits += problem_.units[u].bits;
      ports += problem_.units[u].ports;
      pace = std::max(pace, problem_.units[u].row_cycles);
    }
    for (const Tensor& tensor : problem_.tensors) {
      const bool made_here = group_[tensor.producer] == g;
      bool read_here = false, read_elsewhere = false;
      for (const auto& consumer : tensor.consumers) {
        (group_[consumer.unit] == g ? read_here : read_elsewhere) = true;
        if (made_here && group_[consumer.unit] == g) own_bits += consumer.converter_bits;
      }
      if (made_here ? !read_elsewhere : !read_here) continue;
      ++ports;
      bytes += tensor.bytes;
      busiest = std::max(busiest, tensor.bytes);
    }
    // One division for the largest: more bytes never take fewer cycles.
    const double transfer = std::ceil(static_cast<double>(busiest) / problem_.port_bytes_per_cycle);
    cycles += problem_.rows * pace + problem_.launch_cycles + static_cast<int64_t>(transfer);
    bits += own_bits;
    limit(g, "on-chip bits", own_bits, problem_.bits);
    limit(g, "memory ports", ports, problem_.ports);
  }

  void limit(int g, const std::string& resource, int64_t need, int64_t have) {
    if (need <= have) return;
    problems_.push_back({"E0403",
                         shortfall("group " + std::to_string(g) + ": " + resource, need, have),
                         "",
                         {},
                         ""});
  }

  void compare(const std::string& what, int64_t said, int64_t counted) {
    if (said == counted) return;
    report("the cost is " + std::to_string(counted) + " " + what + ", not " + std::to_string(said));
  }

  const PartitionProblem& problem_;
  const std::vector<int>& group_;
  const Partition& partition_;
  int groups_ = 0;
  Diagnostics problems_;
};

}  // namespace

Status verify(const PartitionProblem& problem, const Partition& partition) {
  ST_CHECK(problem.check());
  return Verifier(problem, partition).run();
}

}  // namespace st
