// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <set>

#include "core/fusion/fuse.h"
#include "core/support/names.h"

namespace st {
namespace {

/// One reader of a tensor within a group.
struct Reader {
  KernelId kernel;
  size_t input;
};

class Connector {
 public:
  Connector(Program& program, const FusionLimits& limits, TensorId logits, int parameter_ports)
      : program_(program), limits_(limits), logits_(logits), parameter_ports_(parameter_ports) {}

  Status run() {
    original_ = static_cast<KernelId>(program_.kernels.size());
    for (int group = 0; group < program_.groups; ++group) {
      collect(group);
      produced_streams(group);
      loaded_streams(group);
    }
    // Stores need their readers' groups, so DMAs are complete only now.
    for (int group = 0; group < program_.groups; ++group) ST_CHECK(parameters(group));
    name_everything();
    sort_kernels();
    return {};
  }

 private:
  /// Readers of each streamed tensor in `group`.
  void collect(int group) {
    readers_.clear();
    for (KernelId k = 0; k < original_; ++k) {
      if (program_.kernels[k].group != group) continue;
      for (size_t i = 0; i < program_.kernels[k].inputs.size(); ++i) {
        const TensorId tensor = program_.kernels[k].inputs[i].tensor;
        if (!program_.tensors[tensor].constant) readers_[tensor].push_back({k, i});
      }
    }
  }

  /// Streams whose producer is in the group; a store is one more reader if the tensor is needed
  /// elsewhere.
  void produced_streams(int group) {
    for (KernelId k = 0; k < original_; ++k) {
      if (program_.kernels[k].group != group) continue;
      for (size_t o = 0; o < program_.kernels[k].outputs.size(); ++o) {
        const Port port = program_.kernels[k].outputs[o];
        std::vector<Reader> readers = readers_[port.tensor];
        produced_here_.insert({group, port.tensor});
        if (needed_elsewhere(port.tensor, group)) readers.push_back(add_store(group, port));
        fan_out({k, o}, readers);
      }
    }
  }

  /// Streams that enter the group from device memory: graph inputs, and tensors of earlier groups.
  void loaded_streams(int group) {
    for (const auto& [tensor, readers] : readers_) {
      if (produced_here_.count({group, tensor})) continue;
      auto stored = stored_.find(tensor);
      const Port& wanted = program_.kernels[readers[0].kernel].inputs[readers[0].input];
      // A graph input moves as its readers want it; an activation as it was stored.
      const StreamType type = stored != stored_.end() ? stored->second.type : wanted.type;
      MemoryId memory = stored != stored_.end() ? stored->second.memory : -1;
      if (memory < 0) {
        auto [entry, fresh] = inputs_.try_emplace(tensor, -1);
        if (fresh) entry->second = add_memory(MemoryRole::Input, tensor, type);
        memory = entry->second;
      }
      Kernel kernel;
      kernel.kind = "load_rows";
      kernel.name = "load_" + program_.tensors[tensor].name;
      kernel.group = group;
      kernel.outputs = {{tensor, type, -1}};
      kernel.memories = {memory};
      kernel.sizes = {{"L", type.lanes}, {"Beats", beats_per_row(program_, type)}};
      program_.kernels.push_back(kernel);
      fan_out({static_cast<KernelId>(program_.kernels.size()) - 1, 0}, readers);
    }
  }

  bool needed_elsewhere(TensorId tensor, int group) const {
    if (tensor == logits_) return true;
    for (KernelId k = 0; k < original_; ++k) {
      if (program_.kernels[k].group == group) continue;
      for (const Port& port : program_.kernels[k].inputs) {
        if (port.tensor == tensor) return true;
      }
    }
    return false;
  }

  MemoryId add_memory(MemoryRole role, TensorId tensor, const StreamType& type) {
    Memory memory;
    memory.name = program_.tensors[tensor].name;
    memory.role = role;
    memory.tensor = tensor;
    memory.dtype = type.itensor.dtype;
    memory.lanes = type.lanes;
    memory.beats = beats_per_row(program_, type);
    memory.rows = program_.max_sequence;
    memory.bytes = memory.rows * memory.words_per_row() * (WordBits / 8);
    program_.memories.push_back(memory);
    return static_cast<MemoryId>(program_.memories.size()) - 1;
  }

