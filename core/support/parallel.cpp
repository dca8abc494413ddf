// SPDX-License-Identifier: Apache-2.0
#include "core/support/parallel.h"

#include <algorithm>
#include <atomic>
#include <system_error>
#include <thread>
#include <vector>

namespace st {

void for_each_in_parallel(size_t count, const std::function<void(size_t)>& work) {
  constexpr size_t MostThreads = 8;
  std::atomic<size_t> next = 0;
  const auto share = [&] {
    for (size_t i = next++; i < count; i = next++) work(i);
  };
  const size_t threads =
      std::min<size_t>({MostThreads, count, std::thread::hardware_concurrency()});
  std::vector<std::thread> others;
  for (size_t t = 1; t < threads; ++t) {
    try {
      others.emplace_back(share);
    } catch (const std::system_error&) {
      break;  // no more threads than these
    }
  }
  share();
  for (std::thread& other : others) other.join();
}

}  // namespace st
