// SPDX-License-Identifier: Apache-2.0
#include "core/resources/die_problem.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "core/resources/broken.h"
#include "core/support/shortfall.h"

namespace st {
namespace {

/// Sums over all kernels and streams stay exact in doubles.
constexpr int64_t MostOfResource = int64_t{1} << 32;
constexpr int64_t MostWires = int64_t{1} << 24;
constexpr int64_t MostPorts = 1024;
constexpr size_t MostSlrs = 64;
constexpr size_t MostParts = size_t{1} << 20;

/// Of two sums of the same numbers in another order.
constexpr double CostTolerance = 1e-6;

std::string name_of_kernel(const DieProblem& problem, size_t kernel) {
  return "kernel '" + printable(problem.kernels[kernel].name) + "'";
}

/// What is used of a budget; a budget of nothing is full as soon as anything is used.
double used_share(int64_t used, int64_t budget) {
  if (budget == 0) return used == 0 ? 0 : 1;
  return static_cast<double>(used) / static_cast<double>(budget);
}

/// Notes what is out of range.
class Checker {
 public:
  void bound(const std::string& what, int64_t value, int64_t low, int64_t high,
             const std::string& where) {
    if (value >= low && value <= high) return;
    problems_.push_back(broken(what + " " + std::to_string(value) + " is not in " +
                                   std::to_string(low) + ".." + std::to_string(high),
                               where));
  }
  void resources(const ResourceCounts& counts, const std::string& where) {
    for (const ResourceKind& kind : ResourceKinds)
      bound(kind.name, counts.*kind.count, 0, MostOfResource, where);
  }
  void count(const std::string& what, size_t value, size_t low, size_t high) {
    bound(what, static_cast<int64_t>(value), static_cast<int64_t>(low), static_cast<int64_t>(high),
          "");
  }
  [[nodiscard]] Status result() const { return problems_; }

 private:
  Diagnostics problems_;
};

}  // namespace

Status DieProblem::check() const {
  Checker checker;
  checker.count("number of SLRs", slrs.size(), 1, MostSlrs);
  checker.count("number of kernels", kernels.size(), 0, MostParts);
  checker.count("number of streams", streams.size(), 0, MostParts);
  if (boundary_wires.size() + 1 != slrs.size()) {
    checker.count("number of boundaries", boundary_wires.size(), slrs.size() - 1, slrs.size() - 1);
  }
  for (size_t d = 0; d < slrs.size(); ++d)
    checker.resources(slrs[d].budget, "SLR '" + printable(slrs[d].name) + "'");
  for (size_t b = 0; b < boundary_wires.size(); ++b) {
    checker.bound("wires", boundary_wires[b], 0, MostOfResource, "boundary " + std::to_string(b));
  }
  for (size_t k = 0; k < kernels.size(); ++k) {
    checker.resources(kernels[k].need, name_of_kernel(*this, k));
    checker.bound("memory ports", std::ssize(kernels[k].memory_ports), 0, MostPorts,
                  name_of_kernel(*this, k));
    for (const int slr : kernels[k].memory_ports) {
      checker.bound("SLR of a memory port", slr, 0, std::ssize(slrs) - 1, name_of_kernel(*this, k));
    }
  }
  const auto last = static_cast<int64_t>(kernels.size()) - 1;
  for (size_t s = 0; s < streams.size(); ++s) {
    const std::string where = "stream " + std::to_string(s);
    checker.bound("source", streams[s].source, 0, last, where);
    checker.bound("target", streams[s].target, 0, last, where);
    checker.bound("wires", streams[s].wires, 0, MostWires, where);
  }
  return checker.result();
}

DieProblem die_problem_of(const Target& target) {
  DieProblem problem;
  for (size_t d = 0; d < target.slrs.size(); ++d)
    problem.slrs.push_back({target.slrs[d].name, target.slr_budget(d)});
  if (target.crossing_wires)
    problem.boundary_wires.assign(target.slrs.size() - 1,
                                  static_cast<int64_t>(target.crossing_wires->value));
  return problem;
}

DieUse use_of(const DieProblem& problem, const std::vector<int>& die) {
  DieUse use;
  use.used.resize(problem.slrs.size());
  use.crossing.assign(problem.boundary_wires.size(), 0);
  const auto cross = [&](int from, int to, int64_t wires) {
    for (int b = std::min(from, to); b < std::max(from, to); ++b) use.crossing[b] += wires;
  };
  for (size_t k = 0; k < problem.kernels.size(); ++k) {
    const DieProblem::Kernel& kernel = problem.kernels[k];
    for (const ResourceKind& kind : ResourceKinds)
      use.used[die[k]].*kind.count += kernel.need.*kind.count;
    for (const int slr : kernel.memory_ports) cross(die[k], slr, MemoryPortWires);
  }
  for (const DieProblem::Stream& stream : problem.streams)
    cross(die[stream.source], die[stream.target], stream.wires);
  for (const int64_t wires : use.crossing) use.cost += static_cast<double>(wires);
  for (const ResourceKind& kind : ResourceKinds) {
    double least = HUGE_VAL, most = 0;
    for (size_t d = 0; d < problem.slrs.size(); ++d) {
      const double used = used_share(use.used[d].*kind.count, problem.slrs[d].budget.*kind.count);
      least = std::min(least, used);
      most = std::max(most, used);
    }
    use.cost += ImbalanceWires * (most - least);
  }
  return use;
}

std::vector<std::string> shortages(const DieProblem& problem, const DieUse& use) {
  std::vector<std::string> lines;
  for (size_t d = 0; d < problem.slrs.size(); ++d) {
    for (const ResourceKind& kind : ResourceKinds) {
      const int64_t need = use.used[d].*kind.count;
      const int64_t have = problem.slrs[d].budget.*kind.count;
      if (need <= have) continue;
      lines.push_back(
          shortfall(std::string(kind.name) + " on " + printable(problem.slrs[d].name), need, have));
    }
  }
  for (size_t b = 0; b < use.crossing.size(); ++b) {
    if (use.crossing[b] <= problem.boundary_wires[b]) continue;
    lines.push_back(shortfall("wires between " + printable(problem.slrs[b].name) + " and " +
                                  printable(problem.slrs[b + 1].name),
                              use.crossing[b], problem.boundary_wires[b], "there are"));
  }
  return lines;
}

Status verify(const DieProblem& problem, const DieSolution& solution) {
  ST_CHECK(problem.check());
  if (solution.die.size() != problem.kernels.size())
    return broken("the solution is for another design", "");
  Diagnostics problems;
  for (size_t k = 0; k < solution.die.size(); ++k) {
    if (solution.die[k] >= 0 && solution.die[k] < static_cast<int>(problem.slrs.size())) continue;
    problems.push_back(
        broken("there is no SLR " + std::to_string(solution.die[k]), name_of_kernel(problem, k)));
  }
  if (!problems.empty()) return problems;
  const DieUse use = use_of(problem, solution.die);
  const double tolerance = CostTolerance * std::max(1.0, use.cost);
  // Negated, so that NaN is refused as well.
  if (!(std::abs(solution.cost - use.cost) <= tolerance)) {
    problems.push_back(broken(
        "the cost is " + std::to_string(use.cost) + " wires, not " + std::to_string(solution.cost),
        ""));
  }
  if (!(solution.bound <= use.cost + tolerance)) {
    problems.push_back(broken("the bound of " + std::to_string(solution.bound) +
                                  " wires is above the cost of " + std::to_string(use.cost),
                              ""));
  }
  for (const std::string& line : shortages(problem, use))
    problems.push_back({"E0403", line, "", {}, ""});
  return problems;
}

}  // namespace st
