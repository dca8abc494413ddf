// SPDX-License-Identifier: Apache-2.0
#include "core/itensor/conversion.h"

#include <algorithm>
#include <numeric>

#include "core/itensor/live_window.h"
#include "core/itensor/loops.h"

namespace st {
namespace {

int64_t product_of(const std::vector<int64_t>& sizes) {
  return std::accumulate(sizes.begin(), sizes.end(), int64_t{1}, std::multiplies<>());
}

/// Splits loop `level` of every nest so that the outer parts agree. False: nothing does.
bool share_constant(std::vector<LoopNest>& nests, size_t level) {
  const Loop& first = nests[0][level];
  if (first.dimension < 0) {
    int64_t common = first.trip.bound;
    for (const LoopNest& nest : nests) common = std::gcd(common, nest[level].trip.bound);
    if (common == 1) return false;
    for (LoopNest& nest : nests) split_loop(nest, level, nest[level].trip.bound / common);
    return true;
  }
  // All nests cover the same part of the dimension here, because what is outside is shared.
  const int64_t covered = first.trip.bound * first.step;
  int64_t step = 1;
  for (const LoopNest& nest : nests) {
    const Loop& loop = nest[level];
    if (loop.trip.bound * loop.step != covered) return false;
    const int64_t factor = loop.step / std::gcd(step, loop.step);
    if (factor >= covered / step) return false;  // a common loop of one trip is none
    step *= factor;
  }
  for (LoopNest& nest : nests) split_loop(nest, level, step / nest[level].step);
  return true;
}

/// Splits loops so that as many outermost ones as possible agree, and says how many do.
size_t share(std::vector<LoopNest>& nests) {
  for (size_t level = 0;; ++level) {
    bool constant = true;
    for (const LoopNest& nest : nests) {
      if (level >= nest.size() || nest[level].dimension != nests[0][level].dimension) return level;
      constant = constant && nest[level].trip.count.is_constant();
    }
    if (constant) {
      if (!share_constant(nests, level)) return level;
      continue;
    }
    const Loop& first = nests[0][level];
    for (const LoopNest& nest : nests) {
      if (trip_at(nest, level) != trip_at(nests[0], level)) return level;
      if (first.dimension >= 0 && nest[level].step != first.step) return level;
    }
  }
}

/// True if everything inside the shared loops has constant trip counts.
bool constant_inside(const ItensorType& type, int shared) {
  return std::all_of(type.trips.begin() + shared, type.trips.end(),
                     [](const Trip& trip) { return trip.count.is_constant(); });
}

/// True if the outermost loop of a block repeats all of it.
bool repeats_block(const ItensorType& type, int shared) {
  return shared < static_cast<int>(type.trips.size()) && dimension_moved_by(type, shared) < 0;
}

}  // namespace

ConversionPlan plan_conversion(const ItensorType& source, const std::vector<ItensorType>& results) {
  std::vector<LoopNest> nests = {loops_of(source)};
  for (const ItensorType& result : results) nests.push_back(loops_of(result));
  for (LoopNest& nest : nests) {
    drop_unit_loops(nest);
    merge_neighbours(nest, false);
  }
  ConversionPlan plan;
  plan.shared = static_cast<int>(share(nests));
  plan.source = with_loops(source, nests[0]);
  for (size_t r = 0; r < results.size(); ++r)
    plan.results.push_back(with_loops(results[r], nests[r + 1]));
  plan.block = max_shape(source);
  for (int l = 0; l < plan.shared; ++l) {
    const int dimension = dimension_moved_by(plan.source, l);
    if (dimension >= 0)
      plan.block[static_cast<size_t>(dimension)] = plan.source.steps[static_cast<size_t>(l)];
  }
  plan.sliding = constant_inside(plan.source, plan.shared);
  for (const ItensorType& result : plan.results)
    plan.sliding = plan.sliding && constant_inside(result, plan.shared);
  plan.window = block_elements(plan);
  // Where a second reader waits, or the first one comes back to everything, nothing dies early.
  if (plan.sliding && results.size() == 1 && !repeats_block(plan.results[0], plan.shared))
    plan.window = live_window(plan);
  return plan;
}

int64_t block_elements(const ConversionPlan& plan) { return product_of(plan.block); }

bool same_order(const ItensorType& a, const ItensorType& b) {
  if (a.dtype != b.dtype || a.elem.size() != b.elem.size()) return false;
  auto elementwise = [](const ItensorType& type) {
    LoopNest nest = loops_of(type);
    for (size_t d = 0; d < type.elem.size(); ++d)
      nest.push_back({static_cast<int>(nest.size()), static_cast<int>(d), Trip(type.elem[d]), 1});
    drop_unit_loops(nest);
    merge_neighbours(nest, true);
    for (Loop& loop : nest)
      if (loop.dimension < 0) loop.step = 1;
    ItensorType plain = type;
    plain.form = ElementForm::Scalar;
    std::fill(plain.elem.begin(), plain.elem.end(), 1);
    return with_loops(plain, nest);
  };
  return elementwise(a) == elementwise(b);
}

Conversion infer_conversion(const ItensorType& source, const ItensorType& result) {
  Conversion conversion;
  conversion.shared = shared_prefix(source, result);
  conversion.buffer = max_shape(source);
  for (int loop = 0; loop < conversion.shared; ++loop) {
    // What lies inside a shared loop is as large as its step; loops of one dimension are nested
    // outermost first.
    const int dimension = dimension_moved_by(source, loop);
    if (dimension >= 0) conversion.buffer[dimension] = source.steps[loop];
  }
  return conversion;
}

int64_t buffer_elements(const Conversion& conversion) { return product_of(conversion.buffer); }

int64_t paper_elements(const ItensorType& source, const ItensorType& result) {
  return 2 * buffer_elements(infer_conversion(source, result));
}

}  // namespace st
