// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/itensor/itensor.h"

namespace st {
namespace {

/// Products of sizes stay below this, so that counts and offsets are exact.
constexpr int64_t Largest = int64_t{1} << 62;

class Verifier {
 public:
  explicit Verifier(const ItensorType& type) : type_(type) {}

  Diagnostics run() {
    if (!ranks()) return problems_;
    sizes();
    trips();
    if (problems_.empty()) map();
    if (problems_.empty()) totals();
    return problems_;
  }

 private:
  void report(const std::string& message) {
    problems_.push_back({"E0310", message, "", {text_of(type_)}, ""});
  }

  bool ranks() {
    if (type_.steps.size() != type_.trips.size()) {
      report("the iteration space has " + std::to_string(type_.trips.size()) + " trip counts but " +
             std::to_string(type_.steps.size()) + " steps");
    }
    if (type_.map.size() != type_.elem.size()) {
      report("the tile has rank " + std::to_string(type_.elem.size()) + " but the map has " +
             std::to_string(type_.map.size()) + " results");
    }
    return problems_.empty();
  }

  void sizes() {
    for (int64_t size : type_.elem) {
      if (size <= 0) report("a tile size is not positive");
      if (type_.form == ElementForm::Scalar && size > 1)
        report("a scalar element has a tile size above 1");
    }
    for (int64_t step : type_.steps) {
      if (step <= 0) report("a step is not positive");
    }
  }

  void trips() {
    for (size_t l = 0; l < type_.trips.size(); ++l) {
      const Trip& trip = type_.trips[l];
      if (trip.bound <= 0) report("a trip count's bound is not positive");
      if (trip.count.is_constant() && trip.count.offset() != trip.bound)
        report("a constant trip count differs from its bound");
      for (const auto& [symbol, coefficient] : trip.count.terms()) {
        const int loop = loop_named(symbol);
        if (loop >= static_cast<int>(l))
          report("the trip count of loop d" + std::to_string(l) + " depends on d" +
                 std::to_string(loop) + ", which is no outer loop");
      }
    }
  }

  void map() {
    std::vector<bool> used(type_.trips.size(), false);
    for (size_t d = 0; d < type_.map.size(); ++d) {
      for (int loop : type_.map[d].loops()) {
        if (loop < 0 || loop >= static_cast<int>(type_.trips.size())) {
          report("the map uses loop d" + std::to_string(loop) + ", which does not exist");
          return;
        }
        if (used[loop]) report("loop d" + std::to_string(loop) + " is used twice in the map");
        used[loop] = true;
      }
      tiling(static_cast<int>(d));
    }
  }

  /// The loops of one dimension, fastest first, must step by exactly what is inside them.
  void tiling(int d) {
    const std::vector<int>& loops = type_.map[d].loops();
    int64_t inside = type_.elem[d];
    for (auto loop = loops.rbegin(); loop != loops.rend(); ++loop) {
      const int64_t step = type_.steps[*loop];
      if (step != inside) {
        const char* kind =
            step < inside ? "overlapping tiles (a halo)" : "gaps between tiles (a stride)";
        report("loop d" + std::to_string(*loop) + " steps by " + std::to_string(step) + " over " +
               std::to_string(inside) + " elements: " + kind + " are not supported");
        return;
      }
      if (loop != loops.rbegin() + static_cast<std::ptrdiff_t>(loops.size()) - 1 &&
          !type_.trips[*loop].count.is_constant()) {
        report("loop d" + std::to_string(*loop) +
               " has a symbolic trip count inside another loop of its dimension: a stride that is "
               "not constant is not supported");
        return;
      }
      if (type_.trips[*loop].bound > Largest / std::max<int64_t>(1, inside)) {
        report("a dimension has more than 2^62 elements");
        return;
      }
      inside *= type_.trips[*loop].bound;
    }
  }

  void totals() {
    int64_t product = 1;
    auto multiply = [&](int64_t factor) {
      if (product > Largest / factor) {
        report("the stream has more than 2^62 elements");
        return false;
      }
      product *= factor;
      return true;
    };
    for (int64_t size : type_.elem) {
      if (!multiply(size)) return;
    }
    for (const Trip& trip : type_.trips) {
      if (!multiply(trip.bound)) return;
    }
  }

  const ItensorType& type_;
  Diagnostics problems_;
};

}  // namespace

Status verify(const ItensorType& type) { return Verifier(type).run(); }

}  // namespace st
