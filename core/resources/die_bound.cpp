// SPDX-License-Identifier: Apache-2.0
/// A lower bound on the wires between dies.
///
/// With y(k, b) = 1 where kernel k is above boundary b, an assignment is a cut for each boundary,
/// and its wires are those of the cuts. The linear relaxation is useless: y may be the same
/// fraction for all kernels, and nothing is cut. So each boundary becomes a problem of its own that
/// is solved exactly in whole numbers,
///
///     min   cut of the streams + costs of kernels above
///     s.t.  below boundary b: one resource within what the SLRs below have, and its rest within
///           what those above have
///
/// by dynamic programming over the kernels in an order that keeps the *frontier*, kernels with
/// neighbours on both sides, small: a state is the sides of the frontier and the resource used
/// below, on a grid. Weights are rounded to the grid and limits widened by all that rounding may
/// hide, so that no assignment is lost.
///
/// What this leaves out is priced (Lagrangian relaxation), and any prices give a bound:
///   * cuts are nested, y(k, b + 1) <= y(k, b);
///   * the other resources of each SLR;
///   * kernels with so many neighbours that the frontier would be too wide are *split*: each of
///   their
///     streams has a copy of the kernel at its far end, and a price makes copies agree.
/// Prices follow a subgradient, towards the cost of the best assignment known. Wires of boundaries
/// and imbalance are left out.
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/resources/die_search.h"

namespace st {
namespace {

constexpr double Never = std::numeric_limits<double>::infinity();
/// Kernels in a frontier at most: a table has 2^this columns.
constexpr int MostFrontier = 6;
/// Cells of a table while prices are sought, and for the bound itself.
constexpr int64_t CoarseCells = int64_t{1} << 16;
constexpr int64_t FineCells = int64_t{1} << 19;
/// Of sums of doubles, relative: far above what rounding can add up to.
constexpr double SumTolerance = 1e-9;

/// What is the same for all boundaries: the order, and which kernels are split.
struct Layout {
  struct Step {
    int kernel;
    std::vector<std::pair<int, int64_t>> cut;  ///< bit in the frontier, wires
    bool joins = false;                        ///< the frontier, as its highest bit
    std::vector<int> leaving;                  ///< bits, each after the ones before have gone
  };
  struct Copy {
    int original, host;  ///< the copy of `original` that only `host` sees
    int64_t wires;
  };
  std::vector<bool> split;
  std::vector<Step> steps;
  std::vector<Copy> copies;
  int width = 0;  ///< of the widest frontier
};

Layout layout_with(const DieModel& model, const std::vector<bool>& split) {
  Layout layout;
  layout.split = split;
  std::vector<int> open(model.need.size(), 0);
  for (const DieModel::Edge& e : model.edges) {
    if (split[e.first] || split[e.second]) {
      const bool first = split[e.first];
      layout.copies.push_back({first ? e.first : e.second, first ? e.second : e.first, e.wires});
      continue;
    }
    ++open[e.first];
    ++open[e.second];
  }
  std::vector<int> frontier;
  for (const int k : narrow_order(model, split)) {
    Layout::Step step;
    step.kernel = k;
    if (!split[k]) {
      for (const DieModel::Neighbour& n : model.neighbours[k]) {
        const auto at = std::find(frontier.begin(), frontier.end(), n.kernel);
        if (at == frontier.end()) continue;
        step.cut.emplace_back(static_cast<int>(at - frontier.begin()), n.wires);
        --open[n.kernel];
        --open[k];
      }
      if (!step.cut.empty() || open[k] > 0) {
        step.joins = true;
        frontier.push_back(k);
        layout.width = std::max(layout.width, static_cast<int>(frontier.size()));
      }
    }
    for (int bit = static_cast<int>(frontier.size()) - 1; bit >= 0; --bit) {
      if (open[frontier[bit]] > 0) continue;
      step.leaving.push_back(bit);
      frontier.erase(frontier.begin() + bit);
    }
    layout.steps.push_back(std::move(step));
  }
  return layout;
}

/// Splits the kernels with most neighbours until the frontier is narrow enough.
Layout layout_of(const DieModel& model) {
  std::vector<bool> split(model.need.size(), false);
  Layout layout = layout_with(model, split);
  while (layout.width > MostFrontier) {
    int widest = -1;
    for (int k = 0; k < model.kernels(); ++k) {
      if (split[k]) continue;
      if (widest < 0 || model.neighbours[k].size() > model.neighbours[widest].size()) widest = k;
    }
    split[widest] = true;
    layout = layout_with(model, split);
  }
  return layout;
}

/// A resource on a grid, for one boundary: what kernels take below it, in steps, and how many steps
/// may be taken.
struct Knapsack {
  std::vector<int> weight;  ///< per kernel
  int least = 0, most = 0;  ///< steps below the boundary
  [[nodiscard]] bool bounds() const { return most > 0 || least > 0; }
};

Knapsack knapsack_of(const DieModel& model, int boundary, size_t resource, int64_t levels) {
  int64_t total = 0, below = 0, above = 0;
  for (const auto& need : model.need) total += need[resource];
  for (int d = 0; d < model.dies(); ++d)
    (d <= boundary ? below : above) += model.budget[d][resource];
  Knapsack none{std::vector<int>(model.need.size(), 0), 0, 0};
  if (below >= total && above >= total) return none;
  const double least = static_cast<double>(std::max<int64_t>(0, total - above));
  const double most = static_cast<double>(std::min(below, total));
  // Of some widths of the grid, the one that fits the weights best: layers repeat, and so do
  // weights.
  constexpr int Widths = 32;
  Knapsack best = none;
  double best_error = Never;
  for (int i = 0; i < Widths; ++i) {
    const double step =
        std::max(1.0, most / static_cast<double>(levels) * (1 + static_cast<double>(i) / Widths));
    Knapsack sack{{}, 0, 0};
    double over = 0, under = 0;  // what rounding may add to, and take from, a sum
    for (const auto& need : model.need) {
      const auto exact = static_cast<double>(need[resource]);
      const double rounded = std::round(exact / step);
      sack.weight.push_back(static_cast<int>(rounded));
      over += std::max(0.0, rounded * step - exact);
      under += std::max(0.0, exact - rounded * step);
    }
    if (over + under >= best_error) continue;
    best_error = over + under;
    sack.least = std::max(0, static_cast<int>(std::floor((least - under) / step)));
    sack.most = static_cast<int>(std::floor((most + over) / step * (1 + SumTolerance)));
    best = std::move(sack);
  }
  return best;
}

/// Least cost of one cut, and its sides.
struct Cut {
  double cost = Never;
  std::vector<bool> above;
};

/// The dynamic program. `costs[k]` is of kernel k above the boundary.
class CutTable {
 public:
  CutTable(const Layout& layout, const Knapsack& sack, const std::vector<double>& costs)
      : layout_(layout), sack_(sack), costs_(costs), levels_(static_cast<size_t>(sack.most) + 1) {}

