// SPDX-License-Identifier: Apache-2.0
/// The firings of a task one by one, for tests.
#pragma once

#include <cstdint>
#include <vector>

#include "core/network/network.h"

namespace st::test {

struct Firing {
  const NetworkItem* item = nullptr;
  int launch = 0;
  int64_t iteration = 0;  ///< of the outermost loop around it
  bool after_drain = false;
  int turn = -1;  ///< free for the one who asks
};

/// All firings of a task in these launches, in order. The items stay the task's.
std::vector<Firing> unrolled(const NetworkTask& task, const std::vector<Bindings>& launches);

}  // namespace st::test
