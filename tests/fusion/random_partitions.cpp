// SPDX-License-Identifier: Apache-2.0
#include "tests/fusion/random_partitions.h"

#include <algorithm>
#include <cmath>

namespace st::test {

PartitionProblem chain(int units) {
  PartitionProblem problem;
  problem.bits = 1'000'000;
  problem.ports = 28;
  problem.rows = 8;
  problem.launch_cycles = 100;
  problem.port_bytes_per_cycle = 64;
  for (int u = 0; u < units; ++u) {
    PartitionProblem::Unit unit;
    unit.name = "u" + std::to_string(u);
    unit.bits = 100;
    unit.row_cycles = 50;
    problem.units.push_back(unit);
    if (u > 0) join(problem, u - 1, {u}, 640);
  }
  return problem;
}

PartitionProblem::Tensor& join(PartitionProblem& problem, int producer,
                               const std::vector<int>& consumers, int64_t bytes) {
  PartitionProblem::Tensor tensor;
  tensor.name = "t" + std::to_string(problem.tensors.size());
  tensor.producer = producer;
  for (const int consumer : consumers) tensor.consumers.push_back({consumer, 0});
  tensor.bytes = bytes;
  problem.tensors.push_back(tensor);
  return problem.tensors.back();
}

PartitionProblem random_partition(Random& random, int units) {
  PartitionProblem problem;
  problem.rows = random.between(1, 64);
  problem.launch_cycles = random.between(0, 2) == 0 ? 0 : random.between(100, 4000);
  problem.port_bytes_per_cycle = random.chance(0.5) ? 57.5 : 64;
  int64_t all_bits = 0, largest = 0, all_ports = 0;
  for (int u = 0; u < units; ++u) {
    PartitionProblem::Unit unit;
    unit.name = "unit" + std::to_string(u);
    unit.bits = random.chance(0.2) ? 0 : random.between(100, 4000);
    unit.row_cycles = random.chance(0.3) ? random.between(200, 900) : random.between(10, 60);
    unit.ports = random.chance(0.3) ? static_cast<int>(random.between(1, 2)) : 0;
    all_bits += unit.bits;
    largest = std::max(largest, unit.bits);
    all_ports += unit.ports;
    problem.units.push_back(unit);
  }
  // Mostly near neighbours, as in models.
  const int64_t reach = random.between(2, 8);
  std::vector<std::vector<int>> readers(units);
  for (int u = 1; u < units; ++u) {
    if (random.chance(0.08)) continue;  // a source
    const int64_t inputs = random.between(1, 2);
    for (int64_t i = 0; i < inputs; ++i) {
      const int64_t back = random.chance(0.1) ? u : std::min<int64_t>(reach, u);
      readers[u - random.between(1, back)].push_back(u);
    }
  }
  const double tied = random.chance(0.3) ? 0.1 : 0.0;
  for (int u = 0; u < units; ++u) {
    if (readers[u].empty()) continue;
    PartitionProblem::Tensor& tensor = join(problem, u, readers[u], random.between(1, 40) * 1024);
    tensor.may_cut = !random.chance(tied);
    for (auto& consumer : tensor.consumers) {
      if (random.chance(0.3)) consumer.converter_bits = random.between(50, 3000);
    }
  }
  const int64_t share = random.between(2, 6);
  problem.bits = random.chance(0.15) ? all_bits * 3 : std::max(largest, all_bits / share) + 2000;
  problem.ports = random.chance(0.4) ? 1000 : static_cast<int>(all_ports / share + 7);
  return problem;
}

PartitionProblem decoder_partition(Random& random, int units) {
  PartitionProblem problem = chain(0);
  problem.rows = 16;
  problem.launch_cycles = 1500;
  problem.bits = 3'000'000;
  const auto add = [&](const char* kind, int64_t row_cycles, int ports) {
    PartitionProblem::Unit unit;
    unit.name = kind + std::to_string(problem.units.size());
    unit.bits = random.between(10'000, 300'000);
    unit.row_cycles = row_cycles;
    unit.ports = ports;
    problem.units.push_back(unit);
    return static_cast<int>(problem.units.size()) - 1;
  };
  constexpr int64_t Hidden = 16 * 768;
  int carried = add("embed", 60, 2);
  while (static_cast<int>(problem.units.size()) < units) {
    const int norm = add("norm", 60, 1);
    const int q = add("q", 600, 1), k = add("k", 200, 1), v = add("v", 200, 1);
    const int attention = add("attention", 400, 2), projection = add("projection", 600, 1);
    const int sum = add("sum", 60, 0);
    const int norm2 = add("norm", 60, 1), up = add("up", 1600, 1), gate = add("gate", 1600, 1);
    const int product = add("product", 240, 0), down = add("down", 1600, 1);
    const int sum2 = add("sum", 60, 0);
    join(problem, carried, {norm, sum}, Hidden);
    join(problem, norm, {q, k, v}, Hidden);
    for (const int branch : {q, k, v}) {
      join(problem, branch, {attention}, branch == q ? Hidden : Hidden / 4)
          .consumers[0]
          .converter_bits = random.between(0, 40'000);
    }
    join(problem, attention, {projection}, Hidden);
    join(problem, projection, {sum}, Hidden);
    join(problem, sum, {norm2, sum2}, Hidden);
    join(problem, norm2, {up, gate}, Hidden);
    join(problem, up, {product}, 4 * Hidden);
    join(problem, gate, {product}, 4 * Hidden);
    join(problem, product, {down}, 4 * Hidden);
    join(problem, down, {sum2}, Hidden);
    carried = sum2;
  }
  return problem;
}

namespace {

/// All partitions of a few units, as group numbers that grow by one at most.
class Exhaustive {
 public:
  explicit Exhaustive(const PartitionProblem& problem)
      : problem_(problem), group_(problem.units.size(), 0), held_(problem.units.size(), 0) {}

  std::optional<PartitionCost> least() {
    visit(0, 0);
    return least_;
  }

 private:
  void visit(size_t unit, int groups) {
    if (unit == group_.size()) {
      judge(groups);
      return;
    }
    const int64_t bits = problem_.units[unit].bits;
    for (int g = 0; g <= groups; ++g) {
      if (held_[g] + bits > problem_.bits) continue;
      held_[g] += bits;
      group_[unit] = g;
      visit(unit + 1, std::max(groups, g + 1));
      held_[g] -= bits;
    }
  }

  /// Whether some group can be reached from itself.
  [[nodiscard]] bool cyclic(int groups) const {
    uint32_t reach[16] = {};
    for (const auto& tensor : problem_.tensors) {
      for (const auto& consumer : tensor.consumers) {
        const int from = group_[tensor.producer], to = group_[consumer.unit];
        if (from != to) reach[from] |= 1u << to;
      }
    }
    for (int via = 0; via < groups; ++via) {  // Warshall
      for (int g = 0; g < groups; ++g) {
        if ((reach[g] >> via & 1) != 0) reach[g] |= reach[via];
      }
    }
    for (int g = 0; g < groups; ++g) {
      if ((reach[g] >> g & 1) != 0) return true;
    }
    return false;
  }

  void judge(int groups) {
    int64_t bits[16] = {}, pace[16] = {}, most[16] = {};
    int ports[16] = {};
    PartitionCost cost;
    for (size_t u = 0; u < group_.size(); ++u) {
      const int g = group_[u];
      bits[g] += problem_.units[u].bits;
      ports[g] += problem_.units[u].ports;
      pace[g] = std::max(pace[g], problem_.units[u].row_cycles);
    }
    for (const auto& tensor : problem_.tensors) {
      uint32_t movers = 0;
      const int home = group_[tensor.producer];
      for (const auto& consumer : tensor.consumers) {
        const int g = group_[consumer.unit];
        if (g == home) {
          bits[g] += consumer.converter_bits;
        } else {
          movers |= 1u << g | 1u << home;
        }
      }
      if (movers != 0 && !tensor.may_cut) return;
      for (int g = 0; g < groups; ++g) {
        if ((movers >> g & 1) == 0) continue;
        ++ports[g];
        most[g] = std::max(most[g], tensor.bytes);
        cost.bytes += tensor.bytes;
      }
    }
    for (int g = 0; g < groups; ++g) {
      if (bits[g] > problem_.bits || ports[g] > problem_.ports) return;
      cost.bits += bits[g];
      cost.cycles += problem_.rows * pace[g] + problem_.launch_cycles +
                     static_cast<int64_t>(
                         std::ceil(static_cast<double>(most[g]) / problem_.port_bytes_per_cycle));
    }
    if (cyclic(groups)) return;
    if (!least_ || cost < *least_) least_ = cost;
  }

  const PartitionProblem& problem_;
  std::vector<int> group_;
  std::vector<int64_t> held_;
  std::optional<PartitionCost> least_;
};

}  // namespace

std::optional<PartitionCost> least_partition_cost(const PartitionProblem& problem) {
  return Exhaustive(problem).least();
}

}  // namespace st::test
