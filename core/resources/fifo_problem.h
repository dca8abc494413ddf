// SPDX-License-Identifier: Apache-2.0
/// FIFO sizing (StreamTensor §5.3): the problem, what a solution is, and its check. The solver is
/// behind size_fifos() and shares only the token equations with the check.
///
/// Tasks and edges are a graph without cycles. A task that runs alone takes L cycles; its first
/// token leaves D cycles after its start and its last one after L cycles, evenly spaced. Per edge,
/// the target starts `delay` cycles after the source. While pushes are at least as dense as pulls,
/// the FIFO is fullest at the last push:
///
///     Eq. 1   held = T - floor((last push - delay) / pull interval)
///
/// and otherwise at the target's start:
///
///     Eq. 2   held = floor((delay - D) / push interval) + 1
///
/// Eq. 2 differs from the paper's ceil((delay - D) / interval): a push that meets a pull in one
/// cycle needs a slot, as FIFOs of the device do not pass through, and the paper's form is then one
/// too low.
///
/// Intervals are fractions, spans divided by T - 1, where a span is from the first push (pull) to
/// the last. ceil(L / T) would be simpler, and wrong on both sides. A source that computes for 100
/// cycles and then pushes 5 tokens in 5 cycles is fast; an interval of 21 gives a FIFO that stalls
/// it. And a target that takes 1000 tokens in 1000 cycles ends a few cycles later; an interval of 2
/// makes its FIFO hold half of the run. If an interval is no whole number, tokens come up to a
/// cycle early or late, which takes another slot.
///
/// Delays come from one start time per task, delay(i, j) = start(j) - start(i). The paper has a
/// free delay per edge and asks of every path u -> v that its delays add up to at least the longest
/// sum of D between u and v (Eq. 3-5), which takes exponentially many rows. With start times all
/// paths from u to v have the same sum, start(v) - start(u), so that delay(i, j) >= D(i) on each
/// edge implies all of those rows. What is lost are solutions in which parallel paths have
/// different sums; these describe no execution, as a task starts once.
///
/// All tasks without inputs start at 0, as if one virtual source fed them: a dataflow region starts
/// its tasks together, and a root that was allowed to wait would be throttled by a FIFO too
/// shallow.
///
/// A solution is a schedule that never finds a FIFO full. Tasks that just run when they can are
/// never later than in any such schedule, so the depths cost no time even where hardware starts
/// earlier.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/support/result.h"

namespace st {

/// All times of a problem add up to at most this: sums stay exact in the double arithmetic of the
/// solver.
inline constexpr int64_t MostFifoCycles = int64_t{1} << 50;
/// Tokens of one edge at most.
inline constexpr int64_t MostFifoTokens = int64_t{1} << 40;

/// A network whose FIFO depths are to be chosen. Times are in cycles, depths in tokens.
struct FifoProblem {
  struct Task {
    std::string name;           ///< for messages
    int64_t latency = 1;        ///< L: from start to end when alone
    int64_t initial_delay = 0;  ///< D: from start to the first output, at the rate of its inputs
  };
  struct Edge {
    int source = -1;         ///< index of a task
    int target = -1;         ///< index of a task
    int64_t tokens = 1;      ///< T: per run
    int64_t width_bits = 1;  ///< of a token
    int64_t floor = 0;       ///< least depth that rules out deadlock; above T it means T
    /// Cycles from the target's first pull to its last; 0 means max(D, L - D) of the target: a
    /// pipeline takes its last input D cycles before its last output, and who gathers all first is
    /// done after D.
    int64_t pull_cycles = 0;
  };
  std::vector<Task> tasks;
  std::vector<Edge> edges;

  /// Bad indices, counts out of range, a cycle. Errors: E0320, all at once.
  [[nodiscard]] Status check() const;
};

/// No FIFO is shallower: the least depth of a stream in Vitis HLS that sustains a token per cycle.
inline constexpr int64_t LeastDepth = 2;

/// Which bound decided a depth.
enum class DepthReason {
  Minimum,       ///< LeastDepth is enough
  SourceFaster,  ///< Eq. 1
  SourceSlower,  ///< Eq. 2
  Floor,         ///< the caller's bound against deadlock
  WholeRun,      ///< all tokens of a run fit: deeper never helps
};

/// Depths, and the schedule that they admit.
struct FifoSolution {
  std::vector<int64_t> start;       ///< per task, in cycles after the launch
  std::vector<int64_t> depth;       ///< per edge, in tokens
  std::vector<DepthReason> reason;  ///< per edge
};

/// Pushes and pulls of an edge. A stream moves at most one token per cycle, so that both spans have
/// at least tokens - 1 cycles.
struct EdgeRates {
  int64_t tokens;       ///< T
  int64_t first_push;   ///< cycles after the source's start: D
  int64_t push_cycles;  ///< from the first push to the last
  int64_t pull_cycles;  ///< from the first pull to the last

  [[nodiscard]] int64_t last_push() const { return first_push + push_cycles; }
  /// Whether pushes are at least as dense as pulls: Eq. 1 holds, else Eq. 2.
  [[nodiscard]] bool source_faster() const { return push_cycles <= pull_cycles; }
  /// The slot for tokens that come early or late because an interval is no whole number: 0 or 1.
  [[nodiscard]] int64_t jitter() const;
};
EdgeRates rates_of(const FifoProblem& problem, const FifoProblem::Edge& edge);

/// Most tokens that wait in a FIFO if nothing stalls, for delay >= first_push: Eq. 1 or Eq. 2, at
/// most T.
int64_t tokens_held(const EdgeRates& rates, int64_t delay);

/// The depth of an edge and its reason: tokens_held(), raised to the floor and to LeastDepth, and
/// capped at what a run moves.
struct Depth {
  int64_t tokens;
  DepthReason reason;
};
Depth depth_for(const FifoProblem& problem, const FifoProblem::Edge& edge, int64_t delay);

/// Tasks such that each comes after all that feed it, lower indices first where there is a choice.
/// Tasks in or behind a cycle are left out.
std::vector<int> task_order(const FifoProblem& problem);

/// Start times when every task starts as soon as its inputs have begun: the fastest schedule.
/// Requires a problem that passes check().
std::vector<int64_t> earliest_starts(const FifoProblem& problem);

/// Cycles of a schedule: the last end of a task.
int64_t cycles_of(const FifoProblem& problem, const std::vector<int64_t>& start);

/// Whether the solution is one: roots start at 0, each delay is at least D, no task ends later than
/// in the fastest schedule as a whole, each depth holds what its delay asks for, its floor and
/// LeastDepth, and none exceeds the run. Errors: E0320, all at once.
Status verify(const FifoProblem& problem, const FifoSolution& solution);

/// The schedule with the least bits in FIFOs, found by a linear program (GLPK), and its depths.
/// Deterministic. Errors: those of check(); E0901 if the solver fails.
Result<FifoSolution> size_fifos(const FifoProblem& problem);

/// One line on a depth: "Eq. 1: faster than its target (delay 3, 4 cycles of pushes, 8 of pulls)".
std::string describe(const FifoProblem& problem, const FifoSolution& solution, int edge);

}  // namespace st
