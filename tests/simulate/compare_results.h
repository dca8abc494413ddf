// SPDX-License-Identifier: Apache-2.0
/// Results of two simulations side by side.
#pragma once

#include <cstdint>
#include <string>

#include "core/simulate/simulator.h"

namespace st::test {

/// Each field that differs, as "tasks[2].starved: 4, 5" on a line of its own; "" if all are equal.
std::string differences(const SimulationResult& a, const SimulationResult& b);

/// What both simulators say of a network with its depths; fails the test where they differ.
SimulationResult simulated(const Network& network, int64_t most_cycles = INT64_MAX,
                           const CycleRange& range = {});

}  // namespace st::test
