// SPDX-License-Identifier: Apache-2.0
/// Choice of memories where preferred ones exceed a budget.
///
///     min   sum c_ik x_ik + M sum o_r          over items i, kinds k, resources r
///     s.t.  sum_k x_ik = 1                     every item has a kind
///           sum a_ikr x_ik - b_r o_r <= b_r    budgets, with an overflow o_r >= 0
///
/// a_ikr: what item i takes of resource r as kind k; c_ik: the shares of the budgets that it takes,
/// if k is not its preferred kind. In a basic solution of this linear program at most one item per
/// resource is split between kinds. For these few all choices are tried. If none fits, although the
/// linear program does, branch and bound looks for whole x_ik.
#include <algorithm>
#include <memory>

#include "core/resources/glpk_quiet.h"
#include "core/resources/memory_problem.h"
#include "core/support/shortfall.h"

namespace st {
namespace {

constexpr size_t Resources = 3;
constexpr std::array<const char*, Resources> ResourceNames = {"LUT", "BRAM18", "URAM"};
using Amounts = std::array<int64_t, Resources>;

Amounts amounts_of(const MemoryCost& cost) { return {cost.lut, cost.bram18, cost.uram}; }
Amounts amounts_of(const ResourceCounts& counts) {
  return {counts.lut, counts.bram18, counts.uram};
}

/// A share of a budget; what there is nothing of costs as many budgets as it takes.
double share(int64_t amount, int64_t budget) {
  return static_cast<double>(amount) / static_cast<double>(std::max<int64_t>(1, budget));
}

/// Shares of the budgets that a cost takes, and those above whole budgets.
double shares(const Amounts& amounts, const Amounts& budget) {
  double sum = 0;
  for (size_t r = 0; r < Resources; ++r) sum += share(amounts[r], budget[r]);
  return sum;
}
double overflow(const Amounts& amounts, const Amounts& budget) {
  double sum = 0;
  for (size_t r = 0; r < Resources; ++r)
    sum += share(std::max<int64_t>(0, amounts[r] - budget[r]), budget[r]);
  return sum;
}

/// M: dearer than any move of an item, whose shares are of budgets that it fits.
constexpr double OverflowWeight = 1e4;
/// Branch and bound gives up after as many nodes: a count, not a time, so that the result is the
/// same everywhere.
constexpr int MostNodes = 5'000;
/// An item that is split has parts above this; simplex is exact to about 1e-9.
constexpr double SplitTolerance = 1e-6;

struct Choice {
  size_t item;
  MemoryKind kind;
};

/// Rows: the resources, then the items. Columns: the overflows, then the choices.
class MemoryModel {
 public:
  explicit MemoryModel(const MemoryProblem& problem)
      : problem_(problem),
        budget_(amounts_of(problem.budget)),
        program_(glp_create_prob(), glp_delete_prob) {
    glp_set_obj_dir(program_.get(), GLP_MIN);
    glp_add_rows(program_.get(), static_cast<int>(Resources + problem.items.size()));
    for (size_t r = 0; r < Resources; ++r) add_resource(r);
    for (size_t i = 0; i < problem.items.size(); ++i) {
      glp_set_row_bnds(program_.get(), row_of_item(i), GLP_FX, 1, 1);
      for (const MemoryKind kind : AllMemoryKinds)
        if (is_legal(problem.items[i], kind)) add_choice({i, kind});
    }
  }

  /// Kinds of each item that take part in the optimum, the largest part first.
  Result<std::vector<std::vector<MemoryKind>>> solve() {
    const QuietGlpk quiet;
    glp_adv_basis(program_.get(), 0);
    const int failure = simplex();
    if (failure != 0 || glp_get_status(program_.get()) != GLP_OPT) {
      return Diagnostic{"E0901",
                        "the linear program of memories was not solved",
                        "",
                        {"GLPK: code " + std::to_string(failure) + ", status " +
                         std::to_string(glp_get_status(program_.get()))},
                        ""};
    }
    std::vector<std::vector<std::pair<double, MemoryKind>>> parts(problem_.items.size());
    for (size_t c = 0; c < choices_.size(); ++c) {
      const double part = glp_get_col_prim(program_.get(), column_of_choice(c));
      if (part > SplitTolerance) parts[choices_[c].item].emplace_back(part, choices_[c].kind);
    }
    std::vector<std::vector<MemoryKind>> kinds(problem_.items.size());
    for (size_t i = 0; i < parts.size(); ++i) {
      std::stable_sort(parts[i].begin(), parts[i].end(),
                       [](const auto& a, const auto& b) { return a.first > b.first; });
      for (const auto& [part, kind] : parts[i]) kinds[i].push_back(kind);
    }
    return kinds;
  }

