// SPDX-License-Identifier: Apache-2.0
/// What the host launches: the hardware kernels of a program, their memory ports, and the streams
/// between those that run together.
#pragma once

#include <string>
#include <vector>

#include "core/dataflow/program.h"

namespace st {

/// A hardware kernel (a compute unit): a group; what a group has on one SLR
/// (Program::unit_per_slr); or, where layers are folded, all groups, which it runs itself.
struct Unit {
  std::string name;  ///< of its top function, its folder, and its compute unit in a bitstream
  std::vector<int> groups;
  int slr = -1;  ///< die of its kernels; -1: it has all kernels of its groups
};
/// What runs all groups of folded layers; where kernels walk the layers themselves, the unit of all
/// that is in no other one, and the only one that may be on several dies.
inline constexpr const char* DecoderUnit = "decoder";

/// In the order of launches. Units of one group follow each other; they run together, as streams
/// join them.
std::vector<Unit> units_of(const Program& program);
/// Whether the host starts `unit` together with the one before it.
bool runs_with(const Unit& before, const Unit& unit);

/// Kernels of a unit, in order.
std::vector<KernelId> kernels_of(const Program& program, const Unit& unit);
/// Memories that they use, each once, in order of first use.
std::vector<MemoryId> memories_of(const Program& program, const Unit& unit);
/// Channels with both ends in a unit, each FIFO by its first one.
std::vector<ChannelId> channels_of(const Program& program, const Unit& unit);

/// A pointer argument of a unit: a memory port.
struct PointerArgument {
  MemoryId memory = -1;
  bool written = false;
  std::string name;  ///< C++ identifier
};
/// In order of first use. What layers hand on is read through one and written through another,
/// because each port has one process that uses it.
std::vector<PointerArgument> pointer_arguments(const Program& program, const Unit& unit);
/// The same of a group as a unit.
std::vector<PointerArgument> pointer_arguments(const Program& program, int group);

/// What a unit's function takes behind its pointers, integers of a launch: "tokens", "past", and
/// "results" where layers are streamed.
std::vector<std::string> launch_lengths(const Program& program);

/// A stream argument of a unit, behind all others: a channel whose other end is in another unit;
/// the first one of its FIFO.
struct StreamArgument {
  ChannelId channel = -1;
  bool written = false;
};
std::vector<StreamArgument> stream_arguments(const Program& program, const Unit& unit);

/// True if a unit reads a memory that the host or another unit fills before each launch.
bool is_given(const Program& program, const Unit& unit, MemoryId m);
/// True if a unit leaves values in a memory that stand there, whole, after a launch.
bool is_made(const Program& program, const Unit& unit, MemoryId m);

}  // namespace st
