// SPDX-License-Identifier: Apache-2.0
/// A kernel's loop nest as items of a task of the network (core/network/network.h): when it fires,
/// and where its pipeline runs empty.
#pragma once

#include <cstdint>
#include <vector>

#include "core/dataflow/nest.h"
#include "core/dataflow/program.h"
#include "core/network/network.h"

namespace st {

/// What a kernel's task touches.
struct TaskShape {
  const Kernel& kernel;
  std::vector<int> inputs, outputs;  ///< channels of the network, by port
  int memory = -1;                   ///< of the network
  int64_t beat_bytes = 0;            ///< that a beat takes of the memory
};

/// Cycles from an iteration's issue to its write: to read the streams, the operators on the longest
/// way (core/dataflow/datapath.h), to write. The float operators are from csynth reports; no whole
/// kernel has been synthesised.
int64_t pipeline_latency(const Program& program, const Kernel& kernel);

/// The items of a nest, which may be a part of the kernel's, all predicted:
///  - An iteration of a pipelined loop is a firing with the loop's initiation interval; a read or
///    write outside of pipelined loops takes a cycle of its own. What only computes is hidden
///    behind what moves tokens.
///  - An iteration over words of device memory is a firing per beat. The last beat of a word that
///    is not full takes the cycles of those that are missing.
///  - A pipelined loop drains its pipeline at its end, unless it and the loops around it are
///    perfectly nested, so that HLS flattens them into one; then the outermost of these does.
std::vector<NetworkItem> task_items(const Program& program, const TaskShape& shape,
                                    const Nest& nest);

}  // namespace st
