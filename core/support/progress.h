// SPDX-License-Identifier: Apache-2.0
/// A line of progress on a terminal for what takes longer than a second.
#pragma once

#include <chrono>
#include <string>

namespace st {

/// Shows what is under way on standard error, if that is a terminal and a second has passed; silent
/// otherwise.
class Progress {
 public:
  Progress();
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  /// Names the step that begins: "sizing FIFOs". A step that itself takes long calls `tick` now and
  /// then.
  void step(const std::string& what);
  /// `done` of `total` of the step, in any unit.
  void tick(double done, double total);

 private:
  void show(const std::string& text);
  bool terminal_;
  bool shown_ = false;
  std::string step_;
  std::chrono::steady_clock::time_point start_, last_;
};

}  // namespace st
