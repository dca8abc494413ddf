// SPDX-License-Identifier: Apache-2.0
#include "tests/simulate/unrolled.h"

namespace st::test {
namespace {

class Unroller {
 public:
  std::vector<Firing> all(const NetworkTask& task, const std::vector<Bindings>& launches) {
    for (const Bindings& bindings : launches) {
      bindings_ = bindings;
      for (const NetworkItem& item : task.items) add(item);
      ++launch_;
    }
    return firings_;
  }

 private:
  void add(const NetworkItem& item) {
    if (item.is_loop()) {
      const int64_t trips = item.trips_by_outer ? item.trips_by_outer->at(counters_.back())
                                                : item.trips.evaluate(bindings_).value();
      const std::string counter = "d" + std::to_string(counters_.size());
      counters_.push_back(0);
      for (int64_t i = 0; i < trips; ++i) {
        counters_.back() = i;
        bindings_[counter] = i;
        for (const NetworkItem& inner : item.items) add(inner);
      }
      counters_.pop_back();
      bindings_.erase(counter);
      if (trips == 0) return;
    } else {
      firings_.push_back({&item, launch_, counters_.empty() ? 0 : counters_[0], drained_, -1});
      drained_ = false;
    }
    if (item.drain) drained_ = true;
  }

  Bindings bindings_;
  std::vector<int64_t> counters_;
  std::vector<Firing> firings_;
  int launch_ = 0;
  bool drained_ = false;
};

}  // namespace

std::vector<Firing> unrolled(const NetworkTask& task, const std::vector<Bindings>& launches) {
  return Unroller().all(task, launches);
}

}  // namespace st::test
