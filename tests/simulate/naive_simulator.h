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
///  - a loop that drains does so even if it runs no times;
///  - a task's firings go on over the end of a launch like over the end of a loop that does not
///    drain: with overlap the next launch's firings issue while this one's are in flight, and the
///    interval holds from launch to launch in any case. There is no gap with overlap;
///  - a launch without overlap begins although none of its firings can issue; with overlap it
///    begins when its first firing issues, and the first one at 0. A launch without firings ends in
///    the cycle before its begin, or has neither (-1) with overlap. -1 also stands for what has not
///    come to pass;
///  - turns go through launch after launch, with overlap too: a task has nothing left if it has
///    nothing left in this launch. An iteration without firings is a turn that takes no time;
///  - a firing that never issues (completes) is not counted as starved (blocked);
///  - peaks count what a channel holds after the last cycle, too;
///  - a request beyond burst_bytes is one burst, and each is one where burst_bytes is 0;
///  - deadlock comes before being cut short, if nothing can happen behind most_cycles;
///  - a task with firings in flight is blocked by Full, one without by Turn, else by Empty; a task
///    that waits for a launch to begin is not blocked, but done;
///  - without a completion, `cycles` is 0.
SimulationResult simulate_naively(const Network& network, const std::vector<int64_t>& depths,
                                  int64_t most_cycles = INT64_MAX);

}  // namespace st::test
