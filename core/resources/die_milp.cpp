// SPDX-License-Identifier: Apache-2.0
/// The mixed-integer program of die assignment.
///
///     y(k, b) = 1: kernel k is above boundary b           whole; y(k, b + 1) <= y(k, b)
///     x(e, b) >= |y(u, b) - y(v, b)|                      stream e = (u, v) crosses b
///     most(r), least(r)                                   used shares of a resource
///
///     min   sum wires * x + sum port wires * crossed + ImbalanceWires * sum (most(r) - least(r))
///     s.t.  budgets of SLRs, wires of boundaries
///           wires over boundary b, and over all of them, are at least the bound by cuts
///
/// StreamTensor gives each kernel a one-hot vector instead. On a stack of dies the steps y say the
/// same with one column less per kernel, and |die(u) - die(v)| is the sum of x. The last rows are
/// what makes the relaxation worth anything: without them, y may be one fraction for all kernels.
#include <algorithm>
#include <cmath>
#include <memory>

#include "core/resources/die_search.h"
#include "core/resources/glpk_quiet.h"

namespace st {
namespace {

/// A row under construction. GLPK counts from 1.
struct Row {
  std::vector<int> columns = {0};
  std::vector<double> factors = {0};
  void add(int column, double factor) {
    columns.push_back(column);
    factors.push_back(factor);
  }
};

class DieMilp {
 public:
  DieMilp(const DieModel& model, const CutBound& cuts)
      : model_(model),
        boundaries_(static_cast<int>(model.boundary_wires.size())),
        program_(glp_create_prob(), glp_delete_prob) {
    glp_set_obj_dir(program_.get(), GLP_MIN);
    add_steps();
    add_crossings(cuts);
    add_budgets();
  }

  Result<DieProgram> solve(const DieAttempt* start, int nodes, int seconds) {
    const QuietGlpk quiet;
    glp_smcp relaxation;
    glp_init_smcp(&relaxation);
    relaxation.msg_lev = GLP_MSG_OFF;
    relaxation.tm_lim = seconds * 1000;
    int failure = glp_simplex(program_.get(), &relaxation);
    DieProgram result;
    if (failure == GLP_ETMLIM) return result;
    const int status = glp_get_status(program_.get());
    if (failure != 0 || (status != GLP_OPT && status != GLP_NOFEAS)) return unsolved(failure);
    if (status == GLP_NOFEAS) {
      result.infeasible = true;
      return result;
    }
    result.bound = glp_get_obj_val(program_.get());
    Watch watch{this, start, nodes, result.bound, false};
    glp_iocp options;
    glp_init_iocp(&options);
    options.msg_lev = GLP_MSG_OFF;
    options.tm_lim = seconds * 1000;
    options.cb_func = [](glp_tree* tree, void* info) { static_cast<Watch*>(info)->on(tree); };
    options.cb_info = &watch;
    options.br_tech = GLP_BR_DTH;
    options.bt_tech = GLP_BT_BLB;
    failure = glp_intopt(program_.get(), &options);
    const int found = glp_mip_status(program_.get());
    const bool stopped = failure == GLP_ESTOP || failure == GLP_ETMLIM;
    if (failure != 0 && !stopped) return unsolved(failure);
    if (found == GLP_OPT || found == GLP_FEAS) result.die = assignment();
    if (!stopped && found == GLP_NOFEAS) result.infeasible = true;
    if (!stopped && found == GLP_OPT) watch.bound = glp_mip_obj_val(program_.get());
    result.bound = std::max(result.bound, watch.bound);
    return result;
  }

 private:
  /// What branch and bound calls back.
  struct Watch {
    const DieMilp* model;
    const DieAttempt* start;
    int nodes;
    double bound;
    bool given;

