// SPDX-License-Identifier: Apache-2.0
#include "core/resources/paper_fifo.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/resources/glpk_quiet.h"

namespace st {
namespace {

/// Values of the solver are whole up to this.
constexpr double Tolerance = 1e-6;

/// Tasks such that sources come before targets; nullopt if there is a cycle.
std::optional<std::vector<int>> topological(const PaperFifoProblem& problem) {
  std::vector<int> inputs(problem.tasks.size(), 0);
  for (const auto& edge : problem.edges) ++inputs[static_cast<size_t>(edge.target)];
  std::vector<int> order;
  for (size_t t = 0; t < inputs.size(); ++t) {
    if (inputs[t] == 0) order.push_back(static_cast<int>(t));
  }
  for (size_t i = 0; i < order.size(); ++i) {
    for (const auto& edge : problem.edges) {
      if (edge.source == order[i] && --inputs[static_cast<size_t>(edge.target)] == 0)
        order.push_back(edge.target);
    }
  }
  if (order.size() != inputs.size()) return std::nullopt;
  return order;
}

class DelayProgram {
 public:
  DelayProgram(const PaperFifoProblem& problem, std::vector<int> order)
      : problem_(problem), order_(std::move(order)), program_(glp_create_prob(), glp_delete_prob) {
    glp_set_obj_dir(program_.get(), GLP_MIN);
    glp_add_cols(program_.get(), static_cast<int>(problem.edges.size()));
    for (size_t e = 0; e < problem.edges.size(); ++e) {
      const double least = initial_delay(problem.edges[e].source);
      glp_set_col_bnds(program_.get(), column(e), GLP_LO, least, 0);
      glp_set_obj_coef(program_.get(), column(e), 1);
    }
    for (size_t u = 0; u < problem.tasks.size(); ++u) {
      const auto outputs = std::count_if(problem.edges.begin(), problem.edges.end(),
                                         [&](auto& e) { return e.source == static_cast<int>(u); });
      if (outputs > 1) add_paths_from(static_cast<int>(u));
    }
  }

  Result<std::vector<double>> solve() {
    const QuietGlpk quiet;
    glp_smcp options;
    glp_init_smcp(&options);
    options.msg_lev = GLP_MSG_OFF;
    glp_adv_basis(program_.get(), 0);
    const int failure = glp_simplex(program_.get(), &options);
    if (failure != 0 || glp_get_status(program_.get()) != GLP_OPT)
      return Diagnostic{"E0901", "the linear program of delays was not solved", "", {}, ""};
    std::vector<double> delays;
    for (size_t e = 0; e < problem_.edges.size(); ++e)
      delays.push_back(glp_get_col_prim(program_.get(), column(e)));
    return delays;
  }

 private:
  static int column(size_t edge) { return static_cast<int>(edge) + 1; }
  [[nodiscard]] double initial_delay(int task) const {
    return problem_.tasks[static_cast<size_t>(task)].initial_delay;
  }

  /// Rows that keep the shortest path from u to each join at the longest sum of D.
  void add_paths_from(int u) {
    const size_t tasks = problem_.tasks.size();
    std::vector<double> longest(tasks, -1);  // sum of D; -1: not behind u
    longest[static_cast<size_t>(u)] = 0;
    std::vector<int> inputs(tasks, 0);
    for (int t : order_) {
      if (longest[static_cast<size_t>(t)] < 0) continue;
      for (const auto& edge : problem_.edges) {
        if (edge.source != t) continue;
        auto& sum = longest[static_cast<size_t>(edge.target)];
        sum = std::max(sum, longest[static_cast<size_t>(t)] + initial_delay(t));
        ++inputs[static_cast<size_t>(edge.target)];
      }
    }
    std::vector<int> shortest(tasks, 0);  // column
    for (size_t t = 0; t < tasks; ++t) {
      if (longest[t] < 0) continue;
      shortest[t] = glp_add_cols(program_.get(), 1);
      if (static_cast<int>(t) == u) {
        glp_set_col_bnds(program_.get(), shortest[t], GLP_FX, 0, 0);
      } else {
        // A threshold matters where paths meet.
        const double threshold = inputs[t] > 1 ? longest[t] : 0;
        glp_set_col_bnds(program_.get(), shortest[t], GLP_LO, threshold, 0);
      }
    }
    for (size_t e = 0; e < problem_.edges.size(); ++e) {
      const auto i = static_cast<size_t>(problem_.edges[e].source);
      const auto j = static_cast<size_t>(problem_.edges[e].target);
      if (longest[i] < 0) continue;
      // y_j <= y_i + delay
      const int row = glp_add_rows(program_.get(), 1);
      glp_set_row_bnds(program_.get(), row, GLP_LO, 0, 0);
      const int columns[] = {0, shortest[i], column(e), shortest[j]};
      const double factors[] = {0, 1, 1, -1};
      glp_set_mat_row(program_.get(), row, 3, columns, factors);
    }
  }

