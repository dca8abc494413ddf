// SPDX-License-Identifier: Apache-2.0
/// What a simulation says of tasks, channels and memories, as tables.
#pragma once

#include <string>

#include "core/network/network.h"
#include "core/simulate/simulator.h"

namespace st::cli {

/// Firings, waits, tokens and bytes, of the whole run.
std::string activity_tables(const Network& network, const SimulationResult& result);

/// Where the cycles of each task and memory went (core/simulate/account.h); each line adds up.
/// `what` the accounts are of: "launch 1, cycles 28 to 54".
std::string account_tables(const Network& network, const SimulationResult& result,
                           const std::string& what);

}  // namespace st::cli
