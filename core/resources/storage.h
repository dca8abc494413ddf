// SPDX-License-Identifier: Apache-2.0
/// From a program with depths to the memories behind its FIFOs and arrays.
#pragma once

#include "core/dataflow/program.h"
#include "core/platform/target.h"
#include "core/resources/memory_problem.h"

namespace st {

/// Predicted storage of one group: FIFOs, converters and the arrays inside kernels, those that are
/// registers as FF, with the bits that its blocks hold and waste. An array whose memory is not
/// chosen yet counts as the kind that suits its geometry.
MemoryPlan storage_of(const Program& program, int group);

ResourceCounts counts_of(const MemoryCost& cost);

/// What the FIFO of a channel takes; nothing of one that shares that of another.
MemoryCost fifo_of(const Channel& channel);
/// What the FIFOs that a kernel writes take, those that several share at the first one alone.
MemoryCost fifos_behind(const Program& program, const Kernel& kernel);
/// What its arrays take.
MemoryCost arrays_in(const Program& program, const Kernel& kernel);
/// The same for the arrays of one kernel and the FIFOs that it writes; a FIFO without a depth is
/// left out.
MemoryCost storage_of(const Program& program, const Kernel& kernel);

/// What all kernels of a program take but for FIFOs and arrays: it hardly changes with the choice.
ResourceCounts beside_storage(const Program& program);

/// Chooses the memory of every FIFO and array such that all groups together, which share a
/// bitstream, stay within the target's budget; beside `others` too, where there is such a choice.
/// Errors: E0403 with both numbers per resource.
Status choose_memories(Program& program, const Target& target, const ResourceCounts& others = {});

/// "row bram, kept lutram": the arrays of a kernel and what implements them; empty without arrays.
std::string arrays_text(const Program& program, const Kernel& kernel);

}  // namespace st
