// SPDX-License-Identifier: Apache-2.0
/// What a network does, written down from core/network/network.h cycle by cycle and task by task,
/// as plainly as can be: no events, no waking up. It shares no code with core/simulate.
#pragma once

#include <cstdint>
#include <vector>

#include "core/simulate/simulator.h"

namespace st::test {

/// The result of all launches of `network`, which has passed check(). `depths` by channel, 0
/// without limit; `most_cycles` and `range` as for Simulator::run. Where the two headers leave a
/// choice:
///  - a loop that has iterations drains even if nothing fires in them;
///  - with overlap there is no gap, and launch_begin and launch_end have an entry for each launch:
///    its first issue and its last completion so far, -1 where there is none;
///  - peaks count what a channel holds after the last cycle, too;
///  - a request beyond burst_bytes is one burst, and each is one where burst_bytes is 0;
///  - deadlock comes before being cut short, if nothing can happen behind most_cycles;
///  - a task that waits for a launch to begin is not among the blocked ones;
///  - without a completion, `cycles` is 0.
SimulationResult simulate_naively(const Network& network, const std::vector<int64_t>& depths,
                                  int64_t most_cycles = INT64_MAX, const CycleRange& range = {});

}  // namespace st::test
