// SPDX-License-Identifier: Apache-2.0
#include "core/tiling/unroll_by_intensity.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "core/tiling/unroll_growth.h"

namespace st {

Result<UnrollSolution> unroll_by_intensity(const UnrollProblem& problem,
                                           int64_t overall_unroll_size, bool connection_aware) {
  ST_CHECK(problem.check());
  auto total = static_cast<int64_t>(problem.nodes.size());
  if (overall_unroll_size < total) {
    return Diagnostic{"E0320",
                      "an overall unroll size of " + std::to_string(overall_unroll_size) +
                          " is too small for " + std::to_string(total) + " nodes",
                      "",
                      {},
                      ""};
  }
  UnrollGrowth growth(problem, connection_aware);
  const std::vector<bool> none_fixed(problem.nodes.size(), false);
  // Factors divide their trip counts, so that this is exact. Negative: the slowest comes first.
  const auto key = [&](int node) {
    return std::pair(-(intensity(problem, node) / growth.unroll_of(node)), node);
  };
  // The heap. A set, as a step may change the latency of nodes below the top as well.
  std::set<std::pair<int64_t, int>> waiting;
  for (int n = 0; n < static_cast<int>(problem.nodes.size()); ++n) waiting.insert(key(n));
  while (!waiting.empty() && total < overall_unroll_size) {
    const int slowest = waiting.begin()->second;
    const std::vector<UnrollStep> steps = growth.steps(slowest, none_fixed);
    const auto step = std::find_if(steps.begin(), steps.end(), [&](const UnrollStep& s) {
      return growth.growth_by(s) <= overall_unroll_size - total;
    });
    if (step == steps.end()) {
      waiting.erase(waiting.begin());
      continue;
    }
    std::vector<int> changed;
    for (const int node : growth.changed_by(*step))
      if (waiting.erase(key(node)) != 0) changed.push_back(node);
    total += growth.growth_by(*step);
    growth.take(*step);
    for (const int node : changed) waiting.insert(key(node));
  }
  return growth.solution();
}

}  // namespace st
