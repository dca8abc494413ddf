// SPDX-License-Identifier: Apache-2.0
/// When each task acts next: a wheel of the cycles to come, and a heap for what is farther away.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <queue>
#include <vector>

namespace st {

inline constexpr int64_t Never = INT64_MAX;

/// Wakes tasks in order of time. A task has one time at most, which can only be moved forward.
class Agenda {
 public:
  explicit Agenda(size_t tasks)
      : wake_(tasks, Never), next_(tasks, None), previous_(tasks, None), first_(Slots, None) {}

  /// Wakes `task` at `time`, later than the cycle at hand, unless it wakes before.
  void wake(int task, int64_t time) {
    int64_t& now = wake_[static_cast<size_t>(task)];
    if (now <= time) return;
    if (in_wheel(now)) unlink(task, now);
    now = time;
    if (in_wheel(time)) {
      link(task, time);
    } else {
      far_.push({time, task});
    }
  }

  /// Goes to the next cycle in which a task wakes: its number, or Never.
  int64_t advance() {
    while (!far_.empty() && (wake_[static_cast<size_t>(far_.top().task)] != far_.top().time ||
                             in_wheel(far_.top().time)))
      pull();
    int64_t time = next_in_wheel();
    if (time == Never) {
      if (far_.empty()) return Never;
      time = far_.top().time;
    }
    cycle_ = time;
    while (!far_.empty() && in_wheel(far_.top().time)) pull();
    return time;
  }

  /// Takes a task that wakes in this cycle; -1 if there is none.
  int take() {
    const int task = first_[slot(cycle_)];
    if (task == None) return None;
    unlink(task, cycle_);
    wake_[static_cast<size_t>(task)] = Never;
    return task;
  }

  static constexpr int None = -1;

 private:
  static constexpr int64_t Slots = 4096;
  struct Far {
    int64_t time;
    int task;
    bool operator<(const Far& other) const { return time > other.time; }
  };

  static size_t slot(int64_t time) { return static_cast<size_t>(time & (Slots - 1)); }
  /// True for times that have a slot of their own, the cycle at hand included.
  [[nodiscard]] bool in_wheel(int64_t time) const { return time != Never && time - cycle_ < Slots; }

  void link(int task, int64_t time) {
    const size_t s = slot(time);
    const auto t = static_cast<size_t>(task);
    next_[t] = first_[s];
    previous_[t] = None;
    if (first_[s] != None) previous_[static_cast<size_t>(first_[s])] = task;
    first_[s] = task;
    used_[s / 64] |= uint64_t{1} << (s % 64);
  }

  void unlink(int task, int64_t time) {
    const size_t s = slot(time);
    const auto t = static_cast<size_t>(task);
    if (previous_[t] != None) {
      next_[static_cast<size_t>(previous_[t])] = next_[t];
    } else {
      first_[s] = next_[t];
      if (next_[t] == None) used_[s / 64] &= ~(uint64_t{1} << (s % 64));
    }
    if (next_[t] != None) previous_[static_cast<size_t>(next_[t])] = previous_[t];
    next_[t] = previous_[t] = None;
  }

  /// Moves the top of the heap to the wheel, or drops it where the task wakes at another time.
  void pull() {
    const Far far = far_.top();
    far_.pop();
    const auto t = static_cast<size_t>(far.task);
    if (wake_[t] != far.time || linked(far.task, far.time)) return;
    link(far.task, far.time);
  }
  /// True if the task is in the slot of `time` already: it was pushed twice with one time.
  [[nodiscard]] bool linked(int task, int64_t time) const {
    return first_[slot(time)] == task || previous_[static_cast<size_t>(task)] != None;
  }

  [[nodiscard]] int64_t next_in_wheel() const {
    const auto begin = static_cast<int64_t>(slot(cycle_ + 1));
    for (int64_t scanned = 0; scanned < Slots;) {
      const int64_t at = (begin + scanned) & (Slots - 1);
      const uint64_t word = used_[static_cast<size_t>(at) / 64] >> (at % 64);
      if (word != 0) {
        scanned += std::countr_zero(word);
        return scanned < Slots ? cycle_ + 1 + scanned : Never;
      }
      scanned += 64 - at % 64;
    }
    return Never;
  }

  int64_t cycle_ = -1;  ///< the cycle at hand
  std::vector<int64_t> wake_;
  std::vector<int> next_, previous_, first_;
  uint64_t used_[Slots / 64] = {};  ///< slots that hold a task
  std::priority_queue<Far> far_;
};

}  // namespace st
