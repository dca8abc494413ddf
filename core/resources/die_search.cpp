// SPDX-License-Identifier: Apache-2.0
/// Tabu search over assignments, and where it begins.
#include "core/resources/die_search.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace st {
namespace {

/// splitmix64 (Steele, Lea, Flood 2014): the same numbers on every machine.
class SplitMix {
 public:
  explicit SplitMix(uint64_t seed) : state_(seed) {}
  int below(int limit) {
    state_ += 0x9E3779B97F4A7C15;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return static_cast<int>((z ^ (z >> 31)) % static_cast<uint64_t>(limit));
  }

 private:
  uint64_t state_;
};

/// Excess of a limit, relative to it.
double excess_of(int64_t used, int64_t limit) {
  if (used <= limit) return 0;
  return static_cast<double>(used - limit) / static_cast<double>(std::max<int64_t>(1, limit));
}

double share_of(int64_t used, int64_t budget) {
  if (budget == 0) return used == 0 ? 0 : 1;
  return static_cast<double>(used) / static_cast<double>(budget);
}

/// DieProblem::check() allows no more.
constexpr size_t MostBoundaries = 64;

/// An assignment with its sums, which a move changes in place.
class State {
 public:
  State(const DieModel& model, const std::vector<int>& die)
      : model_(model),
        die_(die),
        used_(model.budget.size()),
        crossing_(model.boundary_wires.size(), 0) {
    for (int k = 0; k < model.kernels(); ++k) {
      for (size_t r = 0; r < DieResources; ++r) used_[die_[k]][r] += model.need[k][r];
      for (const DieModel::Port& port : model.ports[k])
        add_crossing(port.slr, die_[k], port.wires, 1);
    }
    for (const DieModel::Edge& e : model.edges)
      add_crossing(die_[e.first], die_[e.second], e.wires, 1);
    inverse_.resize(used_.size());
    for (size_t d = 0; d < used_.size(); ++d) {
      for (size_t r = 0; r < DieResources; ++r)
        inverse_[d][r] = 1 / static_cast<double>(std::max<int64_t>(1, model.budget[d][r]));
    }
  }

  [[nodiscard]] const std::vector<int>& die() const { return die_; }

  void move(int k, int to) {
    const int from = die_[k];
    for (size_t r = 0; r < DieResources; ++r) {
      used_[from][r] -= model_.need[k][r];
      used_[to][r] += model_.need[k][r];
    }
    change_crossing(k, to);
    die_[k] = to;
  }

  [[nodiscard]] double cost() const {
    double imbalance = 0;
    for (size_t r = 0; r < DieResources; ++r) {
      double least = HUGE_VAL, most = 0;
      for (size_t d = 0; d < used_.size(); ++d) {
        const double share = share_of(used_[d][r], model_.budget[d][r]);
        least = std::min(least, share);
        most = std::max(most, share);
      }
      imbalance += most - least;
    }
    return static_cast<double>(wires_) + ImbalanceWires * imbalance;
  }

  [[nodiscard]] double excess() const {
    double sum = 0;
    for (size_t d = 0; d < used_.size(); ++d) {
      for (size_t r = 0; r < DieResources; ++r) sum += excess_of(used_[d][r], model_.budget[d][r]);
    }
    for (size_t b = 0; b < crossing_.size(); ++b)
      sum += excess_of(crossing_[b], model_.boundary_wires[b]);
    return sum;
  }

  /// Cost plus priced excess after a move, but for what all moves share: the excess of SLRs that
  /// the move does not touch.
  [[nodiscard]] double score_of(int k, int to, double price) const {
    const int from = die_[k];
    double excess = 0, imbalance = 0;
    for (size_t r = 0; r < DieResources; ++r) {
      const int64_t need = model_.need[k][r];
      const double left = static_cast<double>(used_[from][r] - need) * inverse_[from][r];
      const double joined = static_cast<double>(used_[to][r] + need) * inverse_[to][r];
      double least = std::min(left, joined), most = std::max(left, joined);
      for (int d = 0; d < model_.dies(); ++d) {
        if (d == from || d == to) continue;
        const double share = static_cast<double>(used_[d][r]) * inverse_[d][r];
        least = std::min(least, share);
        most = std::max(most, share);
      }
      imbalance += most - least;
      excess += std::max(left - 1, 0.0) + std::max(joined - 1, 0.0);
      excess -= std::max(static_cast<double>(used_[from][r]) * inverse_[from][r] - 1, 0.0);
      excess -= std::max(static_cast<double>(used_[to][r]) * inverse_[to][r] - 1, 0.0);
    }
    std::array<int64_t, MostBoundaries> change{};
    const auto change_of = [&](int other, int64_t wires) {
      for (int b = std::min(other, from); b < std::max(other, from); ++b) change[b] -= wires;
      for (int b = std::min(other, to); b < std::max(other, to); ++b) change[b] += wires;
    };
    for (const DieModel::Port& port : model_.ports[k]) change_of(port.slr, port.wires);
    for (const DieModel::Neighbour& n : model_.neighbours[k]) change_of(die_[n.kernel], n.wires);
    int64_t wires = wires_;
    for (size_t b = 0; b < crossing_.size(); ++b) {
      wires += change[b];
      excess += excess_of(crossing_[b] + change[b], model_.boundary_wires[b]) -
                excess_of(crossing_[b], model_.boundary_wires[b]);
    }
    return static_cast<double>(wires) + ImbalanceWires * imbalance + price * excess;
  }

