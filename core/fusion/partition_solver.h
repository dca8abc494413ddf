// SPDX-License-Identifier: Apache-2.0
/// Kernel fusion by search: the default (StreamTensor §4.2 has a greedy pass instead, Algorithm 2).
#pragma once

#include <cstdint>

#include "core/fusion/partition_problem.h"

namespace st {

/// Effort of the search, all by counts: on equal input, machines give equal results. Models of
/// hundreds of units get less of what takes longer for each of them.
struct PartitionEffort {
  int orders = 24;            ///< random orders of units that are cut, beside four fixed ones
  int descents = 6;           ///< improved by moves: the best of the cut orders
  int kicks = 200;            ///< of the best one, where a short exact search does not end
  int64_t trials = 20'000;    ///< partitions that are looked at after each of these
  int states = 20'000;        ///< ideals of the exact search
  int64_t steps = 1'000'000;  ///< groups that the exact search looks at
};

/// The cheapest partition that was found, and a proven bound: the result of an exact search over
/// ideals where that ends within its effort, otherwise the best of the paper's greedy, of cut
/// orders, of moves and of what the exact search met. It never costs more than partition_greedily()
/// says. Deterministic. Errors: those of check(); E0403 if a unit exceeds a group alone, by name
/// with resource and both numbers, or if no partition fits the groups, with the units that need too
/// many ports if they are cut from all others.
Result<Partition> partition_units(const PartitionProblem& problem,
                                  const PartitionEffort& effort = {});

}  // namespace st