  Reader add_store(int group, const Port& port) {
    const MemoryId memory =
        add_memory(port.tensor == logits_ ? MemoryRole::Output : MemoryRole::Activation,
                   port.tensor, port.type);
    stored_[port.tensor] = {memory, port.type};
    Kernel kernel;
    kernel.kind = "store_rows";
    kernel.name = "store_" + program_.tensors[port.tensor].name;
    kernel.group = group;
    kernel.inputs = {{port.tensor, port.type, -1}};
    kernel.memories = {memory};
    kernel.sizes = {{"L", port.type.lanes}, {"Beats", beats_per_row(program_, port.type)}};
    program_.kernels.push_back(kernel);
    return {static_cast<KernelId>(program_.kernels.size()) - 1, 0};
  }

  /// Joins an output with its readers. A fork comes before converters, so that each reader has a
  /// buffer of its own and none has to wait for another one: readers that get their parameters from
  /// one loader, in order, would deadlock otherwise.
  void fan_out(Reader producer, const std::vector<Reader>& readers) {
    const Port source = program_.kernels[producer.kernel].outputs[producer.input];
    if (readers.empty()) {
      add_sink(producer);
      return;
    }
    std::vector<Reader> legs = {producer};
    if (readers.size() > 1) {
      Kernel fork;
      fork.kind = "fork";
      fork.name = "fork_" + program_.tensors[source.tensor].name;
      fork.group = program_.kernels[producer.kernel].group;
      fork.inputs = {source};
      fork.outputs.assign(readers.size(), source);
      fork.sizes = {{"L", source.type.lanes}, {"Beats", beats_per_row(program_, source.type)}};
      program_.kernels.push_back(fork);
      const KernelId id = static_cast<KernelId>(program_.kernels.size()) - 1;
      join(producer, {id, 0}, program_.tensors[source.tensor].name);
      legs.clear();
      for (size_t i = 0; i < readers.size(); ++i) legs.push_back({id, i});
    }
    for (size_t i = 0; i < readers.size(); ++i) {
      const Port wanted = program_.kernels[readers[i].kernel].inputs[readers[i].input];
      const std::string label = program_.tensors[source.tensor].name;
      const std::string toward =
          readers.size() > 1 ? label + " to " + program_.kernels[readers[i].kernel].name : label;
      if (wanted.type == source.type) {
        join(legs[i], readers[i], toward);
        continue;
      }
      Kernel convert;
      convert.kind = "convert";
      convert.name = "convert_" + program_.tensors[source.tensor].name;
      convert.group = program_.kernels[producer.kernel].group;
      convert.inputs = {source};
      convert.outputs = {wanted};
      program_.kernels.push_back(convert);
      const KernelId id = static_cast<KernelId>(program_.kernels.size()) - 1;
      join(legs[i], {id, 0}, toward);
      join({id, 0}, readers[i], label + " for " + program_.kernels[readers[i].kernel].name);
    }
  }

  /// A stream that nobody reads is drained into a memory that the host ignores.
  void add_sink(Reader producer) {
    const Port port = program_.kernels[producer.kernel].outputs[producer.input];
    join(producer, add_store(program_.kernels[producer.kernel].group, port),
         program_.tensors[port.tensor].name);
  }

  ChannelId join(Reader from, Reader to, const std::string& name) {
    Port& out = program_.kernels[from.kernel].outputs[from.input];
    Port& in = program_.kernels[to.kernel].inputs[to.input];
    Channel channel;
    channel.name = name;
    channel.tensor = out.tensor;
    channel.type = out.type;
    channel.producer = from.kernel;
    channel.consumer = to.kernel;
    const ChannelId id = static_cast<ChannelId>(program_.channels.size());
    program_.channels.push_back(channel);
    out.channel = in.channel = id;
    return id;
  }

