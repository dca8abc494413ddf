// SPDX-License-Identifier: Apache-2.0
/// Runs the tasks of dataflow regions concurrently on one thread: each task is a fiber that gives
/// way when it must wait for a channel. The order of execution depends on the program alone.
#ifndef STREAMTENSOR_CSIM_SCHEDULER_H
#define STREAMTENSOR_CSIM_SCHEDULER_H

#include <cstdint>
#include <memory>
#include <vector>

#include "fiber.h"

namespace hls::csim {

class Channel;
class Scheduler;

/// What a suspended task waits for.
enum class Wait { Nothing, Read, Write, Join };

/// A task that was started, or the thread itself (named `main`), which may wait like any other.
/// Objects are reused for later tasks, so a task is identified by its address and its serial
/// number.
struct Task {
  const char* name = "main";
  std::uint64_t serial = 0;  ///< order of start; 0 is main
  bool live = false;         ///< started and not yet ended

  Wait wait = Wait::Nothing;
  const Channel* channel = nullptr;  ///< for Wait::Read and Wait::Write
  std::uint64_t join_after = 0;      ///< for Wait::Join: children up to this serial may go on

  Task* parent = nullptr;         ///< who started it
  Task* last_child = nullptr;     ///< live children, the youngest first ...
  Task* older_sibling = nullptr;  ///< ... linked from one to the next
  Task* younger_sibling = nullptr;
  Task* next = nullptr;  ///< in the queue of ready tasks, or in the list of idle ones

  void (*entry)(void*) = nullptr;  ///< body; takes `closure`
  void* closure = nullptr;  ///< lies on the starter's stack: valid until the task first waits
  Fiber fiber;
};

/// Prints who waits for what to stderr, and ends the process with DeadlockStatus.
[[noreturn]] inline void report_deadlock(const Scheduler& scheduler);

/// The one scheduler of the process. Not thread safe: one thread at a time may run emitted code.
class Scheduler {
 public:
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  /// Never destroyed, so that streams with static storage may outlive everything else.
  static Scheduler& instance() {
    static Scheduler& scheduler = *new Scheduler;
    return scheduler;
  }

  [[nodiscard]] Task& current() const { return *current_; }
  [[nodiscard]] std::uint64_t last_serial() const { return last_serial_; }
  [[nodiscard]] const Task& root() const { return root_; }
  [[nodiscard]] const std::vector<std::unique_ptr<Task>>& workers() const { return workers_; }

  /// Starts a task at once; returns when it first waits, or ends. `closure` need live no longer.
  void start(const char* name, void (*entry)(void*), void* closure) {
    Task& task = idle_worker();
    task.name = name;
    task.serial = ++last_serial_;
    task.live = true;
    task.entry = entry;
    task.closure = closure;
    adopt(*current_, task);
    push_front(*current_);
    switch_to(task);
  }

  /// Suspends the current task until somebody calls wake() for it. If nobody can, this is a
  /// deadlock.
  void block(Wait wait, const Channel* channel) {
    Task& self = *current_;
    self.wait = wait;
    self.channel = channel;
    switch_to(next_ready());
  }

  /// Lets a task that is blocked go on, after those that are ready already.
  void wake(Task& task) {
    task.wait = Wait::Nothing;
    task.channel = nullptr;
    push_back(task);
  }

  /// Lets every ready task run before the current one goes on.
  void yield() {
    if (ready_front_ == nullptr) return;
    push_back(*current_);
    switch_to(next_ready());
  }

  /// Waits until all tasks that the current one started after task number `serial` have ended.
  void join(std::uint64_t serial) {
    Task& self = *current_;
    if (children_ended(self, serial)) return;
    self.join_after = serial;
    block(Wait::Join, nullptr);
  }

 private:
  Scheduler() { root_.live = true; }

  static bool children_ended(const Task& task, std::uint64_t serial) {
    return task.last_child == nullptr || task.last_child->serial <= serial;
  }

  static void adopt(Task& parent, Task& child) {
    child.parent = &parent;
    child.older_sibling = parent.last_child;
    child.younger_sibling = nullptr;
    if (parent.last_child != nullptr) parent.last_child->younger_sibling = &child;
    parent.last_child = &child;
  }

  static void orphan(Task& child) {
    if (child.older_sibling != nullptr)
      child.older_sibling->younger_sibling = child.younger_sibling;
    if (child.younger_sibling != nullptr) {
      child.younger_sibling->older_sibling = child.older_sibling;
    } else {
      child.parent->last_child = child.older_sibling;
    }
  }

  void push_back(Task& task) {
    task.next = nullptr;
    (ready_front_ == nullptr ? ready_front_ : ready_back_->next) = &task;
    ready_back_ = &task;
  }

  void push_front(Task& task) {
    task.next = ready_front_;
    if (ready_front_ == nullptr) ready_back_ = &task;
    ready_front_ = &task;
  }

  Task& next_ready() {
    if (ready_front_ == nullptr) report_deadlock(*this);
    Task& task = *ready_front_;
    ready_front_ = task.next;
    return task;
  }

  void switch_to(Task& next) {
    if (&next == current_) return;
    previous_ = current_;
    current_ = &next;
    before_switch(previous_->fiber, next.fiber);
    arrive(std::move(next.fiber.context).resume());
  }

  /// First thing in a task that was resumed: `from` is where the previous one stands now.
  void arrive(boost::context::fiber&& from) {
    after_switch(current_->fiber, previous_->fiber);
    previous_->fiber.context = std::move(from);
  }

  /// Fibers are kept for later tasks: this saves the mapping of a stack per task and launch, and
  /// the sanitizer's frames on it are never released while still in use.
  Task& idle_worker() {
    if (idle_ == nullptr) {
      workers_.push_back(std::make_unique<Task>());
      Task& task = *workers_.back();
      create(task.fiber, [this](boost::context::fiber&& from) -> boost::context::fiber {
        arrive(std::move(from));
        for (;;) run_current();
      });
      return task;
    }
    Task& task = *idle_;
    idle_ = task.next;
    return task;
  }

  void run_current() {
    Task& self = *current_;
    self.entry(self.closure);
    join(0);
    orphan(self);
    self.live = false;
    Task& parent = *self.parent;
    if (parent.wait == Wait::Join && children_ended(parent, parent.join_after)) wake(parent);
    self.next = idle_;
    idle_ = &self;
    switch_to(next_ready());
  }

  Task root_;
  Task* current_ = &root_;
  Task* previous_ = nullptr;  ///< who ran before the current task
  Task* ready_front_ = nullptr;
  Task* ready_back_ = nullptr;
  Task* idle_ = nullptr;
  std::uint64_t last_serial_ = 0;
  std::vector<std::unique_ptr<Task>> workers_;
};

}  // namespace hls::csim

#endif