 private:
  void add_crossing(int from, int to, int64_t wires, int sign) {
    for (int b = std::min(from, to); b < std::max(from, to); ++b) crossing_[b] += sign * wires;
    wires_ += sign * wires * std::abs(from - to);
  }
  void change_crossing(int k, int to) {
    for (const DieModel::Port& port : model_.ports[k]) {
      add_crossing(port.slr, die_[k], port.wires, -1);
      add_crossing(port.slr, to, port.wires, 1);
    }
    for (const DieModel::Neighbour& n : model_.neighbours[k]) {
      add_crossing(die_[n.kernel], die_[k], n.wires, -1);
      add_crossing(die_[n.kernel], to, n.wires, 1);
    }
  }

  const DieModel& model_;
  std::vector<int> die_;
  std::vector<std::array<int64_t, DieResources>> used_;
  std::vector<std::array<double, DieResources>> inverse_;  ///< of the budgets
  std::vector<int64_t> crossing_;
  int64_t wires_ = 0;
};

/// Kernels in `order`, each to the first SLR of `dies` that is not yet full to `fill` of its
/// budget.
std::vector<int> cut_order(const DieModel& model, const std::vector<int>& order,
                           const std::vector<int>& dies, double fill) {
  std::vector<int> die(model.need.size(), dies.back());
  size_t at = 0;
  std::array<int64_t, DieResources> used{};
  for (const int k : order) {
    const auto over = [&] {
      for (size_t r = 0; r < DieResources; ++r) {
        const auto limit = fill * static_cast<double>(model.budget[dies[at]][r]);
        if (model.need[k][r] > 0 && static_cast<double>(used[r] + model.need[k][r]) > limit)
          return true;
      }
      return false;
    };
    if (at + 1 < dies.size() && over()) {
      ++at;
      used = {};
    }
    die[k] = dies[at];
    for (size_t r = 0; r < DieResources; ++r) used[r] += model.need[k][r];
  }
  return die;
}

}  // namespace

DieModel::DieModel(const DieProblem& problem)
    : need(problem.kernels.size()),
      budget(problem.slrs.size()),
      boundary_wires(problem.boundary_wires),
      neighbours(problem.kernels.size()) {
  for (size_t r = 0; r < DieResources; ++r) {
    for (size_t k = 0; k < need.size(); ++k)
      need[k][r] = problem.kernels[k].need.*ResourceKinds[r].count;
    for (size_t d = 0; d < budget.size(); ++d)
      budget[d][r] = problem.slrs[d].budget.*ResourceKinds[r].count;
  }
  std::vector<int64_t> beside(budget.size(), 0);
  for (const DieProblem::Kernel& kernel : problem.kernels) {
    std::map<int, int64_t> wires;
    for (const int slr : kernel.memory_ports) wires[slr] += MemoryPortWires;
    ports.emplace_back();
    for (const auto& [slr, sum] : wires) {
      ports.back().push_back({slr, sum});
      beside[slr] += sum;
    }
  }
  memory = static_cast<int>(std::max_element(beside.begin(), beside.end()) - beside.begin());
  std::map<std::pair<int, int>, int64_t> joined;
  for (const DieProblem::Stream& s : problem.streams) {
    if (s.source != s.target && s.wires > 0) joined[std::minmax(s.source, s.target)] += s.wires;
  }
  for (const auto& [ends, wires] : joined) {
    edges.push_back({ends.first, ends.second, wires});
    neighbours[ends.first].push_back({ends.second, wires});
    neighbours[ends.second].push_back({ends.first, wires});
  }
}

bool DieAttempt::better_than(const DieAttempt& other) const {
  return excess != other.excess ? excess < other.excess : cost < other.cost;
}

