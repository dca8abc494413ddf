// SPDX-License-Identifier: Apache-2.0
#include <map>

#include "core/streams/edges.h"
#include "core/streams/streams.h"

namespace st {
namespace {

class Dmas {
 public:
  Dmas(Program& program, TensorId logits)
      : program_(program), logits_(logits), edges_(program), names_(program) {}

  void run() {
    const auto count = static_cast<TensorId>(program_.tensors.size());
    for (TensorId t = 0; t < count; ++t) {
      if (program_.tensors[t].constant ||
          (edges_.writer[t].kernel < 0 && edges_.readers[t].empty()))
        continue;
      const int home =
          edges_.writer[t].kernel < 0 ? -1 : program_.kernels[edges_.writer[t].kernel].group;
      // Readers by group; loads of one group share a port.
      std::map<int, std::vector<End>> elsewhere;
      for (const End& reader : edges_.readers[t]) {
        const int group = program_.kernels[reader.kernel].group;
        if (group != home) elsewhere[group].push_back(reader);
      }
      const bool unread = edges_.readers[t].empty();
      if (home >= 0 && elsewhere.empty() && !unread && t != logits_) continue;
      const StreamType type = home >= 0 ? writing(program_, edges_.writer[t]).type
                                        : reading(program_, edges_.readers[t][0]).type;
      const MemoryId memory = add_memory(home < 0       ? MemoryRole::Input
                                         : t == logits_ ? MemoryRole::Output
                                                        : MemoryRole::Activation,
                                         t, type);
      if (home >= 0) add_store(t, type, memory, home);
      for (const auto& [group, readers] : elsewhere) {
        const TensorId copy = add_load(t, type, memory, group);
        for (const End& reader : readers) reading(program_, reader).tensor = copy;
      }
    }
    sort_kernels(program_);
  }

 private:
  MemoryId add_memory(MemoryRole role, TensorId tensor, const StreamType& type) {
    Memory memory;
    memory.name = names_.unique(program_.tensors[tensor].name);
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

  Kernel& add_kernel(const char* kind, const std::string& name, MemoryId memory, int group) {
    Kernel kernel;
    kernel.kind = kind;
    kernel.name = names_.unique(name);
    kernel.group = group;
    kernel.memories = {memory};
    kernel.sizes = {{"L", program_.memories[memory].lanes},
                    {"Beats", program_.memories[memory].beats}};
    program_.kernels.push_back(std::move(kernel));
    return program_.kernels.back();
  }

  void add_store(TensorId tensor, const StreamType& type, MemoryId memory, int group) {
    add_kernel("store_rows", "store_" + program_.tensors[tensor].name, memory, group).inputs = {
        {tensor, type, -1}};
  }

  TensorId add_load(TensorId tensor, const StreamType& type, MemoryId memory, int group) {
    const TensorId copy = copy_of(program_, tensor);
    add_kernel("load_rows", "load_" + program_.tensors[tensor].name, memory, group).outputs = {
        {copy, type, -1}};
    return copy;
  }

  Program& program_;
  TensorId logits_;
  const Edges edges_;
  FreshNames names_;
};

}  // namespace

Status materialise_dmas(Program& program, TensorId logits, int max_ports) {
  Dmas(program, logits).run();
  Diagnostics problems;
  for (int group = 0; group < program.groups; ++group) {
    bool parameters = false;
    for (KernelId k : program.kernels_of(group)) {
      for (const Port& port : program.kernels[k].inputs)
        parameters = parameters || program.tensors[port.tensor].constant != nullptr;
    }
    const int ports = static_cast<int>(program.memories_of(group).size()) + (parameters ? 1 : 0);
    if (ports <= max_ports) continue;
    problems.push_back({"E0403",
                        "group " + std::to_string(group) + " needs " + std::to_string(ports) +
                            " memory ports, the target has " + std::to_string(max_ports),
                        "",
                        {},
                        "choose a target with more memory channels"});
  }
  return problems;
}

}  // namespace st
