// SPDX-License-Identifier: Apache-2.0
/// What a deadlock of a network is, in words: who waits for whom, and what would free them.
#pragma once

#include <string>
#include <vector>

#include "core/network/network.h"
#include "core/simulate/simulator.h"

namespace st {

/// The tasks of a deadlock that wait for each other in a circle, from the first of the lowest index
/// on. Empty where the chain ends at a task that is done, and will never send or take more tokens.
std::vector<BlockedTask> circle_of(const SimulationResult& result);

/// A channel and the least depth with which the network runs to its end, all others as they are.
struct FreeingDepth {
  int channel = -1;
  int64_t depth = 0;
};
/// For each full channel of the circle that frees the network alone, in order of the circle.
std::vector<FreeingDepth> freeing_depths(const Network& network, const std::vector<int64_t>& depths,
                                         const SimulationResult& result);

/// The problem (E0333) of a run that ended in a deadlock: the circle, task by task, and the channel
/// and depth that would free it.
Diagnostic deadlock_problem(const Network& network, const std::vector<int64_t>& depths,
                            const SimulationResult& result);

}  // namespace st
