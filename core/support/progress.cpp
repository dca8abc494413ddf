// SPDX-License-Identifier: Apache-2.0
#include "core/support/progress.h"

#include <unistd.h>

#include <cstdio>

namespace st {
namespace {
using Clock = std::chrono::steady_clock;
}

Progress::Progress() : terminal_(isatty(STDERR_FILENO) != 0), start_(Clock::now()), last_(start_) {}

Progress::~Progress() {
  if (shown_) std::fputs("\r\033[K", stderr);
}

void Progress::step(const std::string& what) {
  step_ = what;
  if (terminal_ && Clock::now() - start_ > std::chrono::seconds(1)) show(what + " ...");
}

void Progress::tick(double done, double total) {
  if (!terminal_ || Clock::now() - start_ < std::chrono::seconds(1) ||
      Clock::now() - last_ < std::chrono::milliseconds(100))
    return;
  show(step_ + " ... " + std::to_string(static_cast<int>(total > 0 ? 100 * done / total : 0)) +
       " %");
}

void Progress::show(const std::string& text) {
  std::fprintf(stderr, "\r\033[K%s", text.c_str());
  std::fflush(stderr);
  shown_ = true;
  last_ = Clock::now();
}

}  // namespace st
