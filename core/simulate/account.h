// SPDX-License-Identifier: Apache-2.0
/// Where all cycles of a run went: an account of each task and each memory, which adds up.
///
/// # The account of a task
///
/// It covers the cycles from 0 up to the last one in which any firing issued or completed, which is
/// the last completion where a run completes. Each cycle t counts for one class. It is
///  - `useful` if it lies in [issue, issue + interval) of a firing.
/// Else it is one in which the task's next firing does not issue, if there is one. Say that a
/// firing is *under way* in t if it issued before t and did not complete before t. Where firings
/// are under way, and the next one may not issue in t for them, what the oldest of them lacks
/// decides. It may not issue for them if
///      * as many as `in_flight` allows are left of them behind the completions of cycle t,
///      * it follows a drain,
///      * it begins a turn of a shared instance,
///      * there is none, or it is of a launch that has not begun: the end of a launch is a drain.
/// Then t is
///  - `memory` if the data of the oldest did not come up to t (queue and service included),
///  - else `latency` if the oldest is not ready in t, or completes in t,
///  - else `room`: a channel that the oldest writes was full at the start of t.
/// Where none are under way, or others may join them, t is
///  - `idle` if there is no next firing, or it is of a launch that has not begun,
///  - else `turn` if it is another task's turn,
///  - else `dependency`: a channel that the next firing reads was empty at the start of t.
///
/// So where several things are lacking, the account names the first of this list, in the order in
/// which a firing meets them: a place in the pipeline, then the turn, then tokens. `dependency` and
/// `turn` are cycles that nothing but an earlier token, or turn, would have won.
/// `dependency` is TaskActivity::starved, and that of a firing that still waits at the end.
#pragma once

#include <algorithm>
#include <cstdint>

namespace st {

/// Cycles of a task by class.
struct CycleAccount {
  int64_t useful = 0;
  int64_t memory = 0;
  int64_t latency = 0;
  int64_t room = 0;
  int64_t idle = 0;
  int64_t turn = 0;
  int64_t dependency = 0;

  [[nodiscard]] int64_t total() const {
    return useful + memory + latency + room + idle + turn + dependency;
  }
};

/// Time of a memory, in units of 1 / NetworkMemory::bytes of a cycle, so that it is whole. It
/// covers the same cycles: a service that goes on behind them counts as far as they go.
struct MemoryAccount {
  int64_t transfer = 0;  ///< serves bytes
  int64_t starts = 0;    ///< begins bursts, which is the first part of a service
  int64_t idle = 0;      ///< serves nothing

  [[nodiscard]] int64_t total() const { return transfer + starts + idle; }
};

/// Cycles from `begin` up to, and not including, `end`. An account may be that of a range alone.
struct CycleRange {
  int64_t begin = 0;
  int64_t end = INT64_MAX;

  /// The part of [0, cycle) in the range is as long as clip(cycle) - clip(0).
  [[nodiscard]] int64_t clip(int64_t cycle) const {
    return std::min(std::max(cycle, begin), std::max(begin, end));
  }
};

}  // namespace st
