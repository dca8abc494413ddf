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
/// Prices of copies close only a part of their gap: then branch and bound puts split kernels above
/// or below boundaries, where their streams need no copies.
///
/// Prices follow a subgradient, towards the cost of the best assignment known. Wires of boundaries
/// and imbalance are left out.
#include <algorithm>
#include <cmath>

#include "core/resources/die_cut.h"

namespace st {
namespace {

/// Kernels in a frontier at most: a table has 2^this columns.
constexpr int MostFrontier = 6;
/// Cells of a table while prices are sought, and for the bound itself.
constexpr int64_t CoarseCells = int64_t{1} << 16;
constexpr int64_t FineCells = int64_t{1} << 19;
/// Bytes that the choices behind a cut take at most, as far as a table of the least size allows.
constexpr int64_t MostChoices = int64_t{1} << 27;
constexpr int64_t LeastCells = int64_t{1} << 12;

/// What is left out costs: any prices give a bound.
struct Prices {
  std::vector<std::vector<double>> copies;                  ///< [boundary][copy], either sign
  std::vector<std::vector<double>> nested;                  ///< [boundary][kernel], at least 0
  std::vector<std::array<double, DieResources>> resources;  ///< [SLR], at least 0
};

/// Where a split kernel is put by branching.
enum class Side : uint8_t { Free, Below, Above };

/// A part of the assignments, and its bound.
struct Node {
  std::vector<std::vector<Side>> side;  ///< [boundary][kernel]
  Prices prices;
  double bound = 0;
  std::vector<Cut> cuts;  ///< of the last evaluation
  bool finest = false;    ///< no effort is left to raise the bound
};

/// Gradients of resources are shares of an SLR, those of copies and nesting whole numbers: this
/// makes them weigh alike.
constexpr double ResourceScale = 10;

/// The relaxation, and branching on it.
class Relaxation {
 public:
  Relaxation(const DieModel& model, double known)
      : model_(model),
        layout_(cut_layout(model, MostFrontier)),
        boundaries_(model.dies() - 1),
        known_(known) {}

  CutBound run(const DieEffort& effort) {
    Node root;
    root.side.assign(boundaries_, std::vector<Side>(model_.need.size(), Side::Free));
    for (int b = 0; b < boundaries_; ++b) root.prices.copies.push_back(first_prices(b));
    root.prices.nested.assign(boundaries_ - 1, std::vector<double>(model_.need.size(), 0));
    root.prices.resources.assign(model_.budget.size(), {});
    choose_resources(root);
    if (result_.infeasible) return result_;
    for (const double wires : result_.boundary) root.bound += wires;
    improve(root, effort.rounds);
    root.bound = std::max(root.bound, safe(evaluate(root, FineCells, false)));
    branch(std::move(root), effort);
    // Whole wires: what is above n - 1 is n.
    result_.wires = std::max(0.0, std::ceil(result_.wires));
    return result_;
  }

 private:
  /// Copies pay their part of the port of a kernel, so that it cannot be above boundaries free of
  /// charge.
  [[nodiscard]] std::vector<double> first_prices(int boundary) const {
    std::vector<double> total(model_.need.size(), 0);
    for (const CutLayout::Copy& copy : layout_.copies)
      total[copy.original] += static_cast<double>(copy.wires);
    std::vector<double> prices;
    for (const CutLayout::Copy& copy : layout_.copies) {
      const auto wires = static_cast<double>(copy.wires);
      const auto pull = static_cast<double>(model_.pull_below(copy.original, boundary));
      prices.push_back(std::clamp(pull * wires / total[copy.original], -wires, wires));
    }
    return prices;
  }

  [[nodiscard]] SideCosts costs_of(const Node& node, int boundary) const {
    SideCosts costs;
    costs.below.assign(model_.need.size(), 0);
    costs.above = costs.below;
    for (int k = 0; k < model_.kernels(); ++k) {
      costs.above[k] += static_cast<double>(model_.ports_to(k, boundary));
      costs.below[k] += static_cast<double>(model_.ports_above(k, boundary));
      if (boundary > 0) costs.above[k] += node.prices.nested[boundary - 1][k];
      if (boundary + 1 < boundaries_) costs.above[k] -= node.prices.nested[boundary][k];
      for (size_t r = 0; r < DieResources; ++r)
        costs.above[k] += load_of(node, boundary + 1, r, k) - load_of(node, boundary, r, k);
    }
    for (size_t c = 0; c < layout_.copies.size(); ++c) {
      const CutLayout::Copy& copy = layout_.copies[c];
      const auto wires = static_cast<double>(copy.wires);
      const double price = node.prices.copies[boundary][c];
      switch (node.side[boundary][copy.original]) {
        case Side::Below:
          costs.above[copy.host] += wires;
          break;
        case Side::Above:
          costs.below[copy.host] += wires;
          break;
        case Side::Free:
          costs.below[copy.host] += std::min(0.0, wires + price);
          costs.above[copy.host] += std::min(wires, price);
          costs.above[copy.original] -= price;
      }
    }
    for (int k = 0; k < model_.kernels(); ++k) {
      if (node.side[boundary][k] == Side::Below) costs.above[k] = NoCut;
      if (node.side[boundary][k] == Side::Above) costs.below[k] = NoCut;
    }
    return costs;
  }

