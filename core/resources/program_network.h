// SPDX-License-Identifier: Apache-2.0
/// A group of a program as a network (core/network/network.h): what the simulator, the sizing of
/// FIFOs and the proof of their depths work on. The loops are those of the kernels' nests, which
/// are those of the emitted templates.
#pragma once

#include "core/dataflow/program.h"
#include "core/network/network.h"
#include "core/platform/target.h"

namespace st {

/// How loops become firings, all predicted:
///  - An iteration of a pipelined loop is a firing with the loop's initiation interval; a read or
///    write outside of pipelined loops takes a cycle of its own.
///  - An iteration over words of device memory is a firing per beat. The last beat of a word that
///    is not full takes the cycles of those that are missing.
///  - A pipelined loop drains its pipeline at its end, unless it and the loops around it are
///    perfectly nested, so that HLS flattens them into one; then the outermost of these does.
///  - A ping-pong converter is two tasks that pass each other two buffers.
///  - Beats to and from device memory ask for their share of a 512-bit word, from the memory
///    channel that the program assigns.
///
/// Symbols are `sequence` and `past`; channels are the group's, in order of Program::channels_of(),
/// then the fixed ones inside converters. The launches are those given; none: one of the longest.
Network network_of(const Program& program, int group, const Target& target,
                   const std::vector<Bindings>& launches = {});

/// Cycles from an iteration's issue to its write: to read the streams, the operators on the longest
/// way (core/dataflow/datapath.h), to write. The float operators are from csynth reports; no whole
/// kernel has been synthesised.
int64_t pipeline_latency(const Program& program, const Kernel& kernel);

}  // namespace st
