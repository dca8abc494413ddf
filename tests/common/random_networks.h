// SPDX-License-Identifier: Apache-2.0
/// Random networks of tasks, small enough to simulate thousands of them cycle by cycle.
#pragma once

#include <cstdint>

#include "core/network/network.h"

namespace st::test {

/// A network that passes check(), and depends on `seed` alone: up to about a dozen tasks in a
/// random order of data, with everything that a network can hold (the test beside the simulator
/// counts what comes up). Channels mostly carry what their readers take; some are too shallow.
Network random_network(uint64_t seed);

}  // namespace st::test
