// SPDX-License-Identifier: Apache-2.0
#include "core/dataflow/units.h"

#include <algorithm>
#include <set>

#include "core/dataflow/instances.h"

namespace st {
namespace {

/// The dies that hold kernels of a group; none where one is not placed.
std::set<int> dies_of_group(const Program& program, int group) {
  std::set<int> dies;
  for (const KernelId k : program.kernels_of(group)) dies.insert(program.kernels[k].slr);
  if (dies.contains(-1)) dies.clear();
  return dies;
}

/// The unit of a kernel where layers are streamed.
std::string streamed_unit(const Kernel& kernel) {
  return kernel.unit.empty() ? DecoderUnit : kernel.unit;
}

bool has(const Program& program, const Unit& unit, KernelId k) {
  const Kernel& kernel = program.kernels[k];
  if (program.layers.streamed) return streamed_unit(kernel) == unit.name;
  return std::find(unit.groups.begin(), unit.groups.end(), kernel.group) != unit.groups.end() &&
         (unit.slr < 0 || kernel.slr == unit.slr);
}

/// Whether a kernel writes a memory.
bool writes_to(const Kernel& kernel, MemoryId m) {
  if (kernel.kind == "store_position")
    return std::find(kernel.memories.begin(), kernel.memories.end(), m) != kernel.memories.end();
  const bool stores = kernel.kind == "store_rows" || is_cache(kernel);
  return stores && !kernel.memories.empty() && kernel.memories[0] == m;
}

bool writes(const Program& program, const Unit& unit, MemoryId m) {
  const std::vector<KernelId> kernels = kernels_of(program, unit);
  return std::any_of(kernels.begin(), kernels.end(),
                     [&](KernelId k) { return writes_to(program.kernels[k], m); });
}

}  // namespace

std::vector<Unit> units_of(const Program& program) {
  std::vector<Unit> units;
  if (program.layers.streamed) {
    for (const Kernel& kernel : program.kernels) {
      const std::string name = streamed_unit(kernel);
      const bool known = std::any_of(units.begin(), units.end(),
                                     [&](const Unit& unit) { return unit.name == name; });
      if (!known) units.push_back({name, {0}, kernel.slr});
    }
    return units;
  }
  if (program.layers.folded()) {
    units.push_back({DecoderUnit, {}});
    for (int group = 0; group < program.groups; ++group) units.back().groups.push_back(group);
    return units;
  }
  for (int group = 0; group < program.groups; ++group) {
    const std::set<int> dies =
        program.unit_per_slr ? dies_of_group(program, group) : std::set<int>();
    if (dies.size() < 2) {
      units.push_back({group_name(group), {group}});
      continue;
    }
    for (const int die : dies) units.push_back({unit_name(group, die), {group}, die});
  }
  return units;
}

bool runs_with(const Unit& before, const Unit& unit) { return before.groups == unit.groups; }

std::vector<KernelId> kernels_of(const Program& program, const Unit& unit) {
  std::vector<KernelId> ids;
  for (const int group : unit.groups) {
    for (const KernelId k : program.kernels_of(group)) {
      if (has(program, unit, k)) ids.push_back(k);
    }
  }
  return ids;
}

std::vector<MemoryId> memories_of(const Program& program, const Unit& unit) {
  std::vector<MemoryId> ids;
  for (const KernelId k : kernels_of(program, unit)) {
    for (const MemoryId m : program.kernels[k].memories) {
      if (std::find(ids.begin(), ids.end(), m) == ids.end()) ids.push_back(m);
    }
  }
  return ids;
}

std::vector<ChannelId> channels_of(const Program& program, const Unit& unit) {
  std::vector<ChannelId> ids;
  const std::vector<ChannelId> fifos = fifos_of(program);
  for (const int group : unit.groups) {
    for (const ChannelId c : program.channels_of(group)) {
      const Channel& channel = program.channels[c];
      if (fifos[c] == c && has(program, unit, channel.producer) &&
          has(program, unit, channel.consumer))
        ids.push_back(c);
    }
  }
  return ids;
}

std::vector<PointerArgument> pointer_arguments(const Program& program, const Unit& unit) {
  std::vector<PointerArgument> arguments;
  const std::vector<KernelId> kernels = kernels_of(program, unit);
  for (const MemoryId m : memories_of(program, unit)) {
    const std::vector<std::string> names = argument_names(program.memories[m]);
    if (names.size() == 1) {
      arguments.push_back({m, writes(program, unit, m), names[0]});
      continue;
    }
    for (const bool written : {false, true}) {
      const bool used = std::any_of(kernels.begin(), kernels.end(), [&](KernelId k) {
        const Kernel& kernel = program.kernels[k];
        const bool uses =
            std::find(kernel.memories.begin(), kernel.memories.end(), m) != kernel.memories.end();
        return uses && writes_to(kernel, m) == written;
      });
      if (used) arguments.push_back({m, written, names[written ? 1 : 0]});
    }
  }
  return arguments;
}

std::vector<PointerArgument> pointer_arguments(const Program& program, int group) {
  return pointer_arguments(program, Unit{group_name(group), {group}});
}

std::vector<std::string> launch_lengths(const Program& program) {
  std::vector<std::string> lengths = {"tokens", "past"};
  if (program.layers.streamed) lengths.emplace_back("results");
  return lengths;
}

std::vector<StreamArgument> stream_arguments(const Program& program, const Unit& unit) {
  std::vector<StreamArgument> arguments;
  const std::vector<ChannelId> fifos = fifos_of(program);
  for (const int group : unit.groups) {
    for (const ChannelId c : program.channels_of(group)) {
      const Channel& channel = program.channels[c];
      const bool writes = has(program, unit, channel.producer);
      if (fifos[c] == c && writes != has(program, unit, channel.consumer))
        arguments.push_back({c, writes});
    }
  }
  return arguments;
}

bool is_given(const Program& program, const Unit& unit, MemoryId m) {
  const MemoryRole role = program.memories[m].role;
  return role == MemoryRole::Input || (role == MemoryRole::Activation && !writes(program, unit, m));
}

bool is_made(const Program& program, const Unit& unit, MemoryId m) {
  const Memory& memory = program.memories[m];
  const bool rows = memory.role == MemoryRole::Output || memory.role == MemoryRole::Activation;
  return rows && memory.copies == 1 && writes(program, unit, m);
}

}  // namespace st
