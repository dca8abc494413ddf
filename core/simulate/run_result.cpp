// SPDX-License-Identifier: Apache-2.0
// What a run counted, and why it ended before its end.
#include <algorithm>

#include "core/simulate/run.h"

namespace st {

SimulationResult SimulationRun::finish() {
  for (const FifoState& f : fifos_) {
    result_.channels.push_back(f.close());
    result_.token_events += f.activity.pushes + f.activity.pulls;
  }
  int64_t end = last_issue_ + 1;  // of the accounts
  for (const Task& k : tasks_) {
    result_.cycles = std::max(result_.cycles, k.last_completion);
    end = std::max(end, k.last_completion + 1);
  }
  result_.accounted = range_.clip(end) - range_.clip(0);
  for (size_t t = 0; t < tasks_.size(); ++t) {
    close_account(static_cast<int>(t), end);
    result_.tasks.push_back(tasks_[t].activity);
  }
  for (Memory& memory : memories_) result_.memories.push_back(memory.server.close(end));
  if (result_.completed && !network_.overlap) end_launch();
  if (!result_.completed && !result_.cut_short) name_blocked();
  return std::move(result_);
}

void SimulationRun::close_account(int t, int64_t end) {
  Task& k = task(t);
  k.activity.starved = k.ledger.counted().dependency;
  if (pipeline_waits(k)) {
    const Flight& oldest = k.flights[k.head];
    k.ledger.stall(data_of(oldest), oldest.ready, end);
  } else if (k.pending) {
    wait_to_issue(t, k, end);
  } else {
    k.ledger.until(end, &CycleAccount::idle);
  }
  k.activity.account = k.ledger.close(end);
}

void SimulationRun::name_blocked() {
  for (size_t t = 0; t < tasks_.size(); ++t) {
    const Task& k = tasks_[t];
    if (k.in_flight == 0 && !k.pending) continue;
    result_.blocked.push_back(why_blocked(static_cast<int>(t), k));
  }
}

BlockedTask SimulationRun::why_blocked(int t, const Task& k) {
  BlockedTask blocked;
  blocked.task = t;
  if (k.in_flight > 0) {
    const FlatFiring& firing = flat_.firings[static_cast<size_t>(k.flights[k.head].firing)];
    for (int w = firing.writes_begin; w < firing.writes_end; ++w) {
      if (fifo(w).held < fifo(w).depth) continue;
      blocked.cause = BlockedTask::Cause::Full;
      blocked.channel = flat_.accesses[static_cast<size_t>(w)];
      blocked.waits_for = fifo(w).reader;
      return blocked;
    }
  }
  if (k.instance >= 0 && turns_[static_cast<size_t>(k.instance)].holder != t) {
    blocked.cause = BlockedTask::Cause::Turn;
    blocked.waits_for = turns_[static_cast<size_t>(k.instance)].holder;
    return blocked;
  }
  const FlatFiring& firing = flat_.firings[static_cast<size_t>(k.walk.firing())];
  for (int r = firing.reads_begin; r < firing.reads_end; ++r) {
    if (fifo(r).held > 0) continue;
    blocked.cause = BlockedTask::Cause::Empty;
    blocked.channel = flat_.accesses[static_cast<size_t>(r)];
    blocked.waits_for = fifo(r).writer;
    break;
  }
  return blocked;
}

}  // namespace st
