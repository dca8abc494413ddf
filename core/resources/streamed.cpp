// SPDX-License-Identifier: Apache-2.0
#include "core/resources/streamed.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "core/dataflow/instances.h"
#include "core/dataflow/units.h"
#include "core/resources/fifo_problem.h"
#include "core/resources/kernel_resources.h"
#include "core/resources/memory.h"
#include "core/resources/place.h"
#include "core/resources/shortage.h"
#include "core/resources/storage.h"
#include "core/support/shortfall.h"

namespace st {
namespace {

/// Of streams outside of layers: logits leave as they come, and need no room for all of them.
constexpr int64_t MostDepthOutside = 512, MostElementsOutside = 16'384;
/// Of a build: see place.cpp.
constexpr DieEffort UnitEffort = {.moves = 1000,
                                  .kicks = 60,
                                  .rounds = 0,
                                  .branches = 0,
                                  .branch_rounds = 0,
                                  .nodes = 0,
                                  .seconds = 5};

/// Words of device memory that a loader sends to the engine.
bool carries_words(const Program& program, const Channel& channel) {
  const Kernel& writer = program.kernels[channel.producer];
  return !writer.memories.empty() && !program.memories[writer.memories[0]].port.empty();
}

/// Words that are merged go on as the engine takes them.
bool carries_merged_words(const Program& program, const Channel& channel) {
  const std::string& kind = program.kernels[channel.producer].kind;
  return kind == "merge_ports" || kind == "merge_rounds";
}

/// A row may have to wait as a whole for another one: that of a gate for what it is multiplied
/// with, a norm's weights for its bias.
int64_t room_for_rows(const Program& program, const Channel& channel) {
  const int64_t beats = channel.type.max_beats();
  if (program.kernels[channel.producer].layered) return beats;
  return std::min(beats, std::max(MostDepthOutside, MostElementsOutside / channel.type.lanes));
}

}  // namespace

void size_streamed(Program& program) {
  struct Fifo {
    int64_t depth = LeastDepth;
    bool words = false, merged = false;
  };
  std::map<std::string, Fifo> fifos;
  for (const Channel& channel : program.channels) {
    Fifo& fifo = fifos[fifo_name(channel)];
    fifo.depth = std::max(fifo.depth, room_for_rows(program, channel));
    fifo.words |= carries_words(program, channel);
    fifo.merged |= carries_merged_words(program, channel);
  }
  for (Channel& channel : program.channels) {
    const Fifo& fifo = fifos[fifo_name(channel)];
    channel.depth = fifo.words ? WordsAhead : fifo.merged ? LeastDepth : fifo.depth;
    channel.why = fifo.words    ? "words come ahead while the engine waits for a row"
                  : fifo.merged ? "words wait ahead of where they are merged"
                                : "room for what a layer sends";
    channel.memory = choose_fifo_memory(channel.type.beat_bits(), channel.depth);
  }
}

namespace {

/// The channels for memories beside the engine's ports: the board's large memory, or those behind
/// the ports' channels; where there are none, all, so that no port shares its channel with many.
/// Where channels are ways into one memory, those of the engine: each further one would take its
/// share of the memory from them.
std::vector<int> channels_beside_engine(const Target& target, int ports) {
  const int channels = target.memory.shared ? ports : target.memory.count();
  const int large = target.large_memory ? target.large_memory->count() : 0;
  const int first = large > 0 ? channels : ports < channels ? ports : 0;
  std::vector<int> beside(static_cast<size_t>(channels + large - first));
  std::iota(beside.begin(), beside.end(), first);
  return beside;
}

/// Gives memories their channels; the bytes of each channel.
std::map<int, int64_t> spread_memories(Program& program, const Target& target) {
  std::map<int, int64_t> used;
  int ports = 0;
  for (Memory& memory : program.memories) {
    if (memory.port.empty()) continue;
    memory.channel %= target.memory.count();
    ports = std::max(ports, memory.channel + 1);
    used[memory.channel] += memory.bytes;
  }
  const std::vector<int> beside = channels_beside_engine(target, ports);
  for (Memory& memory : program.memories) {
    if (!memory.port.empty()) continue;
    memory.channel = *std::min_element(beside.begin(), beside.end(),
                                       [&](int a, int b) { return used[a] < used[b]; });
    used[memory.channel] += memory.bytes;
  }
  return used;
}

/// The ports to each channel.
std::map<int, std::set<std::string>> ports_of(const Program& program) {
  std::map<int, std::set<std::string>> ports;
  for (const Unit& unit : units_of(program)) {
    for (const PointerArgument& argument : pointer_arguments(program, unit)) {
      const Memory& memory = program.memories[static_cast<size_t>(argument.memory)];
      ports[memory.channel].insert(memory.port.empty() ? unit.name + "." + argument.name
                                                       : memory.port);
    }
  }
  return ports;
}

Diagnostic lacks(const std::string& what, int64_t needs, int64_t has, const std::string& help) {
  return {"E0403", shortfall(what, needs, has, "the target has"), "", {}, help};
}

Diagnostics check_ports(const Program& program, const Target& target) {
  Diagnostics problems;
  int64_t on_memory = 0;
  for (const auto& [channel, ports] : ports_of(program)) {
    const DeviceMemory& memory = target.memory_of(channel);
    const auto count = static_cast<int64_t>(ports.size());
    if (&memory == &target.memory) on_memory += count;
    if (count > memory.most_channel_ports())
      problems.push_back(lacks("ports to " + target.bank_name(channel), count,
                               memory.most_channel_ports(), "choose a target with more channels"));
  }
  if (on_memory > target.max_ports())
    problems.push_back(
        lacks("memory ports", on_memory, target.max_ports(), "choose fewer with --engine-ports"));
  return problems;
}

Diagnostics check_bytes(const std::map<int, int64_t>& used, const Target& target) {
  Diagnostics problems;
  int64_t on_memory = 0;
  for (const auto& [channel, bytes] : used) {
    const DeviceMemory& memory = target.memory_of(channel);
    if (&memory == &target.memory) on_memory += bytes;
    if (bytes > memory.channel_bytes())
      problems.push_back(lacks("bytes of " + target.bank_name(channel), bytes,
                               memory.channel_bytes(), "choose a larger target"));
  }
  if (on_memory > target.memory.total_bytes())
    problems.push_back(lacks("bytes of " + target.memory.title(), on_memory,
                             target.memory.total_bytes(), "choose a larger target"));
  return problems;
}

}  // namespace

Status place_streamed_memories(Program& program, const Target& target) {
  const std::map<int, int64_t> used = spread_memories(program, target);
  Diagnostics problems = check_ports(program, target);
  for (Diagnostic& problem : check_bytes(used, target)) problems.push_back(std::move(problem));
  return problems;
}

namespace {

/// What is placed as a whole: a unit, or an instance of the decoder, which may be on several dies.
struct Placed {
  std::string name;
  std::vector<KernelId> kernels;
};

std::vector<Placed> blocks_of(const Program& program) {
  std::vector<Placed> blocks;
  for (const Unit& unit : units_of(program)) {
    const std::vector<KernelId> kernels = kernels_of(program, unit);
    if (unit.name != DecoderUnit) {
      blocks.push_back({unit.name, kernels});
      continue;
    }
    for (const Instance& instance : instances_of(program, kernels))
      blocks.push_back({instance.name, instance.nodes});
  }
  return blocks;
}

DieProblem problem_of(const Program& program, const Target& target,
                      const std::vector<Placed>& blocks) {
  DieProblem problem = die_problem_of(target);
  std::vector<int> block_of(program.kernels.size(), -1);
  for (const Placed& block : blocks) {
    std::set<std::string> ports;
    DieProblem::Kernel item{block.name, resources_of(program, block.kernels), {}};
    for (const KernelId k : block.kernels) {
      const Kernel& kernel = program.kernels[static_cast<size_t>(k)];
      block_of[static_cast<size_t>(k)] = static_cast<int>(problem.kernels.size());
      for (const MemoryId m : kernel.memories) {
        const Memory& memory = program.memories[static_cast<size_t>(m)];
        if (ports.insert(memory.port.empty() ? memory.name : memory.port).second)
          item.memory_ports.push_back(static_cast<int>(target.slr_of(memory.channel)));
      }
    }
    problem.kernels.push_back(std::move(item));
  }
  const std::vector<ChannelId> fifos = fifos_of(program);
  for (size_t c = 0; c < program.channels.size(); ++c) {
    const Channel& channel = program.channels[c];
    const int source = block_of[static_cast<size_t>(channel.producer)];
    const int sink = block_of[static_cast<size_t>(channel.consumer)];
    if (fifos[c] != static_cast<ChannelId>(c) || source == sink) continue;
    problem.streams.push_back({source, sink, channel.type.beat_bits()});
    // A FIFO lies where it is read: what it holds has crossed between dies already.
    const ResourceCounts fifo = counts_of(fifo_of(channel));
    problem.kernels[static_cast<size_t>(sink)].need += fifo;
    problem.kernels[static_cast<size_t>(source)].need -= fifo;
  }
  return problem;
}

}  // namespace

Status place_units(Program& program, const Target& target) {
  if (const auto problem = too_large(program, target)) return *problem;
  const std::vector<Placed> blocks = blocks_of(program);
  const DieProblem problem = problem_of(program, target, blocks);
  ST_TRY(solution, assign_dies(problem, UnitEffort));
  ST_CHECK(verify(problem, solution));
  std::set<int> decoder_dies;
  for (size_t b = 0; b < blocks.size(); ++b) {
    for (const KernelId k : blocks[b].kernels) {
      Kernel& kernel = program.kernels[static_cast<size_t>(k)];
      kernel.slr = solution.die[b];
      if (kernel.unit == DecoderUnit) decoder_dies.insert(kernel.slr);
    }
  }
  if (decoder_dies.size() < 2) return {};
  for (Kernel& kernel : program.kernels)
    if (kernel.unit == DecoderUnit) kernel.unit += "_slr" + std::to_string(kernel.slr);
  return {};
}

DieUse use_of_dies(const Program& program, int group, const Target& target) {
  if (!program.layers.streamed)
    return use_of(die_problem_of(program, group, target), dies_of(program, group));
  std::vector<Placed> units;
  std::vector<int> dies;
  for (const Unit& unit : units_of(program)) {
    units.push_back({unit.name, kernels_of(program, unit)});
    dies.push_back(program.kernels[static_cast<size_t>(units.back().kernels.front())].slr);
  }
  return use_of(problem_of(program, target, units), dies);
}

}  // namespace st
