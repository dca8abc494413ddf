// SPDX-License-Identifier: Apache-2.0
/// The part of a stream that does not depend on the type of its tokens: who waits, and what is
/// counted.
#ifndef STREAMTENSOR_CSIM_CHANNEL_H
#define STREAMTENSOR_CSIM_CHANNEL_H

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "recorder.h"
#include "scheduler.h"

namespace hls::csim {

/// Exit status of a process whose tasks are all blocked.
constexpr int DeadlockStatus = 75;

/// Exit status when two tasks read, or two tasks write, the same channel: hardware has one of each.
constexpr int SharedEndStatus = 76;

/// Ends the process after a message. Not by std::exit: suspended tasks stand in the middle of their
/// work, with objects that nobody will destroy, on stacks that leak checkers do not see.
[[noreturn]] inline void end_process(int status) {
  finish();
  std::fflush(nullptr);
  std::_Exit(status);
}

/// A bounded FIFO without its tokens.
class Channel {
 public:
  /// A task that was started with this channel as an argument.
  struct User {
    const Task* task;
    std::uint64_t serial;
    [[nodiscard]] bool live() const { return task->live && task->serial == serial; }
  };

  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  [[nodiscard]] const char* name() const { return name_.empty() ? "(no name)" : name_.c_str(); }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }
  [[nodiscard]] const std::vector<User>& users() const { return users_; }
  /// Tokens that wait now.
  [[nodiscard]] std::size_t size() const { return size_; }

  /// Notes that the current task uses this channel, for the message about a deadlock.
  void attach() {
    const Task& task = Scheduler::instance().current();
    users_.push_back({&task, task.serial});
  }

 protected:
  /// `capacity` in tokens, at least 1. A channel without a name is neither counted nor recorded.
  Channel(const char* name, std::size_t capacity)
      : name_(name), capacity_(capacity), born_after_(Scheduler::instance().last_serial()) {
    if (name_.empty()) return;
    record_ = Recorder::instance().open(name_, capacity_);
    file_ = record_->file;
  }

  ~Channel() = default;

  /// First thing in a stream's destructor. The end of a dataflow region is where its streams go out
  /// of scope, so this is where the tasks that were started since the stream was declared are
  /// waited for.
  void close() {
    Scheduler::instance().join(born_after_);
    if (record_ != nullptr) Recorder::instance().close(*record_, file_ != nullptr, tokens_, peak_);
    if (size_ == 0) return;
    Recorder::instance().add_leftovers(size_);
    std::fprintf(stderr, "warning: %zu tokens are left in channel '%s'\n", size_, name());
  }

  /// Suspends the current task until a token was written.
  void wait_to_read() { wait(Wait::Read, reader_); }
  /// Suspends the current task until a token was read.
  void wait_to_write() { wait(Wait::Write, writer_); }
  /// A test that failed: others may run, so that polling makes progress.
  static void poll() { Scheduler::instance().yield(); }

  /// Bookkeeping of one token that was just stored; its bytes are recorded if somebody wants them.
  void wrote(const void* token, std::size_t bytes) {
    ++tokens_;
    if (++size_ > peak_) peak_ = size_;
    if (reader_ != nullptr) wake(reader_);
    if (file_ != nullptr) std::fwrite(token, bytes, 1, file_);
  }

  /// Bookkeeping of one token that was just taken.
  void took() {
    --size_;
    if (writer_ != nullptr) wake(writer_);
  }

  std::size_t size_ = 0;

 private:
  void wait(Wait what, Task*& end) {
    Scheduler& scheduler = Scheduler::instance();
    if (end != nullptr) {
      std::fprintf(stderr, "channel '%s' has two %s: '%s' and '%s'\n", name(),
                   what == Wait::Read ? "readers" : "writers", end->name, scheduler.current().name);
      end_process(SharedEndStatus);
    }
    end = &scheduler.current();
    scheduler.block(what, this);
  }

  static void wake(Task*& end) {
    Task& task = *end;
    end = nullptr;
    Scheduler::instance().wake(task);
  }

  std::string name_;
  std::size_t capacity_;
  std::uint64_t born_after_;  ///< serial number of the last task before this channel
  std::uint64_t tokens_ = 0;  ///< written so far
  std::size_t peak_ = 0;
  Task* reader_ = nullptr;  ///< while it waits
  Task* writer_ = nullptr;  ///< while it waits
  ChannelRecord* record_ = nullptr;
  std::FILE* file_ = nullptr;  ///< of `record_`
  std::vector<User> users_;
};

}  // namespace hls::csim

#endif
