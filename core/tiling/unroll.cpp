// SPDX-License-Identifier: Apache-2.0
#include "core/tiling/unroll.h"

#include <algorithm>
#include <deque>
#include <numeric>

#include "core/tiling/unroll_growth.h"

namespace st {

Result<UnrollSolution> unroll(const UnrollProblem& problem, const UnrollOptions& options) {
  ST_CHECK(problem.check());
  UnrollGrowth growth(problem, options.connection_aware);
  std::vector<int> order(problem.nodes.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
    return growth.connections_of(a) > growth.connections_of(b);
  });
  std::deque<int> queue(order.begin(), order.end());
  std::vector<bool> fixed(problem.nodes.size(), false);
  while (!queue.empty()) {
    const int node = queue.front();
    queue.pop_front();
    growth.reset(node);
    const int64_t goal = parallel_factor(problem, node, options);
    while (growth.unroll_of(node) < goal) {
      const std::vector<UnrollStep> steps = growth.steps(node, fixed);
      const auto step = std::find_if(steps.begin(), steps.end(), [&](const UnrollStep& s) {
        return s.ratio == 2 || s.ratio <= goal / growth.unroll_of(node);
      });
      if (step == steps.end()) break;
      for (const int changed : growth.changed_by(*step)) {
        if (!fixed[static_cast<size_t>(changed)]) continue;
        fixed[static_cast<size_t>(changed)] = false;
        queue.push_back(changed);
      }
      growth.take(*step);
    }
    fixed[static_cast<size_t>(node)] = true;
  }
  return growth.solution();
}

}  // namespace st
