// SPDX-License-Identifier: Apache-2.0
/// What takes the place of the card: a thread that runs launches one after another, so that the
/// host can wait for a kernel, and give it up, as it would on a card. Not in XRT.
#pragma once

#include <hls_stream.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace xrt::stub {

/// A launch, as the host sees it.
class Job {
 public:
  /// Whether the launch ended in time.
  bool wait(std::chrono::milliseconds timeout) {
    std::unique_lock lock(mutex_);
    return ended_.wait_for(lock, timeout, [this] { return done_; });
  }
  void end() {
    const std::lock_guard lock(mutex_);
    done_ = true;
    ended_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable ended_;
  bool done_ = false;
};

class Card {
 public:
  using Batch = std::vector<std::pair<std::function<void()>, std::shared_ptr<Job>>>;

  Card(const Card&) = delete;
  Card& operator=(const Card&) = delete;

  /// Never destroyed: at the end of the process a kernel may still run.
  static Card& instance() {
    static Card& card = *new Card;
    return card;
  }

  /// Puts a launch into the batch that begins with the next run_batch(). Those of one batch run
  /// together, as streams may join them. To be called by one thread.
  std::shared_ptr<Job> start(std::function<void()> launch) {
    auto job = std::make_shared<Job>();
    batch_.emplace_back(std::move(launch), job);
    return job;
  }
  void run_batch() {
    if (batch_.empty()) return;
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(batch_));
    batch_.clear();
    more_.notify_one();
  }

 private:
  // One thread for all launches: simulated tasks stay on the thread that first ran them.
  Card() {
    std::thread([this] { run(); }).detach();
  }

  [[noreturn]] void run() {
    for (;;) {
      std::unique_lock lock(mutex_);
      more_.wait(lock, [this] { return !queue_.empty(); });
      const Batch batch = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      run_together(batch);
      for (const auto& [launch, job] : batch) job->end();
    }
  }

  static void run_together(const Batch& batch) {
    hls::csim::Scheduler& scheduler = hls::csim::Scheduler::instance();
    const std::uint64_t before = scheduler.last_serial();
    for (const auto& [launch, job] : batch) hls::csim::task("launch", launch)();
    scheduler.join(before);
  }

  std::mutex mutex_;
  std::condition_variable more_;
  std::deque<Batch> queue_;
  Batch batch_;  ///< that is not running yet
};

}  // namespace xrt::stub
