// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/itensor/block_walk.h"
#include "core/itensor/conversion.h"

namespace st {

int64_t buffer_bits(const ConversionPlan& plan) {
  return (plan.sliding ? 1 : 2) * plan.window * bits_of(plan.source.dtype);
}

int64_t aligned_window(const ConversionPlan& plan, int lanes) {
  const int64_t aligned = (plan.window + lanes - 1) / lanes * lanes;
  return std::min(aligned, block_elements(plan));
}

int64_t cycles_per_beat(const ConversionPlan& plan, size_t reader, int lanes, int banks) {
  constexpr int64_t PortsPerBank = 2;
  if (!plan.sliding || lanes == 1) return 1;
  const BlockSide source(plan.source, plan.shared, plan.block);
  const BlockSide result(plan.results[reader], plan.shared, plan.block);
  const BlockSide::Tables arrival = source.arrival();
  BlockWalk sent(element_loops(result), plan.block.size());
  std::vector<int64_t> reads(static_cast<size_t>(banks));
  int64_t most = 1;
  for (bool more = true; more;) {
    std::fill(reads.begin(), reads.end(), 0);
    for (int lane = 0; lane < lanes; ++lane) {
      const int64_t cell = sum_at(arrival, sent.at()) % plan.window;
      most = std::max(most, ++reads[static_cast<size_t>(cell % banks)]);
      more = sent.next();
    }
  }
  return (most + PortsPerBank - 1) / PortsPerBank;
}

int64_t block_cycles(const ConversionPlan& plan, int lanes_in, const std::vector<int>& lanes_out) {
  int banks = lanes_in;
  for (int lanes : lanes_out) banks = std::max(banks, lanes);
  auto beats = [&](const ItensorType& type, int lanes) {
    int64_t tokens = 1;
    for (size_t l = static_cast<size_t>(plan.shared); l < type.trips.size(); ++l)
      tokens *= type.trips[l].bound;
    return tokens * (token_elements(type) / lanes);
  };
  const int64_t in = beats(plan.source, lanes_in);
  int64_t out = 0;
  for (size_t r = 0; r < lanes_out.size(); ++r)
    out += beats(plan.results[r], lanes_out[r]) * cycles_per_beat(plan, r, lanes_out[r], banks);
  return plan.sliding ? in + out : std::max(in, out);
}

}  // namespace st