  Cut solve(bool want_sides) {
    keep_ = want_sides;
    table_.assign(levels_, Never);
    table_[0] = 0;
    for (const Layout::Step& step : layout_.steps) {
      step.joins ? join(step) : pass(step);
      for (const int bit : step.leaving) leave(bit);
    }
    Cut cut;
    size_t level = 0;
    for (size_t l = static_cast<size_t>(sack_.least); l < levels_; ++l) {
      if (table_[l] >= cut.cost) continue;
      cut.cost = table_[l];
      level = l;
    }
    if (cut.cost < Never && want_sides) trace(cut, level);
    return cut;
  }

 private:
  /// Cells move up by the weight of a kernel that goes below, at a cost.
  void shift(double* cells, size_t weight, double cost) const {
    if (weight >= levels_) {
      std::fill(cells, cells + levels_, Never);
      return;
    }
    for (size_t l = levels_; l-- > weight;) cells[l] = cells[l - weight] + cost;
    std::fill(cells, cells + weight, Never);
  }

  /// A kernel that has no neighbours here.
  void pass(const Layout::Step& step) {
    const auto weight = static_cast<size_t>(sack_.weight[step.kernel]);
    const double cost = costs_[step.kernel];
    std::vector<uint8_t> choice(keep_ ? table_.size() : 0);
    for (size_t at = 0; at < table_.size(); at += levels_) {
      for (size_t l = levels_; l-- > 0;) {
        const double above = table_[at + l] + cost;
        const double below = l >= weight ? table_[at + l - weight] : Never;
        if (keep_) choice[at + l] = above < below;
        table_[at + l] = std::min(above, below);
      }
    }
    if (keep_) choices_.push_back(std::move(choice));
  }

