// SPDX-License-Identifier: Apache-2.0
/// How accounts (core/simulate/account.h) are written while a network runs: cycle after cycle in
/// order, but a stretch at a time, when a task acts and thereby says what it waited for.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/simulate/account.h"

namespace st {

/// The account of a task. All that keeps a firing from issuing is over for good once it is over, so
/// that the cycles before an issue fall into stretches, one for each class in order of precedence.
/// Useful cycles are not counted but left over, which keeps a firing that waits for nothing cheap.
class TaskLedger {
 public:
  TaskLedger() : TaskLedger(CycleRange{}) {}
  explicit TaskLedger(const CycleRange& range)
      : marks_{range.begin, std::max(range.begin, range.end), INT64_MAX} {}

  /// The first cycle that is not accounted for.
  [[nodiscard]] int64_t end() const { return end_; }

  /// The cycles up to `end` are useful: a firing issued.
  void useful(int64_t end) { end_ = end; }

  /// Counts the cycles that are not accounted for yet, up to and not including `end`.
  void until(int64_t end, int64_t CycleAccount::*what) {
    if (end <= end_) return;
    while (end > marks_[passed_]) pass_mark(what);
    account_.*what += end - end_;
    end_ = end;
  }

  /// Up to `end` the pipeline let nothing issue: its oldest firing had its data from `data` on, and
  /// was ready from `ready` on.
  void stall(int64_t data, int64_t ready, int64_t end) {
    until(std::min(data, end), &CycleAccount::memory);
    until(std::min(ready, end), &CycleAccount::latency);
    until(end, &CycleAccount::room);
  }

  /// All that was counted so far, whatever the range.
  [[nodiscard]] const CycleAccount& counted() const { return account_; }

  /// The account of the cycles of the range before `end`; end() is there, or an interval beyond it.
  [[nodiscard]] CycleAccount close(int64_t end) const {
    // Behind a mark that useful cycles passed nothing was counted.
    const CycleAccount& from = passed_ > 0 ? at_mark_[0] : account_;
    CycleAccount account = passed_ > 1 ? at_mark_[1] : account_;
    for (const auto what : Counted) account.*what -= from.*what;
    account.useful = std::min(end, marks_[1]) - std::min(end, marks_[0]) - account.total();
    return account;
  }

 private:
  static constexpr int64_t CycleAccount::*Counted[] = {
      &CycleAccount::memory, &CycleAccount::latency, &CycleAccount::room,
      &CycleAccount::idle,   &CycleAccount::turn,    &CycleAccount::dependency};

  /// Notes the account at an end of the range; cycles before it that were not counted are `what`.
  void pass_mark(int64_t CycleAccount::*what) {
    if (end_ < marks_[passed_]) {
      account_.*what += marks_[passed_] - end_;
      end_ = marks_[passed_];
    }
    at_mark_[passed_++] = account_;
  }

  int64_t end_ = 0;       ///< cycles before it are accounted for
  CycleAccount account_;  ///< without useful cycles
  int passed_ = 0;        ///< marks
  int64_t marks_[3];      ///< the ends of the range, and one that is never passed
  CycleAccount at_mark_[2];
};

/// The account of a memory. Times are in 1 / `bytes` of a cycle, as in MemoryAccount.
class MemoryLedger {
 public:
  explicit MemoryLedger(const CycleRange& range)
      : range_(range), recent_(8), mask_(recent_.size() - 1) {}

  /// Service from `begin` to `end`, the first `starts` of it for a burst. Comes in order, at time
  /// `now`.
  void serve(int64_t begin, int64_t starts, int64_t end, int64_t now) {
    if (recent_[next_].end > now) grow();
    const Service service{begin, begin + starts, end};
    if (begin >= range_.begin && end <= range_.end) {
      account_.starts += starts;
      account_.transfer += end - service.transfer;
    } else {
      count(service, 1);
    }
    recent_[next_] = service;
    next_ = (next_ + 1) & mask_;
  }

  /// The account of the time before `end`, a time that the run reached or the one behind it.
  [[nodiscard]] MemoryAccount close(int64_t end) {
    for (const Service& service : recent_) {
      count({std::max(service.begin, end), std::max(service.transfer, end),
             std::max(service.end, end)},
            -1);
    }
    account_.idle = range_.clip(end) - range_.clip(0) - account_.starts - account_.transfer;
    return account_;
  }

 private:
  struct Service {
    int64_t begin = 0, transfer = 0, end = 0;
  };

  /// Makes room before the oldest, which is not to be forgotten yet.
  void grow() {
    recent_.insert(recent_.begin() + static_cast<std::ptrdiff_t>(next_), recent_.size(), {});
    mask_ = recent_.size() - 1;
  }

  void count(const Service& service, int64_t times) {
    const int64_t transfer = range_.clip(service.transfer);
    account_.starts += times * (transfer - range_.clip(service.begin));
    account_.transfer += times * (range_.clip(service.end) - transfer);
  }

  CycleRange range_;
  MemoryAccount account_;
  std::vector<Service> recent_;  ///< ring with all that go on behind the cycle at hand
  size_t mask_;                  ///< its size, a power of two, less one
  size_t next_ = 0;              ///< the oldest
};

}  // namespace st
