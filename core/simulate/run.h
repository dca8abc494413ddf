// SPDX-License-Identifier: Apache-2.0
/// One run of a network in the simulator (simulator.h), event by event: a task is visited in cycles
/// in which it may be able to issue or to complete a firing.
#pragma once

#include <utility>
#include <vector>

#include "core/simulate/agenda.h"
#include "core/simulate/fifo_state.h"
#include "core/simulate/ledger.h"
#include "core/simulate/memory_server.h"
#include "core/simulate/simulator.h"
#include "core/simulate/walk.h"

namespace st {

/// What all runs of a network share.
struct NetworkImage {
  explicit NetworkImage(const Network& n);

  const Network& network;
  FlatNetwork flat;
  std::vector<ChannelEnds> ends;
  std::vector<int> instance_of;
  std::vector<int64_t> in_flight;
  std::vector<std::vector<int64_t>> launches;  ///< values of the symbols
};

class SimulationRun {
 public:
  SimulationRun(const NetworkImage& image, const std::vector<int64_t>& depths,
                const CycleRange& range);
  SimulationResult run(int64_t most_cycles);

 private:
  /// A firing that has issued.
  struct Flight {
    int64_t ready = Never;  ///< Never: its data have not been asked for yet
    int firing = -1;
    int launch = 0;
  };

  struct Task {
    TaskWalk walk;
    int launch = 0;          ///< of the firing at hand
    bool pending = false;    ///< there is a firing at hand
    bool drain = false;      ///< which waits until the pipeline is empty
    int64_t next_issue = 0;  ///< as far as the interval goes
    TaskLedger ledger;
    int64_t slot_since = 0;  ///< cycle in which the pipeline was last not full any more
    int64_t last_completion = -1;
    std::vector<Flight> flights;  ///< ring
    size_t head = 0;
    int64_t in_flight = 0;
    int64_t most_in_flight = 1;
    int instance = -1;
    TaskActivity activity;
  };

  struct Turns {
    const NetworkInstance* instance = nullptr;
    int holder = -1;                    ///< whose turn it is; -1: nobody has anything left
    int64_t since = 0;                  ///< first cycle of the turn
    int64_t launch = 0, iteration = 0;  ///< of the turn
    bool ending = false;                ///< all its firings have issued
  };

  struct Request {
    int task;
    size_t flight;  ///< slot of the task's ring
    int64_t bytes;
    bool write;
  };

  /// A memory, and what it was asked for in this cycle.
  struct Memory {
    MemoryServer server;
    std::vector<Request> requests;
  };

  Task& task(int t) { return tasks_[static_cast<size_t>(t)]; }
  FifoState& fifo(int access) {
    return fifos_[static_cast<size_t>(flat_.accesses[static_cast<size_t>(access)])];
  }
  void begin_launch(int launch);
  void end_launch();
  /// With overlap: from the end of a launch to the first firing of one of the next.
  void skip_empty_launches(size_t t);
  /// Lets a task do what it can in this cycle, and sets when it acts next.
  void visit(int t, int64_t cycle);
  /// True if the next firing waits for all those under way, or there is none in this launch.
  [[nodiscard]] bool drains(const Task& k) const {
    return k.drain || !k.pending ||
           (k.instance >= 0 && turns_[static_cast<size_t>(k.instance)].ending);
  }
  /// True if firings under way let no other issue.
  [[nodiscard]] bool pipeline_waits(const Task& k) const {
    return k.in_flight >= k.most_in_flight || (k.in_flight > 0 && drains(k));
  }
  /// Accounts for the cycles before a completion in which firings under way let no other issue.
  [[gnu::noinline]] void wait_to_complete(Task& k, int64_t cycle);
  /// The cycle from which on a firing has its data.
  [[nodiscard]] int64_t data_of(const Flight& flight) const {
    const FlatFiring& firing = flat_.firings[static_cast<size_t>(flight.firing)];
    return firing.memory < 0 ? 0 : flight.ready - firing.latency;
  }
  /// Completes the oldest firing if it can; the cycle in which to try again, where that is known.
  int64_t complete(int, Task& k, int64_t cycle);
  /// Issues the firing at hand if it can; the cycle in which to try again, where that is known.
  int64_t issue(int t, Task& k, int64_t cycle);
  /// Accounts for the cycles before `end` in which the firing at hand found the pipeline open.
  [[gnu::noinline]] void wait_to_issue(int t, Task& k, int64_t end);
  /// To the firing behind the one at hand.
  void advance(int t, Task& k);
  /// Gives the turn to the task whose firing at hand is first in order of launch, iteration, place.
  void choose(Turns& turns, int64_t since);
  void push(FifoState& f, int64_t cycle);
  void pull(FifoState& f, int64_t cycle);
  static size_t take_slot(Task& k);
  void ask(int t, size_t slot, const FlatFiring& firing);
  /// Serves what was asked for in this cycle; a task asks once in a cycle at most.
  void serve(int m, int64_t cycle);
  SimulationResult finish();
  /// Accounts for the cycles behind the last act of a task.
  void close_account(int t, int64_t end);
  void name_blocked();
  BlockedTask why_blocked(int t, const Task& k);

  const Network& network_;
  const FlatNetwork& flat_;
  const std::vector<std::vector<int64_t>>& launches_;
  const CycleRange range_;  ///< of the accounts
  Agenda agenda_;
  std::vector<FifoState> fifos_;
  std::vector<Task> tasks_;
  std::vector<Turns> turns_;
  std::vector<Memory> memories_;
  std::vector<int> asked_;  ///< memories with requests in this cycle
  int launch_ = 0;
  int64_t begin_ = 0;        ///< of the launch
  int64_t last_issue_ = -1;  ///< cycle, of any task
  int unfinished_ = 0;       ///< tasks of this launch
  SimulationResult result_;
};

}  // namespace st
