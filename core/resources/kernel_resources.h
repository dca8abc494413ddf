// SPDX-License-Identifier: Apache-2.0
/// What a kernel, and a group, take of a device: operators, control, registers, memories, adapters
/// of device memory. All predicted, from the operators of core/dataflow/datapath.h and the geometry
/// of memories; no whole kernel has been synthesised.
#pragma once

#include "core/dataflow/datapath.h"
#include "core/dataflow/units.h"
#include "core/platform/target.h"

namespace st {

/// Adds b to a.
ResourceCounts& operator+=(ResourceCounts& a, const ResourceCounts& b);
ResourceCounts& operator-=(ResourceCounts& a, const ResourceCounts& b);

/// What operators take.
ResourceCounts resources_of(const Datapath& datapath);

/// What a kernel takes, with the FIFOs that it writes and the adapter of its memory port. An array
/// or FIFO whose memory is not chosen yet counts as the kind that suits its geometry. Nodes of one
/// instance take the same hardware; each states all of it.
ResourceCounts resources_of(const Program& program, const Kernel& kernel);

/// What kernels take together: hardware that nodes share once, and so each FIFO and memory port.
ResourceCounts resources_of(const Program& program, const std::vector<KernelId>& kernels);

/// The control registers of a group's top function: s_axilite with a pointer per memory.
ResourceCounts control_resources(const Program& program, int group);

/// All kernels of a group, each instance once, and its control registers.
ResourceCounts resources_of(const Program& program, int group);

/// What a compute unit takes: groups of one have one adapter for each of their pointers.
ResourceCounts resources_of(const Program& program, const Unit& unit);

/// All groups, which are on the device together; those of one unit share the adapters of pointers
/// that several of them use.
ResourceCounts resources_of(const Program& program);

}  // namespace st
