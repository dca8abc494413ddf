// SPDX-License-Identifier: Apache-2.0
#include "core/itensor/block_walk.h"

#include <algorithm>

namespace st {
namespace {

/// The table of a sum over loops of `weight` per count.
template <typename Weight>
BlockSide::Tables tables_of(const BlockSide& side, const Weight& weight) {
  BlockSide::Tables tables;
  for (int64_t extent : side.block) tables.emplace_back(static_cast<size_t>(extent), 0);
  for (const BlockLoop& loop : side.loops) {
    if (loop.dimension < 0) continue;
    std::vector<int64_t>& table = tables[static_cast<size_t>(loop.dimension)];
    for (size_t x = 0; x < table.size(); ++x)
      table[x] += static_cast<int64_t>(x) / loop.step % loop.trips * weight(loop);
  }
  return tables;
}

}  // namespace

BlockSide::BlockSide(const ItensorType& type, int shared, const std::vector<int64_t>& block_shape)
    : elem(type.elem), block(block_shape) {
  int64_t arrivals = token_elements(type);
  for (int l = static_cast<int>(type.trips.size()); l-- > shared;) {
    const auto at = static_cast<size_t>(l);
    const int dimension = dimension_moved_by(type, l);
    const int64_t trips = type.trips[at].bound;
    loops.push_back({dimension, trips, type.steps[at], tokens, arrivals});
    tokens *= trips;
    if (dimension >= 0) arrivals *= trips;
  }
  std::reverse(loops.begin(), loops.end());
}

BlockSide::Tables BlockSide::first_token() const {
  return tables_of(*this, [](const BlockLoop& loop) { return loop.tokens; });
}

BlockSide::Tables BlockSide::arrival() const {
  Tables tables = tables_of(*this, [](const BlockLoop& loop) { return loop.arrivals; });
  int64_t inside = 1;
  for (size_t d = elem.size(); d-- > 0;) {
    for (size_t x = 0; x < tables[d].size(); ++x)
      tables[d][x] += static_cast<int64_t>(x) % elem[d] * inside;
    inside *= elem[d];
  }
  return tables;
}

int64_t BlockSide::tokens_of_repeats() const {
  int64_t sum = 0;
  for (const BlockLoop& loop : loops)
    if (loop.dimension < 0) sum += (loop.trips - 1) * loop.tokens;
  return sum;
}

bool BlockWalk::next() {
  for (size_t l = loops_.size(); l-- > 0;) {
    const BlockLoop& loop = loops_[l];
    const bool repeat = loop.dimension < 0;
    if (++counters_[l] < loop.trips) {
      token_ += loop.tokens;
      if (repeat) {
        repeats_ += counters_[l] == 1 ? 1 : 0;
      } else {
        at_[static_cast<size_t>(loop.dimension)] += loop.step;
      }
      return true;
    }
    counters_[l] = 0;
    token_ -= (loop.trips - 1) * loop.tokens;
    if (repeat) {
      repeats_ -= loop.trips > 1 ? 1 : 0;
    } else {
      at_[static_cast<size_t>(loop.dimension)] -= (loop.trips - 1) * loop.step;
    }
  }
  return false;
}

std::vector<BlockLoop> without_repeats(const std::vector<BlockLoop>& loops) {
  std::vector<BlockLoop> kept;
  for (const BlockLoop& loop : loops)
    if (loop.dimension >= 0) kept.push_back(loop);
  return kept;
}

std::vector<BlockLoop> element_loops(const BlockSide& side) {
  std::vector<BlockLoop> loops = without_repeats(side.loops);
  for (size_t d = 0; d < side.elem.size(); ++d)
    if (side.elem[d] > 1) loops.push_back({static_cast<int>(d), side.elem[d], 1, 0, 1});
  return loops;
}

}  // namespace st
