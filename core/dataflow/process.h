// SPDX-License-Identifier: Apache-2.0
/// A kernel at work: walks its nest, beat by beat, as far as its queues let it.
#pragma once

#include <cstring>
#include <deque>
#include <vector>

#include "core/dataflow/nest.h"
#include "core/dataflow/program.h"

namespace st {

/// Kernels that can go on, in the order in which they were woken.
using ReadyKernels = std::deque<KernelId>;

/// Beats in flight between two kernels.
class TokenQueue {
 public:
  /// `capacity` in beats; 0: no limit.
  TokenQueue(size_t beat_bytes, int64_t capacity) : bytes_(beat_bytes), capacity_(capacity) {}

  [[nodiscard]] bool empty() const { return held_ == 0; }
  [[nodiscard]] bool full() const { return capacity_ > 0 && held_ >= capacity_; }
  void push(const void* beat);
  void pop(void* beat);

  /// `kernel` waits for a beat, or for room: the next push, or pop, appends it to `ready`. This is
  /// the order of the scheduler of C simulation, so that peaks are the same.
  void let_reader_wait(KernelId kernel, ReadyKernels* ready) { reader_ = {kernel, ready}; }
  void let_writer_wait(KernelId kernel, ReadyKernels* ready) { writer_ = {kernel, ready}; }

  [[nodiscard]] int64_t held() const { return held_; }
  [[nodiscard]] int64_t capacity() const { return capacity_; }
  [[nodiscard]] int64_t peak() const { return peak_; }    ///< most beats held at once
  [[nodiscard]] int64_t moved() const { return moved_; }  ///< beats pushed so far
  [[nodiscard]] size_t beat_bytes() const { return bytes_; }
  /// All beats that are held, in order.
  [[nodiscard]] std::vector<uint8_t> contents() const {
    return {data_.begin() + static_cast<std::ptrdiff_t>(head_), data_.end()};
  }
  /// From now on, what is pushed is also appended there.
  void record(std::vector<uint8_t>* copy) { copy_ = copy; }
  /// Replaces what is held.
  void fill(std::vector<uint8_t> beats);

 private:
  struct Waiting {
    KernelId kernel = -1;
    ReadyKernels* ready = nullptr;  ///< nullptr: nobody waits
    void wake() {
      if (ready != nullptr) ready->push_back(kernel);
      ready = nullptr;
    }
  };

  size_t bytes_;
  Waiting reader_, writer_;
  int64_t capacity_, held_ = 0, peak_ = 0, moved_ = 0;
  std::vector<uint8_t> data_;
  size_t head_ = 0;  ///< byte of the oldest beat
  std::vector<uint8_t>* copy_ = nullptr;
};

/// One kernel of a launch. Reads and writes block; nothing else does, so a network of processes
/// ends in one state in whatever order they run.
class Process {
 public:
  /// `inputs`, `outputs`: the queue of each port; they outlive the process.
  Process(Nest nest, std::vector<TokenQueue*> inputs, std::vector<TokenQueue*> outputs);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  /// Memories, constants and lengths of the launch: to be set before the first run.
  Firing& firing() { return firing_; }

  /// Runs until it has to wait, or is done. True if it has done anything.
  bool run();
  [[nodiscard]] bool done() const { return stack_.empty(); }
  /// What it waits for, unless it is done.
  struct Wait {
    bool write;
    int port;
  };
  [[nodiscard]] Wait waits_for() const;

 private:
  struct Frame {
    const Nest* items;
    size_t at;      ///< item at hand
    int64_t trips;  ///< of the loop around the items
  };
  [[nodiscard]] int64_t trips_of(const NestItem& item) const;
  /// False if an access has to wait.
  bool fire(const NestItem& item);

  Nest nest_;
  std::vector<TokenQueue*> inputs_, outputs_;
  Firing firing_;
  std::vector<Frame> stack_;
  size_t access_ = 0;  ///< accesses of the step at hand that are done
};

}  // namespace st