  void join(const Layout::Step& step) {
    const size_t half = table_.size();
    table_.resize(half * 2);
    std::copy_n(table_.begin(), half, table_.begin() + static_cast<ptrdiff_t>(half));
    for (size_t mask = 0; mask * levels_ < half; ++mask) {
      double below = 0, above = costs_[step.kernel];
      for (const auto& [bit, wires] : step.cut)
        ((mask >> bit & 1) != 0 ? below : above) += static_cast<double>(wires);
      shift(&table_[mask * levels_], static_cast<size_t>(sack_.weight[step.kernel]), below);
      double* cells = &table_[half + mask * levels_];
      for (size_t l = 0; l < levels_; ++l) cells[l] += above;
    }
  }

  void leave(int bit) {
    const size_t masks = table_.size() / levels_ / 2;
    const size_t low = (size_t{1} << bit) - 1;
    std::vector<uint8_t> choice(keep_ ? masks * levels_ : 0);
    for (size_t mask = 0; mask < masks; ++mask) {
      const size_t from = (mask & low) | (mask & ~low) << 1;
      const double* below = &table_[from * levels_];
      const double* above = &table_[(from | (low + 1)) * levels_];
      double* out = &table_[mask * levels_];  // never behind what is still to be read
      if (keep_) {
        for (size_t l = 0; l < levels_; ++l) choice[mask * levels_ + l] = above[l] < below[l];
      }
      for (size_t l = 0; l < levels_; ++l) out[l] = std::min(below[l], above[l]);
    }
    table_.resize(masks * levels_);
    if (keep_) choices_.push_back(std::move(choice));
  }

  /// Follows the choices back from the cell that won.
  void trace(Cut& cut, size_t level) {
    cut.above.assign(costs_.size(), false);
    size_t mask = 0;
    size_t frontier = 0;
    auto step = layout_.steps.rbegin();
    for (; step != layout_.steps.rend(); ++step) {
      for (auto bit = step->leaving.rbegin(); bit != step->leaving.rend(); ++bit) {
        const size_t low = (size_t{1} << *bit) - 1;
        const size_t side = choices_.back()[mask * levels_ + level];
        choices_.pop_back();
        mask = (mask & low) | (mask & ~low) << 1 | side << *bit;
        ++frontier;
      }
      bool above = false;
      if (step->joins) {
        --frontier;
        above = (mask >> frontier & 1) != 0;
        mask &= (size_t{1} << frontier) - 1;
      } else {
        above = choices_.back()[mask * levels_ + level] != 0;
        choices_.pop_back();
      }
      cut.above[step->kernel] = above;
      if (!above) level -= static_cast<size_t>(sack_.weight[step->kernel]);
    }
  }

  const Layout& layout_;
  const Knapsack& sack_;
  const std::vector<double>& costs_;
  size_t levels_;
  bool keep_ = false;
  std::vector<double> table_;  ///< [mask of the frontier][steps below]
  std::vector<std::vector<uint8_t>> choices_;
};

/// The relaxation with its prices.
class Relaxation {
 public:
  explicit Relaxation(const DieModel& model)
      : model_(model), layout_(layout_of(model)), boundaries_(model.dies() - 1) {
    for (int b = 0; b < boundaries_; ++b) prices_.copies.push_back(first_prices(b));
    prices_.nested.assign(static_cast<size_t>(std::max(0, boundaries_ - 1)),
                          std::vector<double>(model.need.size(), 0));
    prices_.resources.assign(model.budget.size(), {});
  }

  CutBound run(int rounds, double known) {
    CutBound result;
    choose_resources(result);
    if (result.infeasible) return result;
    Prices best_prices = prices_;
    double best = 0, reach = 1.5;
    for (const double wires : result.boundary) best += wires;
    int stale = 0;
    for (int round = 0; round < rounds && best < known; ++round) {
      std::vector<Cut> cuts;
      const double value = evaluate(CoarseCells, &cuts);
      result.assignments.push_back(assignment_of(cuts));
      if (value > best + 1e-6 * std::abs(best)) {
        best = value;
        best_prices = prices_;
        stale = 0;
      } else if (++stale > 5) {
        // Too far: back to the best prices, in smaller steps.
        reach /= 2;
        stale = 0;
        prices_ = best_prices;
        evaluate(CoarseCells, &cuts);
      }
      step(cuts, reach, value, std::isfinite(known) ? known : 1.2 * best + 1000);
    }
    prices_ = best_prices;
    if (rounds > 0) best = std::max(best, evaluate(FineCells, nullptr));
    // Whole wires: what is above n - 1 is n.
    result.wires = std::max(0.0, std::ceil(best - SumTolerance * (scale_ + std::abs(best))));
    return result;
  }

