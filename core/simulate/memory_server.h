// SPDX-License-Identifier: Apache-2.0
/// A memory as it serves requests, one at a time, and what it served.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/network/network.h"
#include "core/simulate/ledger.h"
#include "core/simulate/simulator.h"

namespace st {

/// Its times are in 1/bytes of a cycle, NetworkMemory::bytes.
class MemoryServer {
 public:
  /// The memory outlives the server. The account is that of `range`.
  MemoryServer(const NetworkMemory& memory, const CycleRange& range)
      : memory_(&memory), ledger_(scaled(range)) {}

  /// Serves a request that a task's firing made in `cycle`; the cycle in which its data come. To be
  /// called in the order in which requests are served.
  int64_t serve(int task, int64_t bytes, bool write, int64_t cycle) {
    const bool goes_on = last_task_ == task && bytes <= burst_left_;
    const int64_t starts = goes_on ? 0 : memory_->burst_cycles * memory_->bytes;
    if (!goes_on) {
      burst_left_ = memory_->burst_bytes;
      ++activity_.bursts;
    }
    burst_left_ -= bytes;
    last_task_ = task;
    const int64_t now = cycle * memory_->bytes, begin = std::max(free_, now);
    free_ = begin + starts + bytes * memory_->cycles;
    busy_ += free_ - begin;
    ledger_.serve(begin, starts, free_, now);
    (write ? activity_.bytes_written : activity_.bytes_read) += bytes;
    return (free_ + memory_->bytes - 1) / memory_->bytes + memory_->latency;
  }

  /// What it did in a run that went on up to, and not including, cycle `end`.
  [[nodiscard]] MemoryActivity close(int64_t end) {
    activity_.busy = static_cast<double>(busy_) / static_cast<double>(memory_->bytes);
    activity_.account = ledger_.close(end * memory_->bytes);
    return activity_;
  }

 private:
  [[nodiscard]] CycleRange scaled(const CycleRange& range) const {
    const int64_t most = INT64_MAX / memory_->bytes;
    return {std::min(range.begin, most) * memory_->bytes,
            std::min(range.end, most) * memory_->bytes};
  }

  const NetworkMemory* memory_;
  MemoryLedger ledger_;
  int64_t free_ = 0;  ///< end of the last service
  int64_t busy_ = 0;
  int64_t burst_left_ = 0;  ///< bytes
  int last_task_ = -1;
  MemoryActivity activity_;
};

}  // namespace st
