// SPDX-License-Identifier: Apache-2.0
#include "core/explore/unroll_layers.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <queue>

#include "core/graph/group_values.h"
#include "core/resources/kernel_resources.h"

namespace st {
namespace {

int64_t largest_divisor(int64_t number, int64_t most) {
  for (int64_t d = std::min(number, most); d > 1; --d)
    if (number % d == 0) return d;
  return 1;
}

/// Steps that make the largest tile that is allowed; float sums need several to take turns.
int64_t steps_for(const LinearLayer& layer, int64_t lanes, int64_t most_tile) {
  const int64_t whole = layer.width / lanes;
  const int64_t most = std::max<int64_t>(1, most_tile / lanes);
  return largest_divisor(whole, most);
}

int64_t words_of(const LinearLayer& layer) {
  const int64_t scales = layer.group > 0 ? groups_of(layer.depth, layer.group) * layer.width : 0;
  const int64_t bits =
      layer.depth * layer.width * bits_of(layer.dtype) + scales * bits_of(GroupScaleType);
  return (bits + WordBits - 1) / WordBits;
}

/// A layer on its way through its steps.
struct Growing {
  const LinearLayer* layer;
  std::vector<LinearTiling> steps;
  int row_lanes = WidestRow;
  size_t at = 0;
  [[nodiscard]] MatmulShape shape(size_t step) const {
    return *tiled_matmul(*layer, steps[step], row_lanes);
  }
  [[nodiscard]] int64_t cycles() const { return row_cycles_of(shape(at), layer->dtype); }
  [[nodiscard]] int64_t cycles_of_all_runs() const { return layer->runs * cycles(); }
  [[nodiscard]] ResourceCounts resources(size_t step) const {
    return resources_of(shape(step), layer->dtype);
  }
};

/// What the next step of a layer would make of the resources in use.
ResourceCounts with_next(const ResourceCounts& used, const Growing& layer) {
  ResourceCounts next = used;
  const ResourceCounts now = layer.resources(layer.at), then = layer.resources(layer.at + 1);
  for (const ResourceKind& kind : ResourceKinds)
    next.*kind.count += then.*kind.count - now.*kind.count;
  return next;
}

/// The largest share of the budget that is added.
double share_added(const ResourceCounts& used, const ResourceCounts& next,
                   const ResourceCounts& budget) {
  double share = 0;
  for (const ResourceKind& kind : ResourceKinds) {
    const auto added = static_cast<double>(next.*kind.count - used.*kind.count);
    share = std::max(share, added / std::max(1.0, static_cast<double>(budget.*kind.count)));
  }
  return share;
}

/// The next step that saves most for what it takes, again and again.
void grow_in_turn(std::vector<Growing>& layers, ResourceCounts used, const ResourceCounts& budget) {
  constexpr double Least = 1e-9;  // of a step that takes nothing
  for (;;) {
    Growing* best = nullptr;
    double most = 0;
    for (Growing& layer : layers) {
      if (layer.at + 1 == layer.steps.size()) continue;
      const ResourceCounts next = with_next(used, layer);
      if (!within(next, budget)) continue;
      const int64_t after = row_cycles_of(layer.shape(layer.at + 1), layer.layer->dtype);
      const double saved =
          static_cast<double>(layer.layer->runs) * static_cast<double>(layer.cycles() - after);
      const double worth = saved / std::max(Least, share_added(used, next, budget));
      if (worth <= most) continue;
      most = worth;
      best = &layer;
    }
    if (best == nullptr) return;
    used = with_next(used, *best);
    ++best->at;
  }
}

/// The slowest layer's next step, again and again, until that gains nothing.
void grow_slowest(std::vector<Growing>& layers, ResourceCounts used, const UnrollLimits& limits) {
  std::map<int64_t, int64_t> words;  // by how often they are read: folded layers take turns
  for (const Growing& each : layers) words[each.layer->runs] += words_of(*each.layer);
  // Nothing is gained below these: the ports bring a word each in a cycle, or what the memory
  // gives.
  const double words_per_cycle = std::min(limits.bytes_per_cycle / MemoryPortBytes,
                                          static_cast<double>(std::max(1, limits.ports)));
  const auto enough = [&](const LinearLayer& layer) {
    const auto brought = static_cast<double>(words[layer.runs]) / words_per_cycle;
    return std::max(limits.other_cycles, static_cast<int64_t>(brought));
  };
  const auto slower = [&](size_t a, size_t b) {
    const int64_t first = layers[a].cycles_of_all_runs(), second = layers[b].cycles_of_all_runs();
    return first != second ? first < second : a > b;
  };
  std::priority_queue<size_t, std::vector<size_t>, decltype(slower)> slowest(slower);
  for (size_t g = 0; g < layers.size(); ++g) slowest.push(g);
  while (!slowest.empty()) {
    Growing& layer = layers[slowest.top()];
    const size_t index = slowest.top();
    slowest.pop();
    if (layer.cycles() <= enough(*layer.layer)) continue;
    if (layer.at + 1 == layer.steps.size()) continue;
    const ResourceCounts next = with_next(used, layer);
    if (!within(next, limits.budget)) continue;
    used = next;
    ++layer.at;
    slowest.push(index);
  }
}

}  // namespace

std::vector<LinearTiling> unroll_steps(const LinearLayer& layer, const UnrollLimits& limits) {
  const int64_t word = WordBits / bits_of(layer.dtype);
  // Group scales cost floats per row of weights: few rows of many weights.
  const bool grouped = layer.group > 0;
  const int64_t depth_lanes =
      grouped ? largest_divisor(std::gcd(layer.depth, layer.group), std::min<int64_t>(64, word))
              : largest_divisor(layer.depth, std::min<int64_t>(16, word));
  const int streams_at_most = limits.ports - (grouped ? 1 : 0);  // a port brings the scales
  std::vector<LinearTiling> steps;
  int64_t fastest = 0;
  const auto offer = [&](int64_t rows, int64_t streams) {
    if (layer.width % (rows * streams) != 0) return;
    const LinearTiling tiling = {depth_lanes, rows, streams,
                                 steps_for(layer, rows * streams, limits.most_tile)};
    const auto shape = tiled_matmul(layer, tiling, limits.row_lanes);
    if (!shape.ok()) return;
    const int64_t cycles = row_cycles_of(*shape, layer.dtype);
    if (!steps.empty() && cycles >= fastest) return;
    fastest = cycles;
    steps.push_back(tiling);
  };
  int64_t most_rows = 1;
  for (int64_t rows = 1; rows * depth_lanes <= word; rows *= 2) {
    if (layer.width % rows != 0) break;
    offer(rows, 1);
    most_rows = rows;
  }
  for (int64_t streams = 2; streams <= streams_at_most; ++streams) offer(most_rows, streams);
  return steps;
}

int64_t row_cycles_of(const MatmulShape& shape, DType weights) {
  return shape.tiles * shape.depth_beats * shape.steps * matmul_interval(shape, weights);
}

ResourceCounts resources_of(const MatmulShape& shape, DType weights) {
  ResourceCounts total = resources_of(matmul_datapath(shape, weights));
  const int64_t bits = bits_of(weights);
  const int64_t sums = shape.group_beats > 0 ? 2 * shape.tile() : shape.tile();
  total.ff += 32 * (sums + shape.out_lanes) + bits_of(rows_for(weights)) * shape.depth_lanes +
              bits * shape.depth_lanes * shape.lanes();
  return total;
}

Tiling unroll_layers(const std::vector<LinearLayer>& layers, const UnrollLimits& limits) {
  std::vector<Growing> growing;
  ResourceCounts used;
  for (const LinearLayer& layer : layers) {
    growing.push_back({&layer, unroll_steps(layer, limits), limits.row_lanes, 0});
    used += growing.back().resources(0);
  }
  if (limits.in_turn) {
    grow_in_turn(growing, used, limits.budget);
  } else {
    grow_slowest(growing, used, limits);
  }
  Tiling tiling{limits.row_lanes, {}};
  for (const Growing& layer : growing) tiling.linear[layer.layer->key] = layer.steps[layer.at];
  return tiling;
}

}  // namespace st
