// SPDX-License-Identifier: Apache-2.0
#include "core/itensor/live_window.h"

#include <algorithm>

#include "core/itensor/block_walk.h"

namespace st {
namespace {

/// The last coordinates of the tile at `origin`.
void far_corner(const std::vector<int64_t>& origin, const std::vector<int64_t>& elem,
                std::vector<int64_t>& corner) {
  for (size_t d = 0; d < origin.size(); ++d) corner[d] = origin[d] + elem[d] - 1;
}

}  // namespace

int64_t live_window(const ConversionPlan& plan) {
  const BlockSide source(plan.source, plan.shared, plan.block);
  const BlockSide result(plan.results[0], plan.shared, plan.block);
  const size_t rank = plan.block.size();
  const BlockSide::Tables arrival = source.arrival();
  const BlockSide::Tables first_use = result.first_token();
  const int64_t until_last_use = result.tokens_of_repeats();
  const int64_t tile = token_elements(plan.source), elements = block_elements(plan);

  // Two walks side by side: result tokens that need something new, which are first copies only, and
  // elements from the oldest on.
  BlockWalk sent(without_repeats(result.loops), rank);
  BlockWalk oldest(element_loops(source), rank);
  std::vector<int64_t> corner(rank);
  int64_t newest = -1, dead = 0, window = 0;
  do {
    far_corner(sent.at(), result.elem, corner);
    // Whole source tokens arrive.
    newest = std::max(newest, sum_at(arrival, corner) / tile * tile + tile - 1);
    while (sum_at(first_use, oldest.at()) + until_last_use < sent.token()) {
      oldest.next();
      ++dead;
    }
    window = std::max(window, newest - dead + 1);
  } while (window < elements && sent.next());
  return window;
}

ConversionBlock block_of(const ConversionPlan& plan) {
  const BlockSide source(plan.source, plan.shared, plan.block);
  const BlockSide result(plan.results[0], plan.shared, plan.block);
  const size_t rank = plan.block.size();
  ConversionBlock block;
  block.arrival = source.arrival();
  block.store.reserve(static_cast<size_t>(source.tokens));
  BlockWalk received(source.loops, rank);
  do {
    block.store.push_back(received.first_time() ? sum_at(block.arrival, received.at()) : -1);
  } while (received.next());

  if (plan.window >= block_elements(plan)) {
    block.last.assign(static_cast<size_t>(result.tokens), source.tokens - 1);
    return block;
  }
  const BlockSide::Tables first_token = source.first_token();
  block.last.reserve(static_cast<size_t>(result.tokens));
  BlockWalk sent(result.loops, rank);
  std::vector<int64_t> corner(rank);
  do {
    far_corner(sent.at(), result.elem, corner);
    block.last.push_back(sum_at(first_token, corner));
  } while (sent.next());
  return block;
}

}  // namespace st
