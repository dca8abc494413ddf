// SPDX-License-Identifier: Apache-2.0
/// Random itensor types that pass verify().
#pragma once

#include <algorithm>
#include <random>

#include "core/itensor/itensor.h"

namespace st::test {

/// A number from `low` to `high`, the same on every machine (std distributions are not).
inline int64_t pick(std::mt19937_64& random, int64_t low, int64_t high) {
  return low + static_cast<int64_t>(random() % static_cast<uint64_t>(high - low + 1));
}

/// Rank 1 to 4, one or two loops per dimension or none, re-access loops, any order of dimensions,
/// symbolic and triangular outermost trip counts, all forms of elements.
inline ItensorType random_type(std::mt19937_64& random) {
  ItensorType type;
  const int64_t rank = pick(random, 1, 4);
  constexpr DType Types[] = {DType::F32, DType::F16, DType::BF16,
                             DType::I8,  DType::I32, DType::I64};
  type.dtype = Types[pick(random, 0, 5)];
  type.form = static_cast<ElementForm>(pick(random, 0, 2));
  // Loops of each dimension, outermost first, are dealt out into one nest that keeps their order.
  struct Loop {
    int64_t dimension;  // -1: re-access
    int64_t trips, step;
    bool outermost;
  };
  std::vector<std::vector<Loop>> nests;
  for (int64_t d = 0; d < rank; ++d) {
    type.elem.push_back(type.form == ElementForm::Scalar ? 1 : pick(random, 1, 8));
    std::vector<Loop> loops;
    int64_t step = type.elem.back();
    for (int64_t n = pick(random, 0, 2); n > 0; --n) {
      const int64_t trips = pick(random, 1, 6);
      loops.insert(loops.begin(), {d, trips, step, n == 1});
      step *= trips;
    }
    if (!loops.empty()) nests.push_back(std::move(loops));
  }
  for (int64_t n = pick(random, 0, 2); n > 0; --n)
    nests.push_back({{-1, pick(random, 1, 4), 1, true}});
  std::vector<std::vector<int>> map(static_cast<size_t>(rank));
  while (!nests.empty()) {
    const auto chosen =
        static_cast<size_t>(pick(random, 0, static_cast<int64_t>(nests.size()) - 1));
    const Loop loop = nests[chosen].front();
    nests[chosen].erase(nests[chosen].begin());
    if (nests[chosen].empty()) nests.erase(nests.begin() + static_cast<std::ptrdiff_t>(chosen));
    const int number = static_cast<int>(type.trips.size());
    Trip trip(loop.trips);
    if (loop.outermost && pick(random, 0, 3) == 0) {
      Extent count = Extent::symbol(pick(random, 0, 1) == 0 ? "sequence" : "past");
      if (number > 0 && pick(random, 0, 1) == 0)
        count = count + pick(random, 1, 3) *
                            Extent::symbol("d" + std::to_string(pick(random, 0, number - 1)));
      trip = Trip(count + Extent(pick(random, 0, 2)), loop.trips);
    }
    type.trips.push_back(trip);
    type.steps.push_back(loop.step);
    if (loop.dimension >= 0) map[static_cast<size_t>(loop.dimension)].push_back(number);
  }
  for (auto& loops : map) type.map.push_back(MapResult::sum(loops));
  return type;
}

}  // namespace st::test
