// SPDX-License-Identifier: Apache-2.0
/// Which kernels share a group: stream-based fusion under the target's on-chip memory and ports
/// (StreamTensor §4.2).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/dataflow/program.h"
#include "core/fusion/partition_problem.h"
#include "core/support/result.h"

namespace st {

/// What one group may use, and what a group costs.
struct FusionLimits {
  int64_t on_chip_bits = 0;  ///< block RAM and UltraRAM of the target, within its budget
  int max_ports = 28;        ///< memory ports of a group
  /// Cycles of the kernel's clock to start a group: 180 us at 250 MHz, which is what published
  /// designs take per launch (StreamTensor table 4: 178 us; CODO: 180 us).
  int64_t launch_cycles = 45'000;
  double port_bytes_per_cycle = 57.5;  ///< of one memory channel
};

/// "search", "greedy": the first is the default.
const std::vector<std::string>& fusion_methods();

/// The nodes of a lowered program as units of a partition. Parameters share ports: those that one
/// kernel needs at once are taken off the problem's ports.
PartitionProblem fusion_problem_of(const Program& program, const FusionLimits& limits);

/// Cycles to start a group that the device itself starts: its tasks begin, and the last one ends.
/// Of our own estimate.
inline constexpr int64_t RegionCycles = 100;

/// Assigns Kernel::group, for kernels of folded layers apart from those before and behind them: by
/// the search of partition_solver.h, or by the paper's Algorithm 2. Kernels of one node stay
/// together. Groups only read from earlier ones. Errors: E0403 with the node and both numbers.
Status fuse(Program& program, const FusionLimits& limits, std::string_view method = "search");

}  // namespace st