  /// One loader per parameter port. Every loader serves its kernels in topological order, so that
  /// none waits for a later one.
  Status parameters(int group) {
    struct Need {
      KernelId kernel;
      size_t input;
      int64_t words;
    };
    std::vector<Need> needs;
    for (KernelId k = 0; k < original_; ++k) {
      if (program_.kernels[k].group != group) continue;
      for (size_t i = 0; i < program_.kernels[k].inputs.size(); ++i) {
        const Port& port = program_.kernels[k].inputs[i];
        if (!program_.tensors[port.tensor].constant) continue;
        const int64_t per_word = beats_per_word(port.type.beat_bits());
        needs.push_back({k, i, (beats_per_row(program_, port.type) + per_word - 1) / per_word});
      }
    }
    const int others = static_cast<int>(program_.memories_of(group).size());
    if (others + (needs.empty() ? 0 : 1) > limits_.max_ports) {
      return Diagnostic{"E0403",
                        "group " + std::to_string(group) + " needs " + std::to_string(others + 1) +
                            " memory ports, the target has " + std::to_string(limits_.max_ports),
                        "",
                        {},
                        "choose a target with more memory channels"};
    }
    if (needs.empty()) return {};
    const int ports = std::min<int>(
        {parameter_ports_, limits_.max_ports - others, static_cast<int>(needs.size())});
    std::vector<KernelId> loaders;
    for (int p = 0; p < ports; ++p) {
      Memory memory;
      memory.role = MemoryRole::Parameters;
      memory.name = "params" + std::to_string(parameter_memories_);
      program_.memories.push_back(memory);
      Kernel loader;
      loader.kind = "load_params";
      loader.name = "load_params" + std::to_string(parameter_memories_++);
      loader.group = group;
      loader.memories = {static_cast<MemoryId>(program_.memories.size()) - 1};
      program_.kernels.push_back(loader);
      loaders.push_back(static_cast<KernelId>(program_.kernels.size()) - 1);
    }
    auto memory_of = [&](KernelId loader) -> Memory& {
      return program_.memories[program_.kernels[loader].memories[0]];
    };
    for (const Need& need : needs) {
      const KernelId loader = *std::min_element(
          loaders.begin(), loaders.end(),
          [&](KernelId a, KernelId b) { return memory_of(a).bytes < memory_of(b).bytes; });
      const Port port = program_.kernels[need.kernel].inputs[need.input];
      program_.kernels[loader].outputs.push_back({port.tensor, port.type, -1});
      const ChannelId channel = join({loader, program_.kernels[loader].outputs.size() - 1},
                                     {need.kernel, need.input}, program_.tensors[port.tensor].name);
      Memory& memory = memory_of(loader);
      memory.segments.push_back(
          {port.tensor, channel, port.type, memory.bytes / (WordBits / 8), need.words});
      memory.bytes += need.words * (WordBits / 8);
    }
    return {};
  }

  void name_everything() {
    Names names;
    for (int g = 0; g < program_.groups; ++g) names.unique("group" + std::to_string(g));
    for (Memory& memory : program_.memories) memory.name = names.unique(memory.name);
    for (Channel& channel : program_.channels) channel.name = names.unique(channel.name);
    for (Kernel& kernel : program_.kernels) kernel.name = names.unique(kernel.name);
  }

  /// Kernels of a group so that producers come first: loaders of inputs before their readers, the
  /// order of the model otherwise.
  void sort_kernels() {
    std::vector<KernelId> order;
    std::vector<int> waiting(program_.kernels.size(), 0);
    for (const Channel& channel : program_.channels) ++waiting[channel.consumer];
    // Kernels that the model does not name stand right behind their producer: depth-first, lowest
    // number first.
    std::set<std::pair<int, KernelId>> ready;
    auto push = [&](KernelId k) { ready.insert({program_.kernels[k].group, k}); };
    for (KernelId k = 0; k < static_cast<KernelId>(program_.kernels.size()); ++k) {
      if (waiting[k] == 0) push(k);
    }
    while (!ready.empty()) {
      const KernelId k = ready.begin()->second;
      ready.erase(ready.begin());
      order.push_back(k);
      for (const Port& port : program_.kernels[k].outputs) {
        const KernelId next = program_.channels[port.channel].consumer;
        if (--waiting[next] == 0) push(next);
      }
    }
    std::vector<KernelId> position(program_.kernels.size());
    std::vector<Kernel> sorted;
    for (KernelId k : order) {
      position[k] = static_cast<KernelId>(sorted.size());
      sorted.push_back(std::move(program_.kernels[k]));
    }
    program_.kernels = std::move(sorted);
    for (Channel& channel : program_.channels) {
      channel.producer = position[channel.producer];
      channel.consumer = position[channel.consumer];
    }
  }

  struct Stored {
    MemoryId memory;
    StreamType type;
  };

  Program& program_;
  const FusionLimits& limits_;
  TensorId logits_;
  int parameter_ports_;
  int parameter_memories_ = 0;
  KernelId original_ = 0;
  std::map<TensorId, std::vector<Reader>> readers_;  ///< of the group at hand
  std::set<std::pair<int, TensorId>> produced_here_;
  std::map<TensorId, Stored> stored_;
  std::map<TensorId, MemoryId> inputs_;
};

}  // namespace

Status connect(Program& program, const FusionLimits& limits, TensorId logits, int parameter_ports) {
  return Connector(program, limits, logits, parameter_ports).run();
}

}  // namespace st
