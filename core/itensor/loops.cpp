// SPDX-License-Identifier: Apache-2.0
#include "core/itensor/loops.h"

#include <algorithm>

namespace st {
namespace {

std::string symbol_of(int id) { return "@" + std::to_string(id); }

/// Replaces a loop's counter in the trip counts of the nest.
void replace_counter(LoopNest& nest, int id, const Extent& value) {
  for (Loop& loop : nest) loop.trip.count = loop.trip.count.substitute(symbol_of(id), value);
}

bool is_read(const LoopNest& nest, int id) {
  return std::any_of(nest.begin(), nest.end(), [&](const Loop& loop) {
    return loop.trip.count.terms().count(symbol_of(id)) != 0;
  });
}

}  // namespace

LoopNest loops_of(const ItensorType& type) {
  LoopNest nest;
  for (size_t l = 0; l < type.trips.size(); ++l) {
    const int id = static_cast<int>(l);
    nest.push_back({id, dimension_moved_by(type, id), type.trips[l], type.steps[l]});
  }
  for (Loop& loop : nest) {
    for (const auto& [symbol, coefficient] : type.trips[static_cast<size_t>(loop.id)].count.terms())
      if (const int named = loop_named(symbol); named >= 0)
        loop.trip.count = loop.trip.count.substitute(symbol, Extent::symbol(symbol_of(named)));
  }
  return nest;
}

Trip trip_at(const LoopNest& nest, size_t level) {
  Trip trip = nest[level].trip;
  for (size_t outer = 0; outer < level; ++outer)
    trip.count = trip.count.substitute(symbol_of(nest[outer].id),
                                       Extent::symbol("d" + std::to_string(outer)));
  return trip;
}

ItensorType with_loops(const ItensorType& like, const LoopNest& nest) {
  ItensorType type = like;
  type.trips.clear();
  type.steps.clear();
  std::vector<std::vector<int>> map(like.map.size());
  for (size_t l = 0; l < nest.size(); ++l) {
    type.trips.push_back(trip_at(nest, l));
    type.steps.push_back(nest[l].step);
    if (nest[l].dimension >= 0)
      map[static_cast<size_t>(nest[l].dimension)].push_back(static_cast<int>(l));
  }
  for (size_t d = 0; d < map.size(); ++d) type.map[d] = MapResult::sum(map[d]);
  return type;
}

void drop_unit_loops(LoopNest& nest) {
  LoopNest kept;
  std::vector<int> dropped;
  for (const Loop& loop : nest) {
    if (loop.trip.count == Extent(1)) {
      dropped.push_back(loop.id);
    } else {
      kept.push_back(loop);
    }
  }
  nest = std::move(kept);
  for (int id : dropped) replace_counter(nest, id, Extent(0));
}

void merge_neighbours(LoopNest& nest, bool symbolic) {
  for (size_t l = 0; l + 1 < nest.size();) {
    const Loop outer = nest[l];
    const Loop inner = nest[l + 1];
    if (outer.dimension != inner.dimension || !inner.trip.count.is_constant() ||
        (!symbolic && !outer.trip.count.is_constant()) || is_read(nest, outer.id) ||
        is_read(nest, inner.id)) {
      ++l;
      continue;
    }
    const int64_t factor = inner.trip.bound;
    nest[l].trip = Trip(factor * outer.trip.count, factor * outer.trip.bound);
    nest[l].step = inner.step;
    nest.erase(nest.begin() + static_cast<std::ptrdiff_t>(l) + 1);
  }
}

void split_loop(LoopNest& nest, size_t level, int64_t inner) {
  if (inner == 1 || inner == nest[level].trip.bound) return;
  const Loop whole = nest[level];
  int fresh = 0;
  for (const Loop& loop : nest) fresh = std::max(fresh, loop.id + 1);
  Loop outer = whole;
  outer.id = fresh;
  outer.trip = Trip(whole.trip.bound / inner);
  if (whole.dimension >= 0) outer.step = whole.step * inner;
  nest[level].id = fresh + 1;
  nest[level].trip = Trip(inner);
  nest.insert(nest.begin() + static_cast<std::ptrdiff_t>(level), outer);
  replace_counter(nest, whole.id,
                  inner * Extent::symbol(symbol_of(fresh)) + Extent::symbol(symbol_of(fresh + 1)));
}

}  // namespace st
