// SPDX-License-Identifier: Apache-2.0
/// Random pairs of itensor types that view one tensor, with constant trip counts.
#pragma once

#include "tests/itensor/random_types.h"

namespace st::test {

/// Two streams of one tensor.
struct TypePair {
  ItensorType source, result;
};

/// The pairs that tests and tables of converters share: where they start, and elements of a tensor.
inline constexpr uint64_t PairsSeed = 20250914;
inline constexpr int64_t PairsLargest = 500;

/// A divisor of `n`, each as likely as any other.
inline int64_t pick_divisor(std::mt19937_64& random, int64_t n) {
  std::vector<int64_t> divisors;
  for (int64_t d = 1; d <= n; ++d)
    if (n % d == 0) divisors.push_back(d);
  return divisors[static_cast<size_t>(pick(random, 0, static_cast<int64_t>(divisors.size()) - 1))];
}

/// A view of a tensor of `shape` by tiles of `elem`: one or two loops per dimension, none for some
/// that are one tile long, up to two re-access loops, in any order.
inline ItensorType random_view(std::mt19937_64& random, const std::vector<int64_t>& shape,
                               const std::vector<int64_t>& elem) {
  ItensorType type;
  type.elem = elem;
  struct Loop {
    int dimension;  // -1: re-access
    int64_t trips, step;
  };
  std::vector<std::vector<Loop>> nests;
  for (size_t d = 0; d < shape.size(); ++d) {
    const int64_t tiles = shape[d] / elem[d];
    if (tiles == 1 && pick(random, 0, 1) == 0) continue;
    const int64_t inner = pick(random, 0, 2) == 0 ? pick_divisor(random, tiles) : tiles;
    nests.push_back({{static_cast<int>(d), inner, elem[d]}});
    if (inner < tiles)
      nests.back().insert(nests.back().begin(),
                          {static_cast<int>(d), tiles / inner, elem[d] * inner});
  }
  for (int64_t n = std::max<int64_t>(0, pick(random, -1, 2)); n > 0; --n)
    nests.push_back({{-1, pick(random, 2, 3), 1}});
  std::vector<std::vector<int>> map(shape.size());
  while (!nests.empty()) {
    const auto chosen =
        static_cast<size_t>(pick(random, 0, static_cast<int64_t>(nests.size()) - 1));
    const Loop loop = nests[chosen].front();
    nests[chosen].erase(nests[chosen].begin());
    if (nests[chosen].empty()) nests.erase(nests.begin() + static_cast<std::ptrdiff_t>(chosen));
    if (loop.dimension >= 0)
      map[static_cast<size_t>(loop.dimension)].push_back(static_cast<int>(type.trips.size()));
    type.trips.emplace_back(loop.trips);
    type.steps.push_back(loop.step);
  }
  for (auto& loops : map) type.map.push_back(MapResult::sum(loops));
  return type;
}

/// Rank 1 to 4, at most `largest` elements; tiles are equal in two of five pairs.
inline TypePair random_pair(std::mt19937_64& random, int64_t largest) {
  constexpr int64_t Extents[] = {1, 2, 3, 4, 6, 8, 12};
  std::vector<int64_t> shape;
  for (int64_t elements = 0; elements == 0 || elements > largest;) {
    shape.clear();
    elements = 1;
    for (int64_t rank = pick(random, 1, 4); rank > 0; --rank) {
      shape.push_back(Extents[pick(random, 0, 6)]);
      elements *= shape.back();
    }
  }
  auto tile = [&] {
    std::vector<int64_t> elem;
    for (int64_t extent : shape) elem.push_back(pick_divisor(random, extent));
    return elem;
  };
  const std::vector<int64_t> elem = tile();
  const ItensorType source = random_view(random, shape, elem);
  return {source, random_view(random, shape, pick(random, 0, 4) < 2 ? elem : tile())};
}

}  // namespace st::test
