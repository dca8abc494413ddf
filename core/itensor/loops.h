// SPDX-License-Identifier: Apache-2.0
/// The loops of an itensor type one by one, for code that drops, merges and splits them without
/// changing the stream.
#pragma once

#include <vector>

#include "core/itensor/itensor.h"

namespace st {

/// One loop. Trip counts name the counter of an outer loop by its `id` ("@3"), so that they stay
/// right while other loops come and go.
struct Loop {
  int id = 0;
  int dimension = -1;  ///< that it moves; -1: re-access
  Trip trip;
  int64_t step = 1;  ///< in elements; of no meaning for re-access
};
using LoopNest = std::vector<Loop>;  ///< outermost first

LoopNest loops_of(const ItensorType& type);
/// `like` with other loops; counters are renamed by position.
ItensorType with_loops(const ItensorType& like, const LoopNest& nest);
/// The trip count of a loop with counters named by their position in the nest ("d0").
Trip trip_at(const LoopNest& nest, size_t level);

/// Drops loops of one constant trip.
void drop_unit_loops(LoopNest& nest);
/// Merges neighbours that move the same dimension, or none, where both trip counts are constant and
/// no trip count reads their counters. With `symbolic`, also where the outer one is an expression.
void merge_neighbours(LoopNest& nest, bool symbolic);
/// Splits loop `level` of a constant trip count in two, the inner one of `inner` trips.
void split_loop(LoopNest& nest, size_t level, int64_t inner);

}  // namespace st
