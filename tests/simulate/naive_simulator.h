// SPDX-License-Identifier: Apache-2.0
/// What a network does, written down from core/network/network.h cycle by cycle and task by task,
/// as plainly as can be: no events, no waking up. It shares no code with core/simulate.
#pragma once

#include <cstdint>
#include <vector>

#include "core/simulate/simulator.h"

namespace st::test {

/// The result of all launches of `network`, which has passed check(). `depths` by channel, 0
/// without limit; `most_cycles` as for Simulator::run. Where the two headers leave a choice:
///  - a loop that has iterations drains even if nothing fires in them;
///  - with overlap there is no gap, and a launch in which nothing fires has no begin and no end:
///  -1,
///    as for one that has not begun or ended;
///  - peaks count what a channel holds after the last cycle, too;
///  - a request beyond burst_bytes is one burst, and each is one where burst_bytes is 0;
///  - deadlock comes before being cut short, if nothing can happen behind most_cycles;
///  - a task that waits for a launch to begin is not among the blocked ones;
///  - without a completion, `cycles` is 0.
SimulationResult simulate_naively(const Network& network, const std::vector<int64_t>& depths,
                                  int64_t most_cycles = INT64_MAX);

}  // namespace st::test
