// SPDX-License-Identifier: Apache-2.0
/// Random designs for the assignment of kernels to dies.
#pragma once

#include <string>

#include "core/platform/target.h"
#include "core/resources/die_problem.h"

namespace st::test {

/// splitmix64 (Steele, Lea, Flood 2014).
class DesignRandom {
 public:
  explicit DesignRandom(uint64_t seed) : state_(seed) {}
  int64_t between(int64_t low, int64_t high) {
    state_ += 0x9E3779B97F4A7C15;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    z ^= z >> 31;
    return low + static_cast<int64_t>(z % static_cast<uint64_t>(high - low + 1));
  }

 private:
  uint64_t state_;
};

/// How the parameters of a design come in.
enum class Loading {
  PerLayer,  ///< each linear layer has a loader with a port of its own, as far as ports last
  Dealt,     ///< few loaders, each with streams to kernels all over the design
};

/// A design like a decoder: layers one after another, each a chain with a residual stream beside
/// it, attention's three branches in the first half and a wide pair in the second one. The fullest
/// resource takes `fill` percent of the target's budget.
inline DieProblem random_design(uint64_t seed, int kernels, int fill, Loading loading) {
  DesignRandom random(seed);
  const Target target = *find_target("u280");
  DieProblem problem = die_problem_of(target);
  const auto any_width = [&] { return int64_t{32} << random.between(0, 4); };
  const auto add = [&](const char* kind, int size) {
    DieProblem::Kernel kernel;
    kernel.name = kind + std::to_string(problem.kernels.size());
    kernel.need.lut = random.between(300, 900) * size;
    kernel.need.ff = random.between(400, 1200) * size;
    kernel.need.dsp = random.between(0, 12) * size;
    kernel.need.bram18 = random.between(0, 4) * size;
    kernel.need.uram = random.between(0, 2) * size / 2;
    problem.kernels.push_back(kernel);
    return static_cast<int>(problem.kernels.size()) - 1;
  };
  const auto join = [&](int from, int to, int64_t wires) {
    problem.streams.push_back({from, to, wires});
  };
  std::vector<int> linear;
  const int loaders = loading == Loading::Dealt ? static_cast<int>(random.between(3, 8)) : 0;
  const int ports = target.max_ports() - 2;
  const int load = add("load", 1);
  problem.kernels[load].memory_ports = {0};
  int carried = load;
  const int64_t width = any_width();
  const auto layer = [&](int from, int64_t wires) {
    const int matmul = add("matmul", static_cast<int>(random.between(4, 16)));
    linear.push_back(matmul);
    join(from, matmul, wires);
    return matmul;
  };
  const int reserve = loading == Loading::PerLayer ? std::min(ports, kernels / 8) : loaders;
  while (static_cast<int>(problem.kernels.size()) + reserve + 1 < kernels) {
    const int fork = add("fork", 1);
    join(carried, fork, width);
    const int norm = add("norm", static_cast<int>(random.between(2, 6)));
    join(fork, norm, width);
    int end = norm;
    if (random.between(0, 1) == 0) {
      const int split = add("fork", 1), attention = add("attention", 12);
      join(norm, split, width);
      for (int branch = 0; branch < 3; ++branch) {
        const int64_t wires = any_width();
        const int projected = layer(split, wires);
        const int converter = add("convert", static_cast<int>(random.between(1, 8)));
        join(projected, converter, wires);
        join(converter, attention, wires);
      }
      end = layer(attention, width);
    } else {
      const int64_t wide = any_width();
      const int split = add("fork", 1), product = add("map", 3);
      join(norm, split, width);
      for (int branch = 0; branch < 2; ++branch) join(layer(split, width), product, wide);
      end = layer(product, wide);
    }
    const int sum = add("map", 2);
    join(end, sum, width);
    join(fork, sum, width);
    carried = sum;
  }
  const int store = add("store", 1);
  problem.kernels[store].memory_ports = {0};
  join(carried, store, width);
  std::vector<int> sources;
  for (int i = 0; i < reserve; ++i) {
    const int loader = add("load_params", 1);
    problem.kernels[loader].memory_ports = {0};
    sources.push_back(loader);
  }
  for (size_t i = 0; i < linear.size() && !sources.empty(); ++i) {
    const size_t source = loading == Loading::PerLayer
                              ? i * sources.size() / linear.size()
                              : static_cast<size_t>(random.between(0, reserve - 1));
    join(sources[source], linear[i], loading == Loading::PerLayer ? 512 : 128);
  }
  // As full as asked for.
  double fullest = 0;
  const ResourceCounts budget = target.budget();
  for (const ResourceKind& kind : ResourceKinds) {
    int64_t need = 0;
    for (const DieProblem::Kernel& kernel : problem.kernels) need += kernel.need.*kind.count;
    fullest =
        std::max(fullest, static_cast<double>(need) / static_cast<double>(budget.*kind.count));
  }
  for (DieProblem::Kernel& kernel : problem.kernels) {
    for (const ResourceKind& kind : ResourceKinds) {
      kernel.need.*kind.count =
          static_cast<int64_t>(static_cast<double>(kernel.need.*kind.count) * fill / 100 / fullest);
    }
  }
  return problem;
}

}  // namespace st::test
