// SPDX-License-Identifier: Apache-2.0
#include "core/fusion/fuse.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/dataflow/kernel_record.h"
#include "core/streams/converter.h"

namespace st {
namespace {

/// The kernel and output that make each tensor.
using Producers = std::map<TensorId, std::pair<KernelId, size_t>>;

Producers producers_of(const Program& program) {
  Producers producers;
  for (KernelId k = 0; k < static_cast<KernelId>(program.kernels.size()); ++k) {
    for (size_t i = 0; i < program.kernels[k].outputs.size(); ++i)
      producers[program.kernels[k].outputs[i].tensor] = {k, i};
  }
  return producers;
}

std::map<TensorId, std::vector<KernelId>> readers_of(const Program& program) {
  std::map<TensorId, std::vector<KernelId>> readers;
  for (KernelId k = 0; k < static_cast<KernelId>(program.kernels.size()); ++k) {
    for (const Port& port : program.kernels[k].inputs) readers[port.tensor].push_back(k);
  }
  return readers;
}

/// Memory ports that `members` need together: their own memories, one for parameters, one per
/// tensor from elsewhere, and one per tensor that is stored. A tensor counts as stored as long as
/// one reader is not a member, even if that reader is not placed yet: it may still go elsewhere.
int ports_of(const Program& program, const std::set<KernelId>& members, const Producers& producers,
             const std::map<TensorId, std::vector<KernelId>>& readers) {
  std::set<MemoryId> memories;
  std::set<TensorId> loaded;
  bool parameters = false;
  int stored = 0;
  for (KernelId k : members) {
    memories.insert(program.kernels[k].memories.begin(), program.kernels[k].memories.end());
    for (const Port& port : program.kernels[k].inputs) {
      if (program.tensors[port.tensor].constant) {
        parameters = true;
        continue;
      }
      auto producer = producers.find(port.tensor);
      if (producer == producers.end() || !members.count(producer->second.first))
        loaded.insert(port.tensor);
    }
    for (const Port& port : program.kernels[k].outputs) {
      auto reading = readers.find(port.tensor);
      const bool stays = reading != readers.end() &&
                         std::all_of(reading->second.begin(), reading->second.end(),
                                     [&](KernelId reader) { return members.count(reader) > 0; });
      if (!stays) ++stored;
    }
  }
  return static_cast<int>(memories.size() + loaded.size()) + stored + (parameters ? 1 : 0);
}

/// Bits that a kernel and the converters in front of it keep on chip. What repair and sharing save
/// later is not counted on.
int64_t on_chip_bits(const Program& program, KernelId id, const Producers& producers) {
  const Kernel& kernel = program.kernels[id];
  int64_t bits = local_bits_of(program, kernel);
  for (const Port& port : kernel.inputs) {
    auto producer = producers.find(port.tensor);
    if (producer == producers.end()) continue;
    const Port& source = program.kernels[producer->second.first].outputs[producer->second.second];
    bits += conversion_bits(program, source, port.type);
  }
  return bits;
}

}  // namespace

Status fuse(Program& program, const FusionLimits& limits) {
  const auto producers = producers_of(program);
  const auto readers = readers_of(program);
  std::vector<std::set<KernelId>> groups(1);
  std::vector<int64_t> used(1, 0);
  Diagnostics problems;
  const KernelId count = static_cast<KernelId>(program.kernels.size());
  for (KernelId first = 0, next = 0; first < count; first = next) {
    // Kernels of one node stay together: between those of an attention, streams depend on the
    // position, and have no rows to store.
    std::set<KernelId> unit;
    int64_t bits = 0;
    int latest = -1;
    const Kernel& head = program.kernels[first];
    for (next = first; next < count && program.kernels[next].node == head.node &&
                       program.kernels[next].origin == head.origin;
         ++next) {
      unit.insert(next);
      bits += on_chip_bits(program, next, producers);
      for (const Port& port : program.kernels[next].inputs) {
        auto producer = producers.find(port.tensor);
        if (producer == producers.end() || producer->second.first >= first) continue;
        latest = std::max(latest, program.kernels[producer->second.first].group);
      }
    }
    if (bits > limits.on_chip_bits) {
      problems.push_back(
          {"E0403",
           "node '" + printable(program.kernels[first].origin) + "' (" +
               program.kernels[first].kind + ") does not fit the target",
           "",
           {"it needs " + std::to_string(bits) +
                " bits of on-chip memory with its converters (predicted)",
            "the target's budget is " + std::to_string(limits.on_chip_bits) + " bits"},
           "choose a larger target, or smaller bounds with --dim"});
      continue;
    }
    // A kernel without producers in the model (an embedding) goes where work is being placed.
    int group = latest >= 0 ? latest : static_cast<int>(groups.size()) - 1;
    std::set<KernelId> together = groups[group];
    together.insert(unit.begin(), unit.end());
    const bool fits = used[group] + bits <= limits.on_chip_bits &&
                      (groups[group].empty() ||
                       ports_of(program, together, producers, readers) <= limits.max_ports);
    if (!fits) {
      group = static_cast<int>(groups.size());
      groups.emplace_back();
      used.push_back(0);
    }
    groups[group].insert(unit.begin(), unit.end());
    used[group] += bits;
    for (KernelId k : unit) program.kernels[k].group = group;
  }
  program.groups = static_cast<int>(groups.size());
  return problems;
}

}  // namespace st