    void on(glp_tree* tree) {
      // Before a node is chosen all open ones are known, and the best of them bounds all.
      if (const int best = glp_ios_best_node(tree);
          glp_ios_reason(tree) == GLP_ISELECT && best != 0)
        bound = std::max(bound, glp_ios_node_bound(tree, best));
      if (glp_ios_reason(tree) == GLP_IHEUR && !given && start != nullptr) {
        given = true;
        const std::vector<double> values = model->values_of(*start);
        glp_ios_heur_sol(tree, values.data());
      }
      int total = 0;
      glp_ios_tree_size(tree, nullptr, nullptr, &total);
      if (total > nodes && glp_ios_reason(tree) == GLP_ISELECT) glp_ios_terminate(tree);
    }
  };

  static Diagnostic unsolved(int failure) {
    return {"E0901",
            "the program of die assignment was not solved",
            "",
            {"GLPK: code " + std::to_string(failure)},
            ""};
  }

  [[nodiscard]] int step_column(int k, int b) const { return k * boundaries_ + b + 1; }
  [[nodiscard]] int crossing_column(size_t e, int b) const {
    return (model_.kernels() + static_cast<int>(e)) * boundaries_ + b + 1;
  }
  [[nodiscard]] int share_column(size_t r, bool most) const {
    return (model_.kernels() + static_cast<int>(model_.edges.size())) * boundaries_ +
           static_cast<int>(2 * r) + (most ? 1 : 0) + 1;
  }

  void add_row(const Row& row, int kind, double low, double high) {
    const int at = glp_add_rows(program_.get(), 1);
    glp_set_mat_row(program_.get(), at, static_cast<int>(row.columns.size()) - 1,
                    row.columns.data(), row.factors.data());
    glp_set_row_bnds(program_.get(), at, kind, low, high);
  }

  void add_steps() {
    if (model_.kernels() > 0) glp_add_cols(program_.get(), model_.kernels() * boundaries_);
    for (int k = 0; k < model_.kernels(); ++k) {
      for (int b = 0; b < boundaries_; ++b) {
        glp_set_col_kind(program_.get(), step_column(k, b), GLP_BV);
        glp_set_obj_coef(program_.get(), step_column(k, b),
                         static_cast<double>(model_.pull_below(k, b)));
        constant_ += static_cast<double>(model_.ports_above(k, b));
        if (b == 0) continue;
        Row row;
        row.add(step_column(k, b - 1), 1);
        row.add(step_column(k, b), -1);
        add_row(row, GLP_LO, 0, 0);
      }
    }
    glp_set_obj_coef(program_.get(), 0, constant_);
  }

  void add_crossings(const CutBound& cuts) {
    if (!model_.edges.empty())
      glp_add_cols(program_.get(), static_cast<int>(model_.edges.size()) * boundaries_);
    Row all;
    double constant = 0;
    for (int b = 0; b < boundaries_; ++b) {
      Row wires;
      double ports_below = 0;
      for (size_t e = 0; e < model_.edges.size(); ++e) {
        const DieModel::Edge& edge = model_.edges[e];
        const int column = crossing_column(e, b);
        glp_set_col_bnds(program_.get(), column, GLP_DB, 0, 1);
        glp_set_obj_coef(program_.get(), column, static_cast<double>(edge.wires));
        for (const double sign : {1.0, -1.0}) {
          Row row;
          row.add(column, 1);
          row.add(step_column(edge.first, b), sign);
          row.add(step_column(edge.second, b), -sign);
          add_row(row, GLP_LO, 0, 0);
        }
        wires.add(column, static_cast<double>(edge.wires));
      }
      for (int k = 0; k < model_.kernels(); ++k) {
        if (const int64_t pull = model_.pull_below(k, b); pull != 0)
          wires.add(step_column(k, b), static_cast<double>(pull));
        // Where the kernel is below, these cross.
        ports_below += static_cast<double>(model_.ports_above(k, b));
      }
      for (size_t i = 1; i < wires.columns.size(); ++i) all.add(wires.columns[i], wires.factors[i]);
      constant += ports_below;
      add_row(wires, GLP_LO, cuts.boundary[b] - ports_below, 0);
      add_row(wires, GLP_UP, 0, static_cast<double>(model_.boundary_wires[b]) - ports_below);
    }
    add_row(all, GLP_LO, cuts.wires - constant, 0);
  }

