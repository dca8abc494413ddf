// SPDX-License-Identifier: Apache-2.0
/// A group of a program as a network (core/network/network.h): what the simulator, the sizing of
/// FIFOs and the proof of their depths work on. The loops are those of the kernels' nests, which
/// are those of the emitted templates.
#pragma once

#include "core/dataflow/program.h"
#include "core/network/network.h"
#include "core/platform/target.h"

namespace st {

/// A kernel is a task, whose firings are predicted (core/resources/task_items.h):
///  - A ping-pong converter is two tasks that pass each other two buffers.
///  - Where layers are streamed an instance is a task, which has its nodes' firings in turns.
///  - Beats to and from device memory ask for their share of a 512-bit word, from the memory
///    channel that the program assigns.
///
/// Symbols are `sequence` and `past`; channels are the group's, in order of Program::channels_of(),
/// then the fixed ones inside converters. The launches are those given; none: one of the longest.
Network network_of(const Program& program, int group, const Target& target,
                   const std::vector<Bindings>& launches = {});

}  // namespace st
