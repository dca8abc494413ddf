// SPDX-License-Identifier: Apache-2.0
/// From a connected program to depths and channels (StreamTensor §5.3); memories are in storage.h.
#pragma once

#include "core/dataflow/program.h"
#include "core/platform/target.h"

namespace st {

/// Slots of a FIFO whose depth nothing asks for, or whose writer may as well wait.
inline constexpr int64_t WaitingDepth = 32;

/// Sets depth and reason of every channel of a connected program, and the memory that suits it.
///
/// The LP gets the paper's conservative equalisation: every kernel of a group at the pace of the
/// slowest one. Its depths are raised to floors that rule out deadlock: a kernel with several
/// inputs, parameters among them, finds room for one row at each of its streams, so that the
/// producers of one input can finish their row whatever the other inputs wait for, unless the
/// kernel or converter before it holds that row and sends the kernel nothing else; and parameter
/// rows of a kernel that has several, or that streams its own row several times, find room for all
/// of them, because one loader may write other parameters before or after them. Errors: E0320,
/// E0403 where a launch is too long to size FIFOs for, E0901.
Status size_channels(Program& program);

/// The floors of a connected program, by channel: no deadlock is ruled out below them by the
/// argument above; 0 where none is needed.
std::vector<int64_t> fifo_floors(const Program& program);

/// Assigns each memory to a memory channel of the target, so that the busiest channel moves as few
/// bytes in the longest launch as can be (core/resources/memory_traffic.h). Errors: E0403 if a
/// memory exceeds a channel, all exceed the board, or a group has too many ports.
Status assign_memory_channels(Program& program, const Target& target);

}  // namespace st