 private:
  struct Prices {
    std::vector<std::vector<double>> copies;                  ///< [boundary][copy], either sign
    std::vector<std::vector<double>> nested;                  ///< [boundary][kernel], at least 0
    std::vector<std::array<double, DieResources>> resources;  ///< [SLR], at least 0
  };
  /// Gradients of resources are shares of an SLR, those of copies and nesting whole numbers: this
  /// makes them weigh alike.
  static constexpr double ResourceScale = 10;

  /// Copies pay their part of the port of a kernel, so that it cannot be above boundaries free of
  /// charge.
  [[nodiscard]] std::vector<double> first_prices(int boundary) const {
    std::vector<double> total(model_.need.size(), 0);
    for (const Layout::Copy& copy : layout_.copies)
      total[copy.original] += static_cast<double>(copy.wires);
    std::vector<double> prices;
    for (const Layout::Copy& copy : layout_.copies) {
      const auto wires = static_cast<double>(copy.wires);
      const auto port = static_cast<double>(model_.port_wires[copy.original]);
      const double part = std::min(wires, port * wires / total[copy.original]);
      prices.push_back(model_.memory_below(boundary) ? part : -part);
    }
    return prices;
  }

  /// Costs of kernels above a boundary; what they cost below goes to `constant`.
  std::vector<double> costs_of(int boundary, double& constant) const {
    std::vector<double> costs(model_.need.size(), 0);
    const bool memory_below = model_.memory_below(boundary);
    for (int k = 0; k < model_.kernels(); ++k) {
      const auto port = static_cast<double>(model_.port_wires[k]);
      costs[k] = memory_below ? port : -port;
      if (!memory_below) constant += port;
      if (boundary > 0) costs[k] += prices_.nested[boundary - 1][k];
      if (boundary + 1 < boundaries_) costs[k] -= prices_.nested[boundary][k];
      for (size_t r = 0; r < DieResources; ++r)
        costs[k] += load_of(boundary + 1, r, k) - load_of(boundary, r, k);
    }
    for (size_t c = 0; c < layout_.copies.size(); ++c) {
      const Layout::Copy& copy = layout_.copies[c];
      const auto wires = static_cast<double>(copy.wires);
      const double price = prices_.copies[boundary][c];
      const double below = std::min(0.0, wires + price), above = std::min(wires, price);
      constant += below;
      costs[copy.host] += above - below;
      costs[copy.original] -= price;
    }
    return costs;
  }

  /// The priced share of SLR `die` that kernel `k` takes.
  [[nodiscard]] double load_of(int die, size_t r, int k) const {
    return model_.budget[die][r] == 0 ? 0
                                      : prices_.resources[die][r] * ResourceScale *
                                            static_cast<double>(model_.need[k][r]) /
                                            static_cast<double>(model_.budget[die][r]);
  }

  [[nodiscard]] int64_t levels_of(int64_t cells) const { return (cells >> layout_.width) - 1; }

  /// The bound by the present prices, and the cuts behind it if they are wanted.
  double evaluate(int64_t cells, std::vector<Cut>* cuts) {
    double value = 0;
    for (size_t d = 0; d < model_.budget.size(); ++d) {
      for (size_t r = 0; r < DieResources; ++r) {
        value -= ResourceScale * prices_.resources[d][r];
        if (d > 0) continue;
        for (int k = 0; k < model_.kernels(); ++k) value += load_of(0, r, k);
      }
    }
    scale_ = std::abs(value);
    if (cuts != nullptr) cuts->clear();
    for (int b = 0; b < boundaries_; ++b) {
      const std::vector<double> costs = costs_of(b, value);
      for (const double cost : costs) scale_ += std::abs(cost);
      const Knapsack sack = knapsack_of(model_, b, resource_[b], levels_of(cells));
      Cut cut = CutTable(layout_, sack, costs).solve(cuts != nullptr);
      value += cut.cost;
      if (cuts != nullptr) cuts->push_back(std::move(cut));
    }
    return value;
  }

