// SPDX-License-Identifier: Apache-2.0
/// What takes the place of the card: a thread that runs launches one after another, so that the
/// host can wait for a kernel, and give it up, as it would on a card. Not in XRT.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

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
  Card(const Card&) = delete;
  Card& operator=(const Card&) = delete;

  /// Never destroyed: at the end of the process a kernel may still run.
  static Card& instance() {
    static Card& card = *new Card;
    return card;
  }

  std::shared_ptr<Job> start(std::function<void()> launch) {
    auto job = std::make_shared<Job>();
    const std::lock_guard lock(mutex_);
    queue_.emplace_back(std::move(launch), job);
    more_.notify_one();
    return job;
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
      auto [launch, job] = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      launch();
      job->end();
    }
  }

  std::mutex mutex_;
  std::condition_variable more_;
  std::deque<std::pair<std::function<void()>, std::shared_ptr<Job>>> queue_;
};

}  // namespace xrt::stub
