// SPDX-License-Identifier: Apache-2.0
/// The accesses of a loop nest, by running its loops.
#pragma once

#include "core/dataflow/nest.h"
#include "tests/core/kernel_scripts.h"

namespace st::test {

/// The accesses of a nest in a launch: its loops run as they stand.
class NestWalk {
 public:
  NestWalk(int64_t tokens, int64_t past) : bindings_(in_launch(tokens, past)) {}

  Accesses accesses(const Nest& nest) {
    run(nest, 0);
    return std::move(accesses_);
  }

 private:
  void run(const Nest& nest, int depth) {
    for (const NestItem& item : nest) {
      if (!item.is_loop()) {
        for (const int port : item.reads) append(accesses_, {false, port, 1});
        for (const int port : item.writes) append(accesses_, {true, port, 1});
        continue;
      }
      const std::string counter = "d" + std::to_string(depth);
      const int64_t trips =
          item.trips_by_outer
              ? item.trips_by_outer->at(bindings_.at("d" + std::to_string(depth - 1)))
              : item.trip.count.evaluate(bindings_).value();
      for (int64_t k = 0; k < trips; ++k) {
        bindings_[counter] = k;
        run(item.items, depth + 1);
      }
      bindings_.erase(counter);
    }
  }

  Bindings bindings_;
  Accesses accesses_;
};

}  // namespace st::test
