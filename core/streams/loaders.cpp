// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <set>

#include "core/streams/edges.h"
#include "core/streams/streams.h"

namespace st {
namespace {

/// An input that wants a parameter, and the words of one row of its stream.
struct Need {
  End reader;
  int64_t words;
  bool matrix;
};

/// The most matrices that one kernel takes at once.
size_t most_matrices(const std::vector<Need>& needs) {
  std::map<KernelId, size_t> matrices;
  size_t most = 1;
  for (const Need& need : needs)
    if (need.matrix) most = std::max(most, ++matrices[need.reader.kernel]);
  return most;
}

class Loaders {
 public:
  /// `taken`: parameters that kernels read by now, in whatever group.
  Loaders(Program& program, FreshNames& names, std::set<TensorId>& taken, int group)
      : program_(program), names_(names), taken_(taken), group_(group) {}

  Status run(int most_ports, int max_ports) {
    std::vector<Need> needs = needs_of_group();
    if (needs.empty()) return {};
    const int others = static_cast<int>(program_.memories_of(group_).size());
    const int ports =
        std::max(1, std::min({most_ports, max_ports - others, static_cast<int>(needs.size())}));
    if (const size_t at_once = most_matrices(needs); at_once > static_cast<size_t>(ports)) {
      return Diagnostic{"E0403",
                        "group " + std::to_string(group_) + " has too few ports for parameters",
                        "",
                        {"one linear layer takes " + std::to_string(at_once) +
                             " streams of weights, each from a port of its own",
                         std::to_string(ports) + " ports are left for parameters"},
                        "choose fewer streams for it, or more with --parameter-ports"};
    }
    const auto first = static_cast<KernelId>(program_.kernels.size());
    for (int p = 0; p < ports; ++p) add_loader();
    for (size_t n = 0; n < needs.size(); ++n) {
      // A kernel takes a beat of each of its matrices at once: from loaders of their own, of which
      // none makes it wait for what another one has still to send.
      std::set<KernelId> busy;
      for (size_t m = n; m-- > 0 && needs[m].reader.kernel == needs[n].reader.kernel;)
        if (needs[m].matrix && needs[n].matrix) busy.insert(loader_of_[m]);
      KernelId loader = -1;
      for (KernelId k = first; k < first + ports; ++k) {
        if (busy.count(k) != 0) continue;
        if (loader < 0 || memory_of(k).bytes < memory_of(loader).bytes) loader = k;
      }
      loader_of_.push_back(loader);
      serve(loader, needs[n]);
    }
    return {};
  }

 private:
  std::vector<Need> needs_of_group() {
    std::vector<Need> needs;
    for (KernelId k : program_.kernels_of(group_)) {
      for (size_t i = 0; i < program_.kernels[k].inputs.size(); ++i) {
        const Port& port = program_.kernels[k].inputs[i];
        if (!program_.tensors[port.tensor].constant) continue;
        const int64_t per_word = beats_per_word(port.type.beat_bits());
        needs.push_back({{k, i},
                         (beats_per_row(program_, port.type) + per_word - 1) / per_word,
                         port.type.itensor.elem.size() > 1});
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
  std::set<TensorId>& taken_;
  int group_;
  std::vector<KernelId> loader_of_;  ///< of each need
};

}  // namespace

Status load_parameters(Program& program, int most_ports, int max_ports) {
  FreshNames names(program);
  std::set<TensorId> taken;
  for (int group = 0; group < program.groups; ++group)
    ST_CHECK(Loaders(program, names, taken, group).run(most_ports, max_ports));
  sort_kernels(program);
  return {};
}

}  // namespace st
