// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "core/streams/edges.h"
#include "core/streams/streams.h"

namespace st {
namespace {

/// An input that wants a parameter, and the words of one row of its stream.
struct Need {
  End reader;
  int64_t words;
};

class Loaders {
 public:
  Loaders(Program& program, FreshNames& names, int group)
      : program_(program), names_(names), group_(group) {}

  void run(int most_ports, int max_ports) {
    std::vector<Need> needs = needs_of_group();
    if (needs.empty()) return;
    const int others = static_cast<int>(program_.memories_of(group_).size());
    const int ports =
        std::max(1, std::min({most_ports, max_ports - others, static_cast<int>(needs.size())}));
    const auto first = static_cast<KernelId>(program_.kernels.size());
    for (int p = 0; p < ports; ++p) add_loader();
    for (const Need& need : needs) {
      KernelId loader = first;
      for (KernelId k = first + 1; k < first + ports; ++k) {
        if (memory_of(k).bytes < memory_of(loader).bytes) loader = k;
      }
      serve(loader, need);
    }
  }

 private:
  std::vector<Need> needs_of_group() {
    std::vector<Need> needs;
    for (KernelId k : program_.kernels_of(group_)) {
      for (size_t i = 0; i < program_.kernels[k].inputs.size(); ++i) {
        const Port& port = program_.kernels[k].inputs[i];
        if (!program_.tensors[port.tensor].constant) continue;
        const int64_t per_word = beats_per_word(port.type.beat_bits());
        needs.push_back({{k, i}, (beats_per_row(program_, port.type) + per_word - 1) / per_word});
      }
    }
    return needs;
  }

  void add_loader() {
    Memory memory;
    memory.role = MemoryRole::Parameters;
    const auto parameter_files =
        std::count_if(program_.memories.begin(), program_.memories.end(),
                      [](const Memory& m) { return m.role == MemoryRole::Parameters; });
    memory.name = names_.unique("params" + std::to_string(parameter_files));
    program_.memories.push_back(memory);
    Kernel loader;
    loader.kind = "load_params";
    loader.name = names_.unique("load_" + memory.name);
    loader.group = group_;
    loader.memories = {static_cast<MemoryId>(program_.memories.size()) - 1};
    program_.kernels.push_back(std::move(loader));
  }

  Memory& memory_of(KernelId loader) {
    return program_.memories[program_.kernels[loader].memories[0]];
  }

  /// A parameter that several kernels read is a tensor of its own for each: their streams differ.
  void serve(KernelId loader, const Need& need) {
    Port& port = reading(program_, need.reader);
    if (!taken_.insert(port.tensor).second) port.tensor = copy_of(program_, port.tensor);
    program_.kernels[loader].outputs.push_back({port.tensor, port.type, -1});
    Memory& memory = memory_of(loader);
    memory.segments.push_back(
        {port.tensor, -1, port.type, memory.bytes / (WordBits / 8), need.words});
    memory.bytes += need.words * (WordBits / 8);
  }

  Program& program_;
  FreshNames& names_;
  int group_;
  std::set<TensorId> taken_;
};

}  // namespace

Status load_parameters(Program& program, int most_ports, int max_ports) {
  FreshNames names(program);
  for (int group = 0; group < program.groups; ++group)
    Loaders(program, names, group).run(most_ports, max_ports);
  sort_kernels(program);
  return {};
}

}  // namespace st