  /// Used share of a resource on SLR d as a row: kernels above its lower boundary, less those above
  /// its upper one. What is constant is returned.
  double share_row(Row& row, int d, size_t r) const {
    const auto budget = static_cast<double>(std::max<int64_t>(1, model_.budget[d][r]));
    double constant = 0;
    for (int k = 0; k < model_.kernels(); ++k) {
      const double need = static_cast<double>(model_.need[k][r]) / budget;
      if (need == 0) continue;
      if (d == 0) {
        constant += need;
      } else {
        row.add(step_column(k, d - 1), need);
      }
      if (d < boundaries_) row.add(step_column(k, d), -need);
    }
    return constant;
  }

  void add_budgets() {
    glp_add_cols(program_.get(), static_cast<int>(2 * DieResources));
    for (size_t r = 0; r < DieResources; ++r) {
      for (const bool most : {false, true}) {
        glp_set_col_bnds(program_.get(), share_column(r, most), GLP_DB, 0, 1);
        glp_set_obj_coef(program_.get(), share_column(r, most),
                         most ? ImbalanceWires : -ImbalanceWires);
      }
      for (int d = 0; d < model_.dies(); ++d) {
        const bool none = model_.budget[d][r] == 0;
        for (const bool most : {false, true}) {
          Row row;
          const double constant = share_row(row, d, r);
          row.add(share_column(r, most), -1);
          add_row(row, most ? GLP_UP : GLP_LO, -constant, -constant);
        }
        if (!none) continue;
        Row row;
        const double constant = share_row(row, d, r);
        if (row.columns.size() > 1 || constant > 0) add_row(row, GLP_UP, 0, -constant);
      }
    }
  }

  /// A solution as values of all columns.
  [[nodiscard]] std::vector<double> values_of(const DieAttempt& start) const {
    std::vector<double> values(static_cast<size_t>(share_column(DieResources - 1, true)) + 1, 0);
    const auto above = [&](int k, int b) { return start.die[k] > b ? 1.0 : 0.0; };
    for (int b = 0; b < boundaries_; ++b) {
      for (int k = 0; k < model_.kernels(); ++k) values[step_column(k, b)] = above(k, b);
      for (size_t e = 0; e < model_.edges.size(); ++e) {
        values[crossing_column(e, b)] =
            std::abs(above(model_.edges[e].first, b) - above(model_.edges[e].second, b));
      }
    }
    for (size_t r = 0; r < DieResources; ++r) {
      double least = 1, most = 0;
      for (int d = 0; d < model_.dies(); ++d) {
        Row row;
        double share = share_row(row, d, r);
        for (size_t i = 1; i < row.columns.size(); ++i)
          share += row.factors[i] * values[row.columns[i]];
        least = std::min(least, share);
        most = std::max(most, share);
      }
      values[share_column(r, false)] = least;
      values[share_column(r, true)] = most;
    }
    return values;
  }

  [[nodiscard]] std::vector<int> assignment() const {
    std::vector<int> die(model_.need.size(), 0);
    for (int k = 0; k < model_.kernels(); ++k) {
      for (int b = 0; b < boundaries_; ++b)
        die[k] += glp_mip_col_val(program_.get(), step_column(k, b)) > 0.5 ? 1 : 0;
    }
    return die;
  }

  const DieModel& model_;
  int boundaries_;
  GlpkProgram program_;
  double constant_ = 0;
};

}  // namespace

Result<DieProgram> solve_die_program(const DieModel& model, const CutBound& cuts,
                                     const DieAttempt* start, int nodes, int seconds) {
  return DieMilp(model, cuts).solve(start, nodes, seconds);
}

}  // namespace st
