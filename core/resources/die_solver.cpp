// SPDX-License-Identifier: Apache-2.0
/// Puts the parts of die assignment together: tabu search from simple assignments, the bound by
/// cuts, tabu search from the cuts, and branch and bound where a gap is left.
#include <algorithm>
#include <cmath>

#include "core/resources/die_search.h"
#include "core/support/shortfall.h"

namespace st {
namespace {

/// Of a bound from floating-point linear programs, relative.
constexpr double BoundTolerance = 1e-6;
/// Branch and bound stays small where one relaxation is large: nodes * (rows + columns) at most.
constexpr double MostNodeWork = 3e6;

/// Kernels that are too large for every SLR, and resources of which all SLRs have too little.
Status check_sums(const DieProblem& problem) {
  Diagnostics problems;
  for (const DieProblem::Kernel& kernel : problem.kernels) {
    std::vector<std::string> lacks;
    for (const DieProblem::Slr& slr : problem.slrs) {
      for (const ResourceKind& kind : ResourceKinds) {
        const int64_t need = kernel.need.*kind.count, have = slr.budget.*kind.count;
        if (need <= have) continue;
        lacks.push_back(
            shortfall(std::string(kind.name) + " on " + printable(slr.name), need, have));
        break;
      }
    }
    if (lacks.size() < problem.slrs.size()) continue;
    problems.push_back(
        {"E0403", "kernel '" + printable(kernel.name) + "' fits no SLR", "", lacks, LargerTarget});
  }
  for (const ResourceKind& kind : ResourceKinds) {
    int64_t need = 0, have = 0;
    for (const DieProblem::Kernel& kernel : problem.kernels) need += kernel.need.*kind.count;
    std::vector<std::string> budgets;
    for (const DieProblem::Slr& slr : problem.slrs) {
      have += slr.budget.*kind.count;
      budgets.push_back("the budget of " + printable(slr.name) + " is " +
                        std::to_string(slr.budget.*kind.count));
    }
    if (need <= have) continue;
    problems.push_back({"E0403",
                        shortfall(std::string(kind.name) + " of all kernels", need, have,
                                  "all SLRs together have"),
                        "", budgets, LargerTarget});
  }
  return problems;
}

/// The best attempt so far.
class Best {
 public:
  Best(const DieModel& model, int moves) : model_(model), moves_(moves) {}
  void search_from(const std::vector<int>& start) {
    offer(search_dies(model_, start, moves_, ++seed_));
  }
  void kick(int kicks) {
    constexpr int Moves = 300;
    attempt_ = kick_dies(model_, attempt_, kicks, Moves, ++seed_);
  }
  void offer(DieAttempt attempt) {
    if (!attempt_.die.empty() && !attempt.better_than(attempt_)) return;
    attempt_ = std::move(attempt);
  }
  [[nodiscard]] const DieAttempt& attempt() const { return attempt_; }
  [[nodiscard]] bool fits() const { return attempt_.excess == 0; }
  [[nodiscard]] double known() const { return fits() ? attempt_.cost : HUGE_VAL; }

 private:
  const DieModel& model_;
  int moves_;
  uint64_t seed_ = 0;
  DieAttempt attempt_;
};

}  // namespace

Result<DieSolution> assign_dies(const DieProblem& problem, const DieEffort& effort) {
  ST_CHECK(problem.check());
  ST_CHECK(check_sums(problem));
  if (problem.kernels.empty()) return DieSolution{};
  const DieModel model(problem);
  Best best(model, effort.moves);
  for (const std::vector<int>& start : first_assignments(model)) best.search_from(start);
  best.kick(effort.kicks / 2);
  CutBound cuts = bound_by_cuts(model, effort, best.known());
  // Later cuts come from better prices.
  constexpr size_t MostStarts = 6;
  std::reverse(cuts.assignments.begin(), cuts.assignments.end());
  for (size_t i = 0; i < cuts.assignments.size() && i < MostStarts; ++i)
    best.search_from(cuts.assignments[i]);
  if (cuts.wires < best.known()) best.kick(effort.kicks / 2);
  bool proven = cuts.infeasible;
  double bound = cuts.wires;
  if (!proven && model.dies() > 1 && bound < best.known()) {
    const double size = 4.0 * static_cast<double>(model.kernels() + 2 * model.edges.size()) *
                        static_cast<double>(model.dies() - 1);
    const int nodes = std::min(effort.nodes, static_cast<int>(MostNodeWork / size));
    const DieAttempt start = best.attempt();
    ST_TRY(program,
           solve_die_program(model, cuts, best.fits() ? &start : nullptr, nodes, effort.seconds));
    if (program.die) best.search_from(*program.die);
    proven = program.infeasible;
    bound = std::max(bound, program.bound * (1 - BoundTolerance));
  }
  const DieUse use = use_of(problem, best.attempt().die);
  if (!best.fits()) {
    return Diagnostic{"E0403",
                      proven
                          ? "no assignment of the kernels to SLRs meets the budgets"
                          : "no assignment of the kernels to SLRs was found that meets the budgets",
                      "", shortages(problem, use), LargerTarget};
  }
  DieSolution solution{best.attempt().die, use.cost, std::min(bound, use.cost)};
  ST_CHECK(verify(problem, solution));
  return solution;
}

}  // namespace st
