// SPDX-License-Identifier: Apache-2.0
// How kernels of a program go together: channels, parameter files, instances, order.
#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "core/dataflow/instances.h"
#include "core/dataflow/verify.h"

namespace st {

void verify_channels(const Program& program, const Report& report) {
  std::vector<int> reads(program.channels.size(), 0), writes(program.channels.size(), 0);
  auto check = [&](KernelId k, const Port& port, bool reading) {
    if (port.channel < 0) return;
    const Kernel& kernel = program.kernels[k];
    const Channel& channel = program.channels[port.channel];
    (reading ? reads : writes)[port.channel]++;
    if (channel.type != port.type)
      report(kernel.name, "channel '" + channel.name + "' has another type than the port");
    if (channel.tensor != port.tensor)
      report(kernel.name, "channel '" + channel.name + "' carries another tensor");
    if ((reading ? channel.consumer : channel.producer) != k)
      report(kernel.name, "channel '" + channel.name + "' names another kernel");
  };
  for (KernelId k = 0; k < static_cast<KernelId>(program.kernels.size()); ++k) {
    for (const Port& port : program.kernels[k].inputs) check(k, port, true);
    for (const Port& port : program.kernels[k].outputs) check(k, port, false);
  }
  for (size_t c = 0; c < program.channels.size(); ++c) {
    const Channel& channel = program.channels[c];
    if (reads[c] != 1 || writes[c] != 1) {
      report(channel.name, "a channel needs one producer and one consumer");
    } else if (program.kernels[channel.producer].group != program.kernels[channel.consumer].group) {
      report(channel.name, "a channel joins two groups");
    } else if (program.tensors[channel.tensor].fed_back) {
      if (!program.layers.streamed)
        report(channel.name, "only kernels that walk the layers feed back");
    } else if (channel.producer >= channel.consumer) {
      report(channel.name, "the consumer stands before the producer");
    }
  }
}

void verify_loaders(const Program& program, const Report& report) {
  std::map<MemoryId, std::map<TensorId, int>> taken;
  for (const Kernel& kernel : program.kernels) {
    if (kernel.kind != "load_params") continue;
    for (const Port& port : kernel.outputs) ++taken[kernel.memories[0]][port.tensor];
  }
  for (const auto& [m, tensors] : taken) {
    const Memory& memory = program.memories[m];
    for (const Segment& segment : memory.segments) {
      const auto found = tensors.find(segment.tensor);
      if (found == tensors.end() || found->second != 1)
        report(memory.name, "not one loader takes each of its segments");
    }
  }
}

namespace {

std::vector<Instance> all_instances(const Program& program) {
  std::vector<KernelId> all;
  for (KernelId k = 0; k < static_cast<KernelId>(program.kernels.size()); ++k) all.push_back(k);
  return instances_of(program, all);
}

/// The channels that a turn moves through each FIFO, in order.
using FifoOrder = std::map<std::string, std::vector<ChannelId>>;

FifoOrder order_of(const Program& program, const Instance& instance, bool writes) {
  FifoOrder order;
  for (const Turn& turn : turns_of(program, instance)) {
    const Kernel& kernel = program.kernels[turn.kernel];
    for (const Port& port : writes ? kernel.outputs : kernel.inputs) {
      const Channel& channel = program.channels[port.channel];
      if (!channel.fifo.empty()) order[channel.fifo].push_back(port.channel);
    }
  }
  return order;
}

/// Channels of one FIFO have one width, one writing and one reading instance, and both take them in
/// one order.
void verify_shared_fifos(const Program& program, const Report& report) {
  std::map<std::string, ChannelId> first;
  for (ChannelId c = 0; c < static_cast<ChannelId>(program.channels.size()); ++c) {
    const Channel& channel = program.channels[c];
    if (channel.fifo.empty()) continue;
    const Channel& leader = program.channels[first.try_emplace(channel.fifo, c).first->second];
    const bool same = leader.type.lanes == channel.type.lanes && leader.depth == channel.depth &&
                      leader.type.itensor.dtype == channel.type.itensor.dtype &&
                      leader.memory == channel.memory;
    if (leader.name != channel.fifo || !same)
      report(channel.name, "FIFO '" + printable(channel.fifo) + "' is called or built otherwise");
  }
  if (first.empty()) return;
  if (!program.layers.streamed) {
    report("program", "FIFOs are shared where layers are streamed");
    return;
  }
  FifoOrder written, read;
  const auto join = [&](FifoOrder& to, FifoOrder order, const char* what) {
    for (auto& [fifo, channels] : order) {
      if (!to.emplace(fifo, std::move(channels)).second)
        report(fifo, std::string("two instances ") + what + " this FIFO");
    }
  };
  for (const Instance& instance : all_instances(program)) {
    join(written, order_of(program, instance, true), "write");
    join(read, order_of(program, instance, false), "read");
  }
  for (const auto& [fifo, channels] : written) {
    if (read[fifo] != channels) report(fifo, "streams are read in another order than written");
  }
}

/// Whether a kernel needs what others made before it, in the same layer. Kernels stand in the order
/// of their streams but for those that are fed back.
bool needs_one_of(const Program& program, KernelId kernel, const std::vector<KernelId>& others) {
  std::set<TensorId> made;
  for (KernelId k = others.front(); k <= kernel; ++k) {
    const Kernel& each = program.kernels[k];
    const bool needs = std::any_of(each.inputs.begin(), each.inputs.end(), [&](const Port& port) {
      return made.count(port.tensor) != 0 && !program.tensors[port.tensor].fed_back &&
             port.tensor != program.layers.next;
    });
    if (k == kernel) return needs;
    if (!needs && std::find(others.begin(), others.end(), k) == others.end()) continue;
    for (const Port& port : each.outputs) made.insert(port.tensor);
  }
  return false;
}

/// Whether a kernel is one loop over the rows of a launch, and has its FIFOs for itself.
bool goes_by_rows(const Program& program, const Kernel& kernel) {
  const Nest nest = nest_of(program, kernel);
  if (nest.size() != 1 || !nest[0].is_loop() || nest[0].interval != 0 ||
      nest[0].trips_by_outer != nullptr || nest[0].trip.count != Extent::symbol(Sequence))
    return false;
  const auto alone = [&](const Port& port) {
    return port.channel < 0 || program.channels[port.channel].fifo.empty();
  };
  return std::all_of(kernel.inputs.begin(), kernel.inputs.end(), alone) &&
         std::all_of(kernel.outputs.begin(), kernel.outputs.end(), alone);
}

/// Nodes whose rows alternate.
void verify_alternation(const Program& program, const Report& report) {
  const auto by_rows = [&](KernelId k) {
    return program.kernels[k].layered && goes_by_rows(program, program.kernels[k]);
  };
  for (const Instance& instance : all_instances(program)) {
    std::vector<KernelId> together;
    for (const KernelId k : instance.nodes) {
      const Kernel& kernel = program.kernels[k];
      if (!kernel.alternates) {
        together = {k};
        continue;
      }
      if (together.empty()) {
        report(kernel.name, "it alternates with a node before it, and there is none");
      } else if (!by_rows(k) || !by_rows(together.back())) {
        report(kernel.name, "nodes that alternate are of the layers, and one loop over rows each");
      } else if (needs_one_of(program, k, together)) {
        report(kernel.name, "it needs what a node makes with which it alternates");
      }
      together.push_back(k);
    }
  }
}

}  // namespace

void verify_instances(const Program& program, const Report& report) {
  std::map<std::string, const Kernel*> first;
  const auto same_width = [](const Port& a, const Port& b) {
    return a.type.lanes == b.type.lanes && a.type.itensor.dtype == b.type.itensor.dtype;
  };
  for (const Kernel& kernel : program.kernels) {
    if (kernel.instance.empty()) continue;
    const auto [entry, fresh] = first.try_emplace(kernel.instance, &kernel);
    if (fresh) continue;
    const Kernel& other = *entry->second;
    // Where layers are streamed nodes of several kinds may take turns.
    const bool turns = program.layers.streamed;
    const bool same =
        kernel.group == other.group && kernel.unit == other.unit && kernel.slr == other.slr &&
        (turns || (kernel.kind == other.kind && kernel.sizes == other.sizes &&
                   kernel.body == other.body && kernel.storage == other.storage &&
                   std::equal(kernel.inputs.begin(), kernel.inputs.end(), other.inputs.begin(),
                              other.inputs.end(), same_width) &&
                   std::equal(kernel.outputs.begin(), kernel.outputs.end(), other.outputs.begin(),
                              other.outputs.end(), same_width)));
    if (!same) {
      report(kernel.name, "instance '" + printable(kernel.instance) + "' is other hardware for '" +
                              other.name + "'");
    }
  }
  verify_shared_fifos(program, report);
  const auto alternates = [](const Kernel& kernel) { return kernel.alternates; };
  if (std::none_of(program.kernels.begin(), program.kernels.end(), alternates)) return;
  if (program.layers.streamed) {
    verify_alternation(program, report);
  } else {
    report("program", "nodes alternate where layers are streamed");
  }
}

void verify_order(const Program& program, const Report& report) {
  std::map<TensorId, int> makers;
  for (const Kernel& kernel : program.kernels) {
    for (const Port& port : kernel.outputs) {
      if (port.channel < 0 && ++makers[port.tensor] > 1)
        report(kernel.name, "tensor #" + std::to_string(port.tensor) + " is made twice");
    }
  }
  std::set<TensorId> made;
  std::set<MemoryId> stored;
  // Groups before the layers, those of the layers, those behind them.
  std::map<int, bool> groups;
  for (const Kernel& kernel : program.kernels) {
    if (program.layers.streamed) break;  // one group has them all
    if (groups.try_emplace(kernel.group, kernel.layered).first->second != kernel.layered &&
        program.groups > 1)
      report(kernel.name, "a group works for each layer, or it does not");
  }
  int changes = 0;
  bool last = false;
  for (const auto& [group, layered] : groups) changes += std::exchange(last, layered) != layered;
  if (changes > 2 && !program.channels.empty()) report("program", "groups of layers stand apart");
  for (const Kernel& kernel : program.kernels) {
    for (const Port& port : kernel.inputs) {
      const bool back = program.tensors[port.tensor].fed_back;
      if (port.channel < 0 && !back && makers.count(port.tensor) != 0 &&
          made.count(port.tensor) == 0)
        report(kernel.name,
               "tensor #" + std::to_string(port.tensor) + " is read before it is made");
    }
    for (const Port& port : kernel.outputs) made.insert(port.tensor);
    if (kernel.memories.empty()) continue;
    const MemoryId m = kernel.memories[0];
    const bool input = program.memories[m].role == MemoryRole::Input;
    const bool handed_on = program.memories[m].copies > 1;  // written before and by the layers
    if (kernel.kind == "store_rows" && !stored.insert(m).second && !handed_on)
      report(kernel.name, "memory '" + program.memories[m].name + "' is written twice");
    if (kernel.kind == "load_rows" && !input && stored.count(m) == 0)
      report(kernel.name, "memory '" + program.memories[m].name + "' is read before it is written");
  }
}

}  // namespace st