  const PaperFifoProblem& problem_;
  std::vector<int> order_;
  GlpkProgram program_;
};

}  // namespace

PaperFifoProblem equalised(const PaperFifoProblem& problem, Equalisation strategy) {
  if (strategy == Equalisation::Normal) return problem;
  double period = 1;
  for (const auto& edge : problem.edges) {
    period = std::max(period, edge.tokens * std::max(edge.source_interval, edge.target_interval));
  }
  PaperFifoProblem scaled = problem;
  std::vector<double> factor(problem.tasks.size(), 0);
  auto grow = [&](int task, double to, double from) {
    double& f = factor[static_cast<size_t>(task)];
    f = f == 0 ? to / from : std::min(f, to / from);
  };
  for (auto& edge : scaled.edges) {
    const double interval = period / std::max(1.0, edge.tokens);
    grow(edge.source, interval, edge.source_interval);
    grow(edge.target, interval, edge.target_interval);
    edge.source_interval = edge.target_interval = interval;
  }
  for (size_t t = 0; t < scaled.tasks.size(); ++t) {
    const double f = factor[t] == 0 ? 1 : factor[t];
    scaled.tasks[t].latency *= f;
    scaled.tasks[t].initial_delay *= f;
  }
  return scaled;
}

double paper_tokens(const PaperFifoProblem& problem, int edge, double delay) {
  const auto& e = problem.edges[static_cast<size_t>(edge)];
  const auto& source = problem.tasks[static_cast<size_t>(e.source)];
  if (e.source_interval <= e.target_interval) {
    const double taken = std::floor((source.latency - delay) / e.target_interval + Tolerance);
    return std::clamp(e.tokens - taken, 0.0, e.tokens);
  }
  const double sent = std::ceil((delay - source.initial_delay) / e.source_interval - Tolerance);
  return std::clamp(sent, 0.0, e.tokens);
}

Result<std::vector<double>> paper_delays(const PaperFifoProblem& problem) {
  if (problem.edges.empty()) return std::vector<double>();
  auto order = topological(problem);
  if (!order)
    return Diagnostic{"E0331",
                      "the paper's method takes no network with a cycle",
                      "",
                      {"its LP adds up delays along paths, of which a cycle has no longest"},
                      "use --fifo exact, or mark the depths of the cycle's channels as fixed"};
  return DelayProgram(problem, std::move(*order)).solve();
}

Result<std::vector<int64_t>> paper_depths(const PaperFifoProblem& problem, Equalisation strategy) {
  const PaperFifoProblem rates = equalised(problem, strategy);
  ST_TRY(delays, paper_delays(rates));
  std::vector<int64_t> depths;
  for (size_t e = 0; e < rates.edges.size(); ++e) {
    // Up to rounding of the solver.
    const double tokens = paper_tokens(rates, static_cast<int>(e), delays[e]);
    depths.push_back(static_cast<int64_t>(std::ceil(tokens - Tolerance)));
  }
  return depths;
}

}  // namespace st
