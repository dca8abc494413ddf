// SPDX-License-Identifier: Apache-2.0
/// A line of progress on a terminal for what takes longer than a second.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace st {

/// Shows what is under way on standard error, if that is a terminal and a second has passed;
/// silent otherwise. A thread keeps the line alive, so that steps need not report on their way.
class Progress {
 public:
  Progress();
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  /// Names the step that begins: "sizing FIFOs".
  void step(const std::string& what);
  /// `done` of `total` of the step, in any unit.
  void tick(double done, double total);
  /// Prints on standard output, out of the line's way.
  void print(const std::string& text);
  /// Ends the line, before anything else is printed.
  void finish();
  /// Seconds that each step took so far, in order; steps of one name together, where the first
  /// was. What came before the first step belongs to none.
  [[nodiscard]] std::vector<std::pair<std::string, double>> seconds() const;

 private:
  using Clock = std::chrono::steady_clock;
  void keep_alive();
  void clear();  ///< under mutex_

  const Clock::time_point start_ = Clock::now();
  mutable std::mutex mutex_;
  std::condition_variable ended_;
  bool end_ = false;    ///< under mutex_, like the next four
  bool shown_ = false;  ///< whether the line is on the terminal
  std::vector<std::pair<std::string, Clock::time_point>> steps_;  ///< with their beginnings
  int percent_ = -1;                                              ///< -1: unknown
  std::thread thread_;                                            ///< only on a terminal
};

}  // namespace st
