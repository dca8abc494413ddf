// SPDX-License-Identifier: Apache-2.0
/// A FIFO while a network runs.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/simulate/simulator.h"

namespace st {

/// `held` is up to date within a cycle; the state at its start is derived.
struct FifoState {
  int64_t depth = INT64_MAX;
  int64_t held = 0;
  int64_t last_push = -1, last_pull = -1;  ///< cycles
  int64_t filled_since = 0;  ///< where it was empty: the first cycle in which it is not
  int64_t free_since = 0;    ///< where it was full: the first cycle in which it is not
  int reader = -1, writer = -1;
  bool reader_waits = false, writer_waits = false;
  ChannelActivity activity;

  [[nodiscard]] bool empty(int64_t cycle) const { return held <= (last_push == cycle ? 1 : 0); }
  [[nodiscard]] bool full(int64_t cycle) const {
    return held + (last_pull == cycle ? 1 : 0) >= depth;
  }

  void push(int64_t cycle) {
    note_peak(cycle);
    if (held++ == 0) filled_since = cycle + 1;
    last_push = cycle;
    if (activity.pushes++ == 0) activity.first_push = cycle;
  }
  void pull(int64_t cycle) {
    note_peak(cycle);
    if (held-- >= depth) free_since = cycle + 1;
    last_pull = cycle;
    if (activity.pulls++ == 0) activity.first_pull = cycle;
  }

  /// What it did in a run that is over.
  [[nodiscard]] ChannelActivity close() const {
    ChannelActivity all = activity;
    all.peak = std::max(all.peak, held);
    all.last_push = last_push;
    all.last_pull = last_pull;
    return all;
  }

 private:
  /// Before the first change in a cycle: what was held since the last one counts.
  void note_peak(int64_t cycle) {
    if (last_push != cycle && last_pull != cycle) activity.peak = std::max(activity.peak, held);
  }
};

}  // namespace st
