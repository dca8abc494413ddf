// SPDX-License-Identifier: Apache-2.0
/// The parts of assign_dies(): a search for good assignments, a bound by cuts, and the
/// mixed-integer program. Each takes a DieModel and knows nothing of the others.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/resources/die_problem.h"

namespace st {

inline constexpr size_t DieResources = std::size(ResourceKinds);

/// A DieProblem in numbers that are quick to reach: parallel streams are one, and those from a
/// kernel to itself are none.
struct DieModel {
  struct Neighbour {
    int kernel;
    int64_t wires;
  };
  struct Edge {
    int first, second;  ///< first < second
    int64_t wires;
  };
  /// All ports of a kernel to the memory beside an SLR.
  struct Port {
    int slr;
    int64_t wires;
  };
  explicit DieModel(const DieProblem& problem);

  [[nodiscard]] int kernels() const { return static_cast<int>(need.size()); }
  [[nodiscard]] int dies() const { return static_cast<int>(budget.size()); }
  /// Wires of a kernel's ports to memory at SLRs 0..b, below boundary b, less those to memory above
  /// it: what it costs to put the kernel above rather than below.
  [[nodiscard]] int64_t pull_below(int k, int b) const {
    return ports_to(k, b) - ports_above(k, b);
  }
  /// Wires of a kernel's ports to memory above boundary b.
  [[nodiscard]] int64_t ports_above(int k, int b) const {
    return ports_to(k, dies()) - ports_to(k, b);
  }
  /// Wires of a kernel's ports to memory at SLRs 0..last.
  [[nodiscard]] int64_t ports_to(int k, int last) const {
    int64_t wires = 0;
    for (const Port& port : ports[k]) wires += port.slr <= last ? port.wires : 0;
    return wires;
  }

  int memory = 0;  ///< the SLR beside the memory that most ports go to
  std::vector<std::array<int64_t, DieResources>> need;    ///< per kernel
  std::vector<std::array<int64_t, DieResources>> budget;  ///< per SLR
  std::vector<std::vector<Port>> ports;                   ///< per kernel
  std::vector<int64_t> boundary_wires;
  std::vector<Edge> edges;                         ///< sorted
  std::vector<std::vector<Neighbour>> neighbours;  ///< per kernel
};

/// An assignment, and how far it exceeds budgets and boundaries: sum of the excess, each relative
/// to its limit. 0: it is a solution.
struct DieAttempt {
  std::vector<int> die;
  double cost = 0;
  double excess = 0;
  /// Whether this one is to be preferred: less excess, then less cost.
  [[nodiscard]] bool better_than(const DieAttempt& other) const;
};

/// Tabu search: the best move of one kernel at a time, even if it is for the worse, from `start`.
/// Excess is allowed at a price that rises until it is gone. Deterministic for a seed.
DieAttempt search_dies(const DieModel& model, const std::vector<int>& start, int moves,
                       uint64_t seed);

/// Searches again from `best` with a region of it moved to another SLR, `kicks` times.
/// Deterministic for a seed.
DieAttempt kick_dies(const DieModel& model, DieAttempt best, int kicks, int moves, uint64_t seed);

/// Assignments to begin with: kernels in an order that keeps neighbours together, cut where SLRs
/// are full to some share, from either end.
std::vector<std::vector<int>> first_assignments(const DieModel& model);

/// An order of kernels in which few kernels have neighbours on both sides of any point.
/// `split[k]` marks kernels that are left out of that count.
std::vector<int> narrow_order(const DieModel& model, const std::vector<bool>& split);

/// What the bound by cuts found.
struct CutBound {
  double wires = 0;                           ///< no assignment crosses fewer
  std::vector<double> boundary;               ///< nor fewer at each boundary
  bool infeasible = false;                    ///< no assignment meets the budgets
  std::vector<std::vector<int>> assignments;  ///< of relaxations: good starts, maybe over budgets
};
/// The file says how. `known`: wires of the best assignment so far, or infinite.
CutBound bound_by_cuts(const DieModel& model, const DieEffort& effort, double known);

/// What branch and bound found.
struct DieProgram {
  std::optional<std::vector<int>> die;  ///< the best assignment, if there is any
  double bound = 0;                     ///< of all assignments
  bool infeasible = false;              ///< proven
};
/// The mixed-integer program, as far as `nodes` nodes take it. `start`: a solution to beat, or
/// null. Errors: E0901.
Result<DieProgram> solve_die_program(const DieModel& model, const CutBound& cuts,
                                     const DieAttempt* start, int nodes, int seconds);

}  // namespace st
