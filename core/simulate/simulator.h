// SPDX-License-Identifier: Apache-2.0
/// The exact simulator: what a network (core/network/network.h, which says what it means) does, to
/// the cycle. It visits cycles in which something happens, and in them the tasks that wait for it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/network/network.h"
#include "core/simulate/account.h"

namespace st {

/// All cycles are simulated ones. Of starved, blocked and stalls, only what firings that did issue
/// (complete) had to wait counts.
struct TaskActivity {
  int64_t firings = 0;
  int64_t busy = 0;  ///< sum of the intervals of its firings
  /// Cycles between a firing's first cycle in which it could have issued but for empty channels,
  /// and its issue.
  int64_t starved = 0;
  /// Cycles between a firing's first cycle in which it could have completed but for full channels,
  /// and its completion.
  int64_t blocked = 0;
  int64_t first_issue = -1;      ///< cycle; -1: never fired
  int64_t last_completion = -1;  ///< cycle; -1: never
  CycleAccount account;          ///< its total() is SimulationResult::accounted
};

struct ChannelActivity {
  int64_t pushes = 0;
  int64_t pulls = 0;
  int64_t peak = 0;                         ///< most tokens held at the start of a cycle
  int64_t first_push = -1, last_push = -1;  ///< cycles; -1: none
  int64_t first_pull = -1, last_pull = -1;
  /// Cycles of its reader's starvation in which it was empty, and of its writer's blocking in which
  /// it was full; where several channels are at fault a cycle counts for each.
  int64_t empty_stall = 0;
  int64_t full_stall = 0;
};

struct MemoryActivity {
  int64_t bytes_read = 0;
  int64_t bytes_written = 0;
  int64_t bursts = 0;
  double busy = 0;        ///< cycles of service, starts of bursts included
  MemoryAccount account;  ///< its total() is SimulationResult::accounted * NetworkMemory::bytes
};

/// Why a task does nothing any more: a firing that cannot complete, for the first channel it writes
/// that is full; if there is none, one that cannot issue, because it is not its task's turn, or for
/// the first channel it reads that is empty.
struct BlockedTask {
  enum class Cause { Empty, Full, Turn };
  int task = -1;
  Cause cause = Cause::Empty;
  int channel = -1;    ///< the first at fault, in the order of its firing; -1 for Turn
  int waits_for = -1;  ///< the task that could help
};

struct SimulationResult {
  bool completed = false;  ///< all launches ran to their end
  bool cut_short = false;  ///< stopped at most_cycles
  /// Cycle of the last completion, of all launches or up to a deadlock.
  int64_t cycles = 0;
  /// Cycles that each account covers: those of the range up to and including the last one in which
  /// a firing issued or completed. Of all of a run that completes: cycles + 1, if anything fired.
  int64_t accounted = 0;
  /// By launch that has begun (ended): the cycle in which it begins, and its last completion. With
  /// `overlap`, by launch: its first issue and its last completion so far, -1 where there is none.
  std::vector<int64_t> launch_begin, launch_end;
  std::vector<TaskActivity> tasks;
  std::vector<ChannelActivity> channels;
  std::vector<MemoryActivity> memories;
  int64_t token_events = 0;  ///< pushes and pulls
  /// Of a deadlock: each task that is not done, in order. Empty otherwise.
  std::vector<BlockedTask> blocked;
};

struct NetworkImage;  ///< run.h

/// A network made ready to run many times, with other depths each time.
class Simulator {
 public:
  /// The network has passed check(), and outlives the simulator.
  explicit Simulator(const Network& network);
  ~Simulator();
  Simulator(const Simulator&) = delete;
  Simulator& operator=(const Simulator&) = delete;

  /// Runs all launches, FIFOs as deep as `depths` says by channel (0: no limit), until all is done,
  /// nothing can happen any more, or cycle `most_cycles` has passed. The accounts are those of the
  /// cycles in `range`: of one launch, say, from behind the end of the launch before to its own.
  /// Everything else is that of the whole run.
  SimulationResult run(const std::vector<int64_t>& depths, int64_t most_cycles = INT64_MAX,
                       const CycleRange& range = {}) const;
  /// The same with the depths of the network.
  [[nodiscard]] SimulationResult run() const;

 private:
  std::unique_ptr<NetworkImage> image_;
};

}  // namespace st
