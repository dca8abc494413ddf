// SPDX-License-Identifier: Apache-2.0
/// The linear program of FIFO sizing.
///
///     min   sum width * rate * x                    over the edges e = (i, j)
///     s.t.  s_j - s_i >= D_i                        the target starts after the first token
///           x_e - s_j + s_i >= -free_e,  x_e >= 0   x: cycles of delay beyond those that cost
///           nothing 0 <= s_v <= fastest end - L_v           sizing costs no time; roots start at 0
///
/// `rate` is the tokens that a cycle of delay adds by Eq. 1 or Eq. 2, and free_e the longest delay
/// that the floor and LeastDepth allow anyway. Each row of s is a difference of two times and each
/// x is in one row, so that the matrix is totally unimodular: with whole right sides, every basic
/// solution is whole, and simplex finds a basic one.
#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "core/resources/fifo_problem.h"
#include "core/resources/glpk_quiet.h"

namespace st {
namespace {

constexpr int64_t AnyDelay = std::numeric_limits<int64_t>::max();

/// Relative to a bound: far below a cycle even for bounds of 10^12 cycles, for which GLPK's default
/// of 1e-7 would let whole cycles go missing. All factors are 1 or -1, so that values stay exact.
constexpr double SimplexTolerance = 1e-13;

/// A product of cycles and tokens exceeds 64 bits.
__extension__ using Wide = __int128;

/// The longest delay for which an edge holds at most `tokens` tokens, which is at least LeastDepth:
/// tokens_held() turned around.
int64_t longest_delay(const EdgeRates& rates, int64_t tokens) {
  if (tokens >= rates.tokens) return AnyDelay;
  const int64_t steps = rates.tokens - 1;
  if (rates.source_faster()) {
    const Wide pulls = Wide{rates.tokens - tokens} * rates.pull_cycles;
    return rates.last_push() - rates.jitter() - static_cast<int64_t>((pulls + steps - 1) / steps);
  }
  const Wide pushes = Wide{tokens - rates.jitter()} * rates.push_cycles;
  return rates.first_push - 1 + static_cast<int64_t>(pushes / steps);
}

/// Tokens that one more cycle of delay adds.
double tokens_per_cycle(const EdgeRates& rates) {
  return static_cast<double>(rates.tokens - 1) /
         static_cast<double>(std::max(rates.push_cycles, rates.pull_cycles));
}

/// The program's columns: a start per task, then an excess per edge. GLPK counts from 1.
class FifoModel {
 public:
  explicit FifoModel(const FifoProblem& problem)
      : problem_(problem), program_(glp_create_prob(), glp_delete_prob) {
    glp_set_obj_dir(program_.get(), GLP_MIN);
    add_starts();
    add_edges();
  }

  Result<std::vector<int64_t>> solve() {
    const QuietGlpk quiet;
    glp_adv_basis(program_.get(), 0);
    glp_smcp options;
    glp_init_smcp(&options);
    options.msg_lev = GLP_MSG_OFF;
    options.tol_bnd = SimplexTolerance;
    const int failure = glp_simplex(program_.get(), &options);
    if (failure != 0 || glp_get_status(program_.get()) != GLP_OPT) {
      return Diagnostic{"E0901",
                        "the linear program of FIFO sizing was not solved",
                        "",
                        {"GLPK: code " + std::to_string(failure) + ", status " +
                         std::to_string(glp_get_status(program_.get()))},
                        ""};
    }
    std::vector<int64_t> start;
    for (size_t i = 0; i < problem_.tasks.size(); ++i) {
      start.push_back(std::llround(glp_get_col_prim(program_.get(), column_of_task(i))));
    }
    return start;
  }

 private:
  [[nodiscard]] static int column_of_task(size_t task) { return static_cast<int>(task) + 1; }
  [[nodiscard]] int column_of_edge(size_t edge) const {
    return static_cast<int>(problem_.tasks.size() + edge) + 1;
  }

  void add_starts() {
    const int64_t cycles = cycles_of(problem_, earliest_starts(problem_));
    std::vector<bool> fed(problem_.tasks.size(), false);
    for (const FifoProblem::Edge& edge : problem_.edges)
      fed[static_cast<size_t>(edge.target)] = true;
    for (size_t i = 0; i < problem_.tasks.size(); ++i) {
      const int column = glp_add_cols(program_.get(), 1);
      const FifoProblem::Task& task = problem_.tasks[i];
      const int64_t latest = fed[i] ? cycles - std::max(task.latency, task.initial_delay) : 0;
      glp_set_col_bnds(program_.get(), column, latest == 0 ? GLP_FX : GLP_DB, 0,
                       static_cast<double>(latest));
    }
  }