  /// The priced share of SLR `die` that kernel `k` takes.
  [[nodiscard]] double load_of(const Node& node, int die, size_t r, int k) const {
    return model_.budget[die][r] == 0 ? 0
                                      : node.prices.resources[die][r] * ResourceScale *
                                            static_cast<double>(model_.need[k][r]) /
                                            static_cast<double>(model_.budget[die][r]);
  }

  [[nodiscard]] int64_t levels_of(int64_t cells) const {
    const int64_t fewer = std::max(MostChoices / model_.kernels(), LeastCells);
    return (std::min(cells, fewer) >> layout_.width) - 1;
  }

  /// The bound of a node by its prices; NoCut if nothing is in it. Keeps the cuts if they are
  /// wanted.
  double evaluate(Node& node, int64_t cells, bool want_cuts) {
    double value = 0;
    for (size_t d = 0; d < model_.budget.size(); ++d) {
      for (size_t r = 0; r < DieResources; ++r) {
        value -= ResourceScale * node.prices.resources[d][r];
        if (d > 0) continue;
        for (int k = 0; k < model_.kernels(); ++k) value += load_of(node, 0, r, k);
      }
    }
    scale_ = std::abs(value);
    if (want_cuts) node.cuts.clear();
    for (int b = 0; b < boundaries_; ++b) {
      const SideCosts costs = costs_of(node, b);
      for (size_t k = 0; k < costs.above.size(); ++k) {
        if (costs.above[k] < NoCut) scale_ += std::abs(costs.above[k]);
        if (costs.below[k] < NoCut) scale_ += std::abs(costs.below[k]);
      }
      const Knapsack sack = knapsack_of(model_, b, resource_[b], levels_of(cells));
      Cut cut = cheapest_cut(layout_, sack, costs, want_cuts);
      value += cut.cost;
      if (want_cuts) node.cuts.push_back(std::move(cut));
      if (value == NoCut) return NoCut;
    }
    return value;
  }

  /// `value` less what rounding may have added to it.
  [[nodiscard]] double safe(double value) const {
    return value == NoCut ? NoCut : value - SumTolerance * (scale_ + std::abs(value));
  }

  /// For each boundary the resource that alone gives the best bound.
  void choose_resources(const Node& root) {
    for (int b = 0; b < boundaries_; ++b) {
      resource_.push_back(0);
      const SideCosts costs = costs_of(root, b);
      double best = -1;
      for (size_t r = 0; r < DieResources; ++r) {
        const Knapsack sack = knapsack_of(model_, b, r, levels_of(CoarseCells));
        if (sack.most == 0 && best >= 0) continue;
        const double cost = cheapest_cut(layout_, sack, costs, false).cost;
        if (cost == NoCut) result_.infeasible = true;
        if (cost <= best) continue;
        best = cost;
        resource_[b] = r;
      }
      result_.boundary.push_back(std::max(0.0, std::floor(best)));
    }
  }

  /// Moves the prices of a node for some rounds, and leaves it with the best ones.
  void improve(Node& node, int rounds) {
    Prices best = node.prices;
    double reach = 1.5, highest = -NoCut;
    int stale = 0;
    for (int round = 0; round < rounds && node.bound < known_; ++round) {
      const double value = safe(evaluate(node, CoarseCells, true));
      if (value == NoCut) {
        node.bound = NoCut;
        return;
      }
      result_.assignments.push_back(assignment_of(node.cuts));
      if (value > highest) {
        stale = value > highest + 1e-4 * std::abs(highest) ? 0 : stale + 1;
        highest = value;
        best = node.prices;
        node.bound = std::max(node.bound, value);
      } else {
        ++stale;
      }
      if (stale > 4) {
        reach /= 2;
        stale = 0;
      }
      const double aim = std::isfinite(known_) ? known_ : 1.2 * std::max(node.bound, value) + 1000;
      step(node, reach * std::max(1.0, aim - value));
    }
    node.prices = std::move(best);
  }

  /// SLRs by the number of cuts that a kernel is above: cuts of a relaxation may not be nested.
  [[nodiscard]] std::vector<int> assignment_of(const std::vector<Cut>& cuts) const {
    std::vector<int> die(model_.need.size(), 0);
    for (const Cut& cut : cuts) {
      for (size_t k = 0; k < die.size(); ++k) die[k] += cut.above[k] ? 1 : 0;
    }
    return die;
  }

  /// Whether the copy of a free kernel is above, as its price has it.
  [[nodiscard]] bool copy_above(const Node& node, int b, size_t c) const {
    const auto wires = static_cast<double>(layout_.copies[c].wires);
    const double price = node.prices.copies[b][c];
    return node.cuts[b].above[layout_.copies[c].host] ? price < wires : wires + price < 0;
  }