  /// A kind for each item without any overflow, after solve(); empty if none was found.
  std::vector<MemoryKind> solve_whole() {
    const QuietGlpk quiet;
    for (size_t r = 0; r < Resources; ++r)
      glp_set_col_bnds(program_.get(), static_cast<int>(r) + 1, GLP_FX, 0, 0);
    for (size_t c = 0; c < choices_.size(); ++c)
      glp_set_col_kind(program_.get(), column_of_choice(c), GLP_IV);
    if (simplex() != 0 || glp_get_status(program_.get()) != GLP_OPT) return {};
    glp_iocp options;
    glp_init_iocp(&options);
    options.msg_lev = GLP_MSG_OFF;
    int nodes = 0;
    options.cb_info = &nodes;
    options.cb_func = [](glp_tree* tree, void* info) {
      if (glp_ios_reason(tree) == GLP_ISELECT && ++*static_cast<int*>(info) > MostNodes)
        glp_ios_terminate(tree);
    };
    (void)glp_intopt(program_.get(), &options);
    const int status = glp_mip_status(program_.get());
    if (status != GLP_OPT && status != GLP_FEAS) return {};
    std::vector<MemoryKind> kinds(problem_.items.size());
    for (size_t c = 0; c < choices_.size(); ++c) {
      if (glp_mip_col_val(program_.get(), column_of_choice(c)) > 0.5)
        kinds[choices_[c].item] = choices_[c].kind;
    }
    return kinds;
  }

 private:
  int simplex() {
    glp_smcp options;
    glp_init_smcp(&options);
    options.msg_lev = GLP_MSG_OFF;
    return glp_simplex(program_.get(), &options);
  }

  [[nodiscard]] static int column_of_choice(size_t choice) {
    return static_cast<int>(Resources + choice) + 1;
  }
  [[nodiscard]] static int row_of_item(size_t item) {
    return static_cast<int>(Resources + item) + 1;
  }

  /// Rows of resources are in shares of the budget, so that they are of one magnitude.
  void add_resource(size_t r) {
    const int row = static_cast<int>(r) + 1;
    glp_set_row_bnds(program_.get(), row, GLP_UP, 0, budget_[r] > 0 ? 1 : 0);
    const int column = glp_add_cols(program_.get(), 1);
    glp_set_col_bnds(program_.get(), column, GLP_LO, 0, 0);
    glp_set_obj_coef(program_.get(), column, OverflowWeight);
    const int rows[] = {0, row};
    const double factors[] = {0, -1};
    glp_set_mat_col(program_.get(), column, 1, rows, factors);
  }

  void add_choice(const Choice& choice) {
    const MemoryProblem::Item& item = problem_.items[choice.item];
    const Amounts amounts = amounts_of(cost_of(item, choice.kind));
    const int column = glp_add_cols(program_.get(), 1);
    glp_set_col_bnds(program_.get(), column, GLP_LO, 0, 0);
    if (choice.kind != preferred_kind(item))
      glp_set_obj_coef(program_.get(), column, shares(amounts, budget_));
    int rows[Resources + 2] = {0, row_of_item(choice.item)};
    double factors[Resources + 2] = {0, 1};
    int count = 1;
    for (size_t r = 0; r < Resources; ++r) {
      if (amounts[r] == 0) continue;
      rows[++count] = static_cast<int>(r) + 1;
      factors[count] = share(amounts[r], budget_[r]);
    }
    glp_set_mat_col(program_.get(), column, count, rows, factors);
    choices_.push_back(choice);
  }