DieAttempt search_dies(const DieModel& model, const std::vector<int>& start, int moves,
                       uint64_t seed) {
  SplitMix random(seed);
  State state(model, start);
  DieAttempt best{start, state.cost(), state.excess()};
  // Wires per limit exceeded by its whole size.
  double price = 1000;
  for (const DieModel::Edge& e : model.edges) price += static_cast<double>(e.wires) / 4;
  const double least_price = price / 100, most_price = price * 1000;
  std::vector<int> free_at(model.need.size(), 0);
  int good = 0, bad = 0, stale = 0;
  for (int step = 1; step <= moves; ++step) {
    int kernel = -1, to = -1;
    double least = HUGE_VAL;
    const double hopeful = best.excess == 0 ? best.cost : -HUGE_VAL;
    for (int k = 0; k < model.kernels(); ++k) {
      const int from = state.die()[k];
      for (int d = 0; d < model.dies(); ++d) {
        if (d == from) continue;
        const double score = state.score_of(k, d, price);
        if (score >= least || (free_at[k] > step && score >= hopeful)) continue;
        least = score;
        kernel = k;
        to = d;
      }
    }
    if (kernel < 0) continue;  // all are tabu for now
    state.move(kernel, to);
    const int tenure = 4 + std::min(model.kernels() / 8, 16);
    free_at[kernel] = step + 1 + random.below(tenure) + std::min(model.kernels() / 4, 4);
    DieAttempt now{{}, state.cost(), state.excess()};
    // Strategic oscillation: the search stays at the edge of what fits.
    constexpr int Patience = 8;
    now.excess == 0 ? (++good, bad = 0) : (++bad, good = 0);
    if (good > Patience) price = std::max(price / 1.5, least_price), good = 0;
    if (bad > Patience) price = std::min(price * 1.5, most_price), bad = 0;
    if (now.better_than(best)) {
      now.die = state.die();
      best = std::move(now);
      stale = 0;
    } else if (++stale > 100 + moves / 3) {
      break;
    }
  }
  return best;
}

DieAttempt kick_dies(const DieModel& model, DieAttempt best, int kicks, int moves, uint64_t seed) {
  SplitMix random(seed);
  const int n = model.kernels();
  for (int kick = 0; kick < kicks; ++kick) {
    std::vector<int> die = best.die;
    // A region: kernels around one of them, in order of distance.
    std::vector<int> region = {random.below(n)};
    std::vector<bool> taken(n, false);
    taken[region[0]] = true;
    const int size = 2 + random.below(std::max(1, std::min(n / 4, 30)));
    for (size_t i = 0; i < region.size() && static_cast<int>(region.size()) < size; ++i) {
      for (const DieModel::Neighbour& next : model.neighbours[region[i]]) {
        if (taken[next.kernel]) continue;
        taken[next.kernel] = true;
        region.push_back(next.kernel);
      }
    }
    const int to = random.below(model.dies());
    for (const int k : region) die[k] = to;
    DieAttempt attempt = search_dies(model, die, moves, seed + 1 + static_cast<uint64_t>(kick));
    if (attempt.better_than(best)) best = std::move(attempt);
  }
  return best;
}

std::vector<int> narrow_order(const DieModel& model, const std::vector<bool>& split) {
  const int n = model.kernels();
  std::vector<bool> placed(n, false);
  std::vector<int> open(n, 0);      // neighbours that are not placed yet
  std::vector<int> touching(n, 0);  // neighbours that are
  const auto counts = [&](int k) { return !split[k]; };
  for (int k = 0; k < n; ++k) {
    for (const DieModel::Neighbour& next : model.neighbours[k]) open[k] += counts(next.kernel);
  }
  std::vector<int> order;
  while (static_cast<int>(order.size()) < n) {
    int best = -1;
    std::array<int, 3> least{};
    for (int k = 0; k < n; ++k) {
      if (placed[k]) continue;
      // Growth of the frontier: k joins it if it has open neighbours, and closes others.
      int growth = counts(k) && open[k] > 0 ? 1 : 0;
      if (counts(k)) {
        for (const DieModel::Neighbour& next : model.neighbours[k]) {
          if (counts(next.kernel) && placed[next.kernel] && open[next.kernel] == 1) --growth;
        }
      }
      const std::array<int, 3> rank = {touching[k] > 0 || !counts(k) ? 0 : 1, growth, -touching[k]};
      if (best < 0 || rank < least) {
        best = k;
        least = rank;
      }
    }
    placed[best] = true;
    order.push_back(best);
    if (!counts(best)) continue;
    for (const DieModel::Neighbour& next : model.neighbours[best]) {
      --open[next.kernel];
      ++touching[next.kernel];
    }
  }
  return order;
}

std::vector<std::vector<int>> first_assignments(const DieModel& model) {
  std::vector<int> upwards;
  for (int d = 0; d < model.dies(); ++d) upwards.push_back(d);
  // From the memory's SLR to its neighbours, near ones first.
  std::vector<int> outwards = upwards;
  std::stable_sort(outwards.begin(), outwards.end(), [&](int a, int b) {
    return std::abs(a - model.memory) < std::abs(b - model.memory);
  });
  std::vector<int> order = narrow_order(model, std::vector<bool>(model.need.size(), false));
  std::vector<std::vector<int>> result;
  for (const double fill : {1.0, 0.8}) {
    result.push_back(cut_order(model, order, upwards, fill));
    result.push_back(cut_order(model, order, outwards, fill));
    std::reverse(order.begin(), order.end());
    result.push_back(cut_order(model, order, upwards, fill));
    result.push_back(cut_order(model, order, outwards, fill));
    std::reverse(order.begin(), order.end());
  }
  std::sort(result.begin(), result.end());
  result.erase(std::unique(result.begin(), result.end()), result.end());
  return result;
}

}  // namespace st