  /// One step of the prices along the subgradient; `gain` is what Polyak's rule hopes for.
  void step(Node& node, double gain) {
    struct Slope {
      double* price;
      double gradient;
      bool floor;  ///< the price is at least 0
    };
    std::vector<Slope> slopes;
    const auto note = [&](double& price, double gradient, bool floor) {
      // A price at zero that wants to fall stays.
      if (gradient != 0 && !(floor && price <= 0 && gradient < 0))
        slopes.push_back({&price, gradient, floor});
    };
    const auto above = [&](int b, int k) { return node.cuts[b].above[k] ? 1 : 0; };
    for (int b = 0; b < boundaries_; ++b) {
      for (size_t c = 0; c < layout_.copies.size(); ++c) {
        const int original = layout_.copies[c].original;
        if (node.side[b][original] != Side::Free) continue;
        note(node.prices.copies[b][c], int{copy_above(node, b, c)} - above(b, original), false);
      }
      if (b + 1 == boundaries_) continue;
      for (int k = 0; k < model_.kernels(); ++k)
        note(node.prices.nested[b][k], above(b + 1, k) - above(b, k), true);
    }
    for (int d = 0; d < model_.dies(); ++d) {
      for (size_t r = 0; r < DieResources; ++r) {
        if (model_.budget[d][r] == 0) continue;
        int64_t used = 0;
        for (int k = 0; k < model_.kernels(); ++k) {
          const int here = (d == 0 ? 1 : above(d - 1, k)) - (d == boundaries_ ? 0 : above(d, k));
          used += here * model_.need[k][r];
        }
        const double share = static_cast<double>(used) / static_cast<double>(model_.budget[d][r]);
        note(node.prices.resources[d][r], ResourceScale * (share - 1), true);
      }
    }
    double norm = 0;
    for (const Slope& slope : slopes) norm += slope.gradient * slope.gradient;
    for (const Slope& slope : slopes) {
      *slope.price += gain / norm * slope.gradient;
      if (slope.floor) *slope.price = std::max(0.0, *slope.price);
    }
  }

  /// The free kernel and boundary where copies disagree most, in wires; kernel -1 if nowhere.
  [[nodiscard]] std::pair<int, int> disagreement(const Node& node) const {
    std::pair<int, int> most = {-1, -1};
    int64_t most_wires = 0;
    for (int b = 0; b < boundaries_; ++b) {
      std::vector<int64_t> above(model_.need.size(), 0), below(model_.need.size(), 0);
      for (size_t c = 0; c < layout_.copies.size(); ++c) {
        const CutLayout::Copy& copy = layout_.copies[c];
        if (node.side[b][copy.original] != Side::Free) continue;
        // By what they would cost: a copy has no side of its own where its price is at the limit.
        (node.cuts[b].above[copy.host] ? above : below)[copy.original] += copy.wires;
      }
      for (int k = 0; k < model_.kernels(); ++k) {
        const int64_t wires = std::min(above[k], below[k]);
        if (wires <= most_wires) continue;
        most_wires = wires;
        most = {k, b};
      }
    }
    return most;
  }

  /// Branch and bound over the sides of split kernels, the lowest bound first.
  void branch(Node root, const DieEffort& effort) {
    std::vector<Node> open;
    open.push_back(std::move(root));
    for (int nodes = 0;;) {
      const auto lowest = std::min_element(
          open.begin(), open.end(), [](const Node& a, const Node& b) { return a.bound < b.bound; });
      if (lowest == open.end()) {
        // Every part was empty.
        result_.infeasible = true;
        return;
      }
      result_.wires = lowest->bound;
      if (lowest->bound >= known_ || lowest->cuts.empty() || nodes >= effort.branches) return;
      const auto [kernel, boundary] = disagreement(*lowest);
      if (kernel < 0) {
        // Nothing to branch on: more rounds, once, on a finer grid.
        if (lowest->finest) return;
        lowest->finest = true;
        improve(*lowest, effort.rounds);
        lowest->bound = std::max(lowest->bound, safe(evaluate(*lowest, FineCells, false)));
        continue;
      }
      const Node parent = std::move(*lowest);
      open.erase(lowest);
      for (const Side side : {Side::Below, Side::Above}) {
        Node child = parent;
        // Who is below a boundary is below those above it.
        for (int b = 0; b < boundaries_; ++b) {
          if (side == Side::Below ? b >= boundary : b <= boundary) child.side[b][kernel] = side;
        }
        improve(child, effort.branch_rounds);
        ++nodes;
        if (child.bound < NoCut) open.push_back(std::move(child));
      }
    }
  }

  const DieModel& model_;
  CutLayout layout_;
  int boundaries_;
  double known_;
  CutBound result_;
  std::vector<size_t> resource_;  ///< per boundary: which one is exact
  double scale_ = 0;              ///< of the numbers that the last evaluation added up
};

}  // namespace

CutBound bound_by_cuts(const DieModel& model, const DieEffort& effort, double known) {
  if (model.dies() == 1 || model.kernels() == 0) {
    CutBound none;
    none.boundary.assign(model.boundary_wires.size(), 0);
    return none;
  }
  return Relaxation(model, known).run(effort);
}

}  // namespace st