  /// For each boundary the resource that alone gives the best bound.
  void choose_resources(CutBound& result) {
    for (int b = 0; b < boundaries_; ++b) {
      resource_.push_back(0);
      double best = -1;
      for (size_t r = 0; r < DieResources; ++r) {
        const Knapsack sack = knapsack_of(model_, b, r, levels_of(CoarseCells));
        if (!sack.bounds() && best >= 0) continue;
        double constant = 0;
        const std::vector<double> costs = costs_of(b, constant);
        const double cost = CutTable(layout_, sack, costs).solve(false).cost;
        if (cost == Never) result.infeasible = true;
        if (cost + constant <= best) continue;
        best = cost + constant;
        resource_[b] = r;
      }
      result.boundary.push_back(std::max(0.0, std::floor(best)));
    }
  }

  /// SLRs by the number of cuts that a kernel is above: cuts of a relaxation may not be nested.
  [[nodiscard]] std::vector<int> assignment_of(const std::vector<Cut>& cuts) const {
    std::vector<int> die(model_.need.size(), 0);
    for (const Cut& cut : cuts) {
      for (size_t k = 0; k < die.size(); ++k) die[k] += cut.above[k] ? 1 : 0;
    }
    return die;
  }

  /// One step of the prices along the subgradient, as long as Polyak's rule has it.
  void step(const std::vector<Cut>& cuts, double reach, double value, double known) {
    Prices slope = prices_;
    double norm = 0;
    const auto note = [&](double& at, double gradient, double price, bool signless) {
      // A price at zero that wants to fall has no direction.
      at = signless && price <= 0 && gradient < 0 ? 0 : gradient;
      norm += at * at;
    };
    for (int b = 0; b < boundaries_; ++b) {
      for (size_t c = 0; c < layout_.copies.size(); ++c) {
        const Layout::Copy& copy = layout_.copies[c];
        const auto wires = static_cast<double>(copy.wires);
        const double price = prices_.copies[b][c];
        const bool above = cuts[b].above[copy.host] ? price < wires : wires + price < 0;
        note(slope.copies[b][c], int{above} - int{cuts[b].above[copy.original]}, price, false);
      }
      if (b + 1 == boundaries_) continue;
      for (int k = 0; k < model_.kernels(); ++k) {
        note(slope.nested[b][k], int{cuts[b + 1].above[k]} - int{cuts[b].above[k]},
             prices_.nested[b][k], true);
      }
    }
    for (int d = 0; d < model_.dies(); ++d) {
      for (size_t r = 0; r < DieResources; ++r) {
        double used = 0;
        for (int k = 0; k < model_.kernels(); ++k) {
          const int entered = d == 0 ? 1 : int{cuts[d - 1].above[k]};
          const int left = d == boundaries_ ? 0 : int{cuts[d].above[k]};
          used += static_cast<double>((entered - left) * model_.need[k][r]);
        }
        const auto budget = static_cast<double>(model_.budget[d][r]);
        const double gradient = budget == 0 ? 0 : ResourceScale * (used / budget - 1);
        note(slope.resources[d][r], gradient, prices_.resources[d][r], true);
      }
    }
    if (norm == 0) return;
    const double length = reach * std::max(1.0, known - value) / norm;
    const auto go = [&](double& price, double gradient, bool signless) {
      price += length * gradient;
      if (signless) price = std::max(0.0, price);
    };
    for (int b = 0; b < boundaries_; ++b) {
      for (size_t c = 0; c < layout_.copies.size(); ++c)
        go(prices_.copies[b][c], slope.copies[b][c], false);
      if (b + 1 == boundaries_) continue;
      for (int k = 0; k < model_.kernels(); ++k) go(prices_.nested[b][k], slope.nested[b][k], true);
    }
    for (int d = 0; d < model_.dies(); ++d) {
      for (size_t r = 0; r < DieResources; ++r)
        go(prices_.resources[d][r], slope.resources[d][r], true);
    }
  }

  const DieModel& model_;
  Layout layout_;
  int boundaries_;
  Prices prices_;
  std::vector<size_t> resource_;  ///< per boundary: which one is exact
  double scale_ = 0;              ///< of the numbers that the last evaluation added up
};

}  // namespace

CutBound bound_by_cuts(const DieModel& model, int rounds, double known) {
  if (model.dies() == 1 || model.kernels() == 0) {
    CutBound none;
    none.boundary.assign(model.boundary_wires.size(), 0);
    return none;
  }
  return Relaxation(model).run(rounds, known);
}

}  // namespace st