  const MemoryProblem& problem_;
  Amounts budget_;
  GlpkProgram program_;
  std::vector<Choice> choices_;
};

/// Tries all choices for the items that the linear program splits. The best one exceeds budgets by
/// the least, and then moves the least.
class Rounding {
 public:
  Rounding(const MemoryProblem& problem, std::vector<std::vector<MemoryKind>> kinds)
      : problem_(problem), budget_(amounts_of(problem.budget)) {
    for (size_t i = 0; i < kinds.size(); ++i) {
      chosen_.push_back(kinds[i].front());
      if (kinds[i].size() == 1) {
        accumulate(fixed_, cost_of(problem.items[i], chosen_[i]));
      } else {
        split_.push_back(i);
      }
    }
  }

  std::vector<MemoryKind> best() {
    choose(0, fixed_, 0);
    return best_;
  }

 private:
  void choose(size_t next, const MemoryCost& cost, double moved) {
    if (next == split_.size()) {
      const auto value = std::pair(overflow(amounts_of(cost), budget_), moved);
      if (!best_.empty() && value >= best_value_) return;
      best_value_ = value;
      best_ = chosen_;
      return;
    }
    const size_t i = split_[next];
    const MemoryProblem::Item& item = problem_.items[i];
    for (const MemoryKind kind : AllMemoryKinds) {
      if (!is_legal(item, kind)) continue;
      const MemoryCost own = cost_of(item, kind);
      MemoryCost sum = cost;
      accumulate(sum, own);
      chosen_[i] = kind;
      choose(next + 1, sum,
             moved + (kind == preferred_kind(item) ? 0 : shares(amounts_of(own), budget_)));
    }
  }

  const MemoryProblem& problem_;
  Amounts budget_;
  MemoryCost fixed_;
  std::vector<size_t> split_;
  std::vector<MemoryKind> chosen_, best_;
  std::pair<double, double> best_value_;
};

/// The item that takes most of a resource, and how much.
std::pair<std::string, int64_t> largest_item(const MemoryProblem& problem, const MemoryPlan& plan,
                                             size_t resource) {
  std::pair<std::string, int64_t> largest = {"", -1};
  for (size_t i = 0; i < problem.items.size(); ++i) {
    const int64_t taken = amounts_of(cost_of(problem.items[i], plan.kind[i]))[resource];
    if (taken > largest.second) largest = {problem.items[i].name, taken};
  }
  return largest;
}

bool fits(const MemoryProblem& problem, const MemoryPlan& plan) {
  return overflow(amounts_of(plan.cost), amounts_of(problem.budget)) == 0;
}

}  // namespace

Result<MemoryPlan> choose_kinds(const MemoryProblem& problem) {
  ST_CHECK(problem.check());
  std::vector<MemoryKind> kinds;
  for (const MemoryProblem::Item& item : problem.items) kinds.push_back(preferred_kind(item));
  MemoryPlan plan = plan_of(problem, std::move(kinds));
  if (fits(problem, plan)) return plan;
  MemoryModel model(problem);
  ST_TRY(split, model.solve());
  plan = plan_of(problem, Rounding(problem, std::move(split)).best());
  if (fits(problem, plan)) return plan;
  if (std::vector<MemoryKind> whole = model.solve_whole(); !whole.empty()) {
    MemoryPlan found = plan_of(problem, std::move(whole));
    if (fits(problem, found)) return found;
  }
  Diagnostic none = {"E0403", "no choice of memories for FIFOs and buffers fits", "", {}, ""};
  const Amounts need = amounts_of(plan.cost), have = amounts_of(problem.budget);
  for (size_t r = 0; r < Resources; ++r) {
    if (need[r] <= have[r]) continue;
    const auto [largest, most] = largest_item(problem, plan, r);
    none.details.push_back(
        shortfall(std::string(ResourceNames[r]) + " of storage alone", need[r], have[r]) + "; '" +
        printable(largest) + "' takes most, " + std::to_string(most));
  }
  return none;
}

}  // namespace st
