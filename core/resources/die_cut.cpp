// SPDX-License-Identifier: Apache-2.0
#include "core/resources/die_cut.h"

#include <algorithm>
#include <cmath>

namespace st {
namespace {

/// More steps than any knapsack has.
constexpr double FarAbove = 1e9;

CutLayout layout_with(const DieModel& model, const std::vector<bool>& split) {
  CutLayout layout;
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
    CutLayout::Step step;
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
        step.bit = static_cast<int>(frontier.size());
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

/// The dynamic program.
class CutTable {
 public:
  CutTable(const CutLayout& layout, const Knapsack& sack, const SideCosts& costs)
      : layout_(layout), sack_(sack), costs_(costs), levels_(static_cast<size_t>(sack.most) + 1) {}

  Cut solve(bool want_sides) {
    keep_ = want_sides;
    table_.assign(levels_, NoCut);
    table_[0] = 0;
    for (const CutLayout::Step& step : layout_.steps) {
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
    if (cut.cost < NoCut && want_sides) trace(cut, level);
    return cut;
  }

 private:
  /// Cells move up by the weight of a kernel that goes below, at a cost.
  void shift(double* cells, size_t weight, double cost) const {
    if (weight >= levels_) {
      std::fill(cells, cells + levels_, NoCut);
      return;
    }
    for (size_t l = levels_; l-- > weight;) cells[l] = cells[l - weight] + cost;
    std::fill(cells, cells + weight, NoCut);
  }

  /// A kernel that has no neighbours here.
  void pass(const CutLayout::Step& step) {
    const auto weight = static_cast<size_t>(sack_.weight[step.kernel]);
    const double cost_below = costs_.below[step.kernel], cost_above = costs_.above[step.kernel];
    std::vector<uint8_t> choice(keep_ ? table_.size() : 0);
    for (size_t at = 0; at < table_.size(); at += levels_) {
      for (size_t l = levels_; l-- > 0;) {
        const double above = table_[at + l] + cost_above;
        const double below = l >= weight ? table_[at + l - weight] + cost_below : NoCut;
        if (keep_) choice[at + l] = above < below;
        table_[at + l] = std::min(above, below);
      }
    }
    if (keep_) choices_.push_back(std::move(choice));
  }

  void join(const CutLayout::Step& step) {
    const size_t half = table_.size();
    table_.resize(half * 2);
    std::copy_n(table_.begin(), half, table_.begin() + static_cast<ptrdiff_t>(half));
    for (size_t mask = 0; mask * levels_ < half; ++mask) {
      double below = costs_.below[step.kernel], above = costs_.above[step.kernel];
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
    cut.above.assign(costs_.above.size(), false);
    size_t mask = 0;
    auto step = layout_.steps.rbegin();
    for (; step != layout_.steps.rend(); ++step) {
      for (auto bit = step->leaving.rbegin(); bit != step->leaving.rend(); ++bit) {
        const size_t low = (size_t{1} << *bit) - 1;
        const size_t side = choices_.back()[mask * levels_ + level];
        choices_.pop_back();
        mask = (mask & low) | (mask & ~low) << 1 | side << *bit;
      }
      bool above = false;
      if (step->joins) {
        const size_t highest = size_t{1} << step->bit;
        above = (mask & highest) != 0;
        mask &= highest - 1;
      } else {
        above = choices_.back()[mask * levels_ + level] != 0;
        choices_.pop_back();
      }
      cut.above[step->kernel] = above;
      if (!above) level -= static_cast<size_t>(sack_.weight[step->kernel]);
    }
  }

  const CutLayout& layout_;
  const Knapsack& sack_;
  const SideCosts& costs_;
  size_t levels_;
  bool keep_ = false;
  std::vector<double> table_;  ///< [mask of the frontier][steps below]
  std::vector<std::vector<uint8_t>> choices_;
};

}  // namespace

CutLayout cut_layout(const DieModel& model, int most) {
  std::vector<bool> split(model.need.size(), false);
  CutLayout layout = layout_with(model, split);
  while (layout.width > most) {
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
  double best_error = NoCut;
  for (int i = 0; i < Widths; ++i) {
    const double step =
        std::max(1.0, most / static_cast<double>(levels) * (1 + static_cast<double>(i) / Widths));
    Knapsack sack{{}, 0, 0};
    double over = 0, under = 0;  // what rounding may add to, and take from, a sum
    for (const auto& need : model.need) {
      const auto exact = static_cast<double>(need[resource]);
      const double rounded = std::round(exact / step);
      sack.weight.push_back(static_cast<int>(std::min(rounded, FarAbove)));
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

Cut cheapest_cut(const CutLayout& layout, const Knapsack& sack, const SideCosts& costs,
                 bool want_sides) {
  return CutTable(layout, sack, costs).solve(want_sides);
}

}  // namespace st
