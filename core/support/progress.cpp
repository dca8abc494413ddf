// SPDX-License-Identifier: Apache-2.0
#include "core/support/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace st {

Progress::Progress() {
  if (isatty(STDERR_FILENO) != 0) thread_ = std::thread([this] { keep_alive(); });
}

Progress::~Progress() { finish(); }

void Progress::step(const std::string& what) {
  const std::lock_guard lock(mutex_);
  steps_.emplace_back(what, Clock::now());
  percent_ = -1;
}

void Progress::tick(double done, double total) {
  const std::lock_guard lock(mutex_);
  percent_ = total > 0 ? static_cast<int>(100 * done / total) : 0;
}

void Progress::clear() {
  if (!shown_) return;
  std::fputs("\r\033[K", stderr);
  std::fflush(stderr);
  shown_ = false;
}

void Progress::print(const std::string& text) {
  const std::lock_guard lock(mutex_);
  clear();
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

void Progress::finish() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    end_ = true;
  }
  ended_.notify_one();
  thread_.join();
}

std::vector<std::pair<std::string, double>> Progress::seconds() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::pair<std::string, double>> times;
  for (size_t i = 0; i < steps_.size(); ++i) {
    const auto end = i + 1 < steps_.size() ? steps_[i + 1].second : Clock::now();
    const double taken = std::chrono::duration<double>(end - steps_[i].second).count();
    const auto known = std::find_if(times.begin(), times.end(), [&](const auto& time) {
      return time.first == steps_[i].first;
    });
    if (known == times.end()) {
      times.emplace_back(steps_[i].first, taken);
    } else {
      known->second += taken;
    }
  }
  return times;
}

void Progress::keep_alive() {
  constexpr auto Patience = std::chrono::seconds(1);
  constexpr auto Refresh = std::chrono::milliseconds(200);
  std::unique_lock lock(mutex_);
  auto next = start_ + Patience;
  while (!ended_.wait_until(lock, next, [this] { return end_; })) {
    const auto seconds =
        std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - start_).count();
    std::string line = (steps_.empty() ? "" : steps_.back().first) + " ... ";
    if (percent_ >= 0) line += std::to_string(percent_) + " %, ";
    std::fprintf(stderr, "\r\033[K%s%lld s", line.c_str(), static_cast<long long>(seconds));
    std::fflush(stderr);
    shown_ = true;
    next = Clock::now() + Refresh;
  }
  clear();
}

}  // namespace st