  void add_edges() {
    for (size_t i = 0; i < problem_.edges.size(); ++i) {
      const FifoProblem::Edge& edge = problem_.edges[i];
      const int column = glp_add_cols(program_.get(), 1);
      glp_set_col_bnds(program_.get(), column, GLP_LO, 0, 0);
      const int64_t least = problem_.tasks[static_cast<size_t>(edge.source)].initial_delay;
      add_row(edge, 0, least);
      const EdgeRates rates = rates_of(problem_, edge);
      const int64_t free = longest_delay(rates, std::max(edge.floor, LeastDepth));
      if (free == AnyDelay) continue;
      add_row(edge, column_of_edge(i), -free);
      glp_set_obj_coef(program_.get(), column,
                       static_cast<double>(edge.width_bits) * tokens_per_cycle(rates));
    }
  }

  /// start(target) - start(source) >= bound without an excess column, or with one
  /// excess - start(target) + start(source) >= bound.
  void add_row(const FifoProblem::Edge& edge, int excess, int64_t bound) {
    const int row = glp_add_rows(program_.get(), 1);
    const double sign = excess == 0 ? 1 : -1;
    const int columns[] = {0, column_of_task(static_cast<size_t>(edge.target)),
                           column_of_task(static_cast<size_t>(edge.source)), excess};
    const double factors[] = {0, sign, -sign, 1};
    glp_set_mat_row(program_.get(), row, excess == 0 ? 2 : 3, columns, factors);
    glp_set_row_bnds(program_.get(), row, GLP_LO, static_cast<double>(bound), 0);
  }

  const FifoProblem& problem_;
  GlpkProgram program_;
};

/// The earliest schedule for which `depth` is enough. Optima come in many forms that differ only in
/// idle time; this one does not depend on which of them simplex met. Grows start times from 0 until
/// all bounds hold, in both directions of the graph, so that few rounds suffice.
std::vector<int64_t> settle(const FifoProblem& problem, const std::vector<int64_t>& depth) {
  struct Bound {
    size_t early, late;
    int64_t least;
  };
  std::vector<size_t> rank(problem.tasks.size());
  const std::vector<int> order = task_order(problem);
  for (size_t i = 0; i < order.size(); ++i) rank[static_cast<size_t>(order[i])] = i;
  std::vector<Bound> forward;
  std::vector<Bound> backward;
  for (size_t i = 0; i < problem.edges.size(); ++i) {
    const FifoProblem::Edge& edge = problem.edges[i];
    const auto source = static_cast<size_t>(edge.source);
    const auto target = static_cast<size_t>(edge.target);
    forward.push_back({source, target, problem.tasks[source].initial_delay});
    const int64_t longest = longest_delay(rates_of(problem, edge), depth[i]);
    if (longest != AnyDelay) backward.push_back({target, source, -longest});
  }
  std::stable_sort(forward.begin(), forward.end(),
                   [&](const Bound& a, const Bound& b) { return rank[a.early] < rank[b.early]; });
  std::stable_sort(backward.begin(), backward.end(),
                   [&](const Bound& a, const Bound& b) { return rank[a.early] > rank[b.early]; });
  std::vector<int64_t> start(problem.tasks.size(), 0);
  for (bool changed = true; changed;) {
    changed = false;
    for (const std::vector<Bound>* bounds : {&forward, &backward}) {
      for (const Bound& bound : *bounds) {
        const int64_t time = start[bound.early] + bound.least;
        if (time <= start[bound.late]) continue;
        start[bound.late] = time;
        changed = true;
      }
    }
  }
  return start;
}

/// Depths, and the schedule as it was given.
FifoSolution solution_of(const FifoProblem& problem, const std::vector<int64_t>& start) {
  FifoSolution solution;
  solution.start = start;
  for (const FifoProblem::Edge& edge : problem.edges) {
    const int64_t delay =
        start[static_cast<size_t>(edge.target)] - start[static_cast<size_t>(edge.source)];
    const Depth depth = depth_for(problem, edge, delay);
    solution.depth.push_back(depth.tokens);
    solution.reason.push_back(depth.reason);
  }
  return solution;
}

}  // namespace

Result<FifoSolution> size_fifos(const FifoProblem& problem) {
  ST_CHECK(problem.check());
  if (problem.edges.empty()) {
    return solution_of(problem, std::vector<int64_t>(problem.tasks.size(), 0));
  }
  FifoModel model(problem);
  ST_TRY(start, model.solve());
  const FifoSolution found = solution_of(problem, start);
  // Before settle(), which ends only if `found` is a schedule.
  ST_CHECK(verify(problem, found));
  const FifoSolution settled = solution_of(problem, settle(problem, found.depth));
  ST_CHECK(verify(problem, settled));
  return settled;
}

}  // namespace st
