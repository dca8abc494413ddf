// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "core/dataflow/units.h"
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

/// What all loaders of a program share.
struct Shared {
  explicit Shared(const Program& program) : names(program) {
    for (const Kernel& kernel : program.kernels) {
      for (const Port& port : kernel.outputs) loaded.insert(port.tensor);
    }
  }
  FreshNames names;
  std::set<TensorId> loaded;  ///< those of the shared engine have loaders already
  std::set<TensorId> taken;   ///< parameters that kernels read by now, in whatever group
};

/// The loaders of some kernels of one group, which work at the same time of a launch.
class Loaders {
 public:
  /// `files`: the parameter files of the kernels' compute unit, which its groups use in turn.
  Loaders(Program& program, Shared& shared, std::vector<MemoryId>& files,
          std::vector<KernelId> kernels)
      : program_(program),
        shared_(shared),
        files_(files),
        kernels_(std::move(kernels)),
        group_(program.kernels[kernels_.at(0)].group) {}

  Status run(int most_ports) {
    std::vector<Need> needs = needs_of_group();
    if (needs.empty()) return {};
    const int ports = std::max(1, std::min(most_ports, static_cast<int>(needs.size())));
    if (const size_t at_once = most_matrices(needs); at_once > static_cast<size_t>(ports)) {
      return Diagnostic{"E0403",
                        "group " + std::to_string(group_) + " has too few ports for parameters",
                        "",
                        {"one linear layer takes " + std::to_string(at_once) +
                             " streams of weights, each from a port of its own",
                         std::to_string(ports) + " ports are left for parameters"},
                        "choose fewer streams for it, or more with --parameter-ports"};
    }
    for (size_t p = 0; p < static_cast<size_t>(ports); ++p) add_loader(p);
    for (size_t n = 0; n < needs.size(); ++n) {
      // A kernel takes a beat of each of its matrices at once: from loaders of their own, of which
      // none makes it wait for what another one has still to send.
      std::set<size_t> busy;
      for (size_t m = n; m-- > 0 && needs[m].reader.kernel == needs[n].reader.kernel;)
        if (needs[m].matrix && needs[n].matrix) busy.insert(loader_of_[m]);
      std::optional<size_t> best;
      for (size_t l = 0; l < loaders_.size(); ++l) {
        if (busy.count(l) == 0 && (!best || loaders_[l].words < loaders_[*best].words)) best = l;
      }
      loader_of_.push_back(best.value());
      serve(loaders_[*best], needs[n]);
    }
    return {};
  }

 private:
  struct Loader {
    KernelId kernel = -1;
    int64_t words = 0;  ///< of a row
  };

  std::vector<Need> needs_of_group() {
    std::vector<Need> needs;
    for (KernelId k : kernels_) {
      for (size_t i = 0; i < program_.kernels[k].inputs.size(); ++i) {
        const Port& port = program_.kernels[k].inputs[i];
        if (!program_.tensors[port.tensor].constant || shared_.loaded.contains(port.tensor))
          continue;
        const int64_t per_word = beats_per_word(port.type.beat_bits());
        needs.push_back({{k, i},
                         (beats_per_row(program_, port.type) + per_word - 1) / per_word,
                         port.type.itensor.elem.size() > 1});
      }
    }
    return needs;
  }

  void add_loader(size_t file) {
    if (file == files_.size()) {
      Memory memory;
      memory.role = MemoryRole::Parameters;
      const auto parameter_files =
          std::count_if(program_.memories.begin(), program_.memories.end(),
                        [](const Memory& m) { return m.role == MemoryRole::Parameters; });
      memory.name = shared_.names.unique("params" + std::to_string(parameter_files));
      program_.memories.push_back(memory);
      files_.push_back(static_cast<MemoryId>(program_.memories.size()) - 1);
    }
    Kernel loader;
    loader.kind = "load_params";
    stand_with(program_.kernels[kernels_[0]], loader);
    if (program_.layers.streamed) loader.instance = "load_" + program_.memories[files_[file]].name;
    loader.memories = {files_[file]};
    loader.name = shared_.names.unique("load_" + program_.memories[files_[file]].name);
    program_.kernels.push_back(std::move(loader));
    loaders_.push_back({static_cast<KernelId>(program_.kernels.size()) - 1, 0});
  }

  /// A parameter that several kernels read is a tensor of its own for each: their streams differ.
  void serve(Loader& loader, const Need& need) {
    Port& port = reading(program_, need.reader);
    if (!shared_.taken.insert(port.tensor).second) port.tensor = copy_of(program_, port.tensor);
    Kernel& kernel = program_.kernels[loader.kernel];
    kernel.outputs.push_back({port.tensor, port.type, -1});
    program_.memories[kernel.memories[0]].segments.push_back(
        {port.tensor, -1, port.type, 0, need.words, kernel.layered});
    loader.words += need.words;
  }

  Program& program_;
  Shared& shared_;
  std::vector<MemoryId>& files_;
  std::vector<KernelId> kernels_;
  int group_;
  std::vector<Loader> loaders_;
  std::vector<size_t> loader_of_;  ///< of each need
};

/// Segments one behind the other, those of each layer last, and the size that follows.
void lay_out(Memory& memory, int64_t layers) {
  const auto first = std::stable_partition(memory.segments.begin(), memory.segments.end(),
                                           [](const Segment& s) { return !s.layered; });
  memory.copies = first == memory.segments.end() ? 1 : layers;
  int64_t words = 0;
  for (Segment& segment : memory.segments) {
    segment.first_word = words;
    words += segment.words;
  }
  memory.bytes = bytes_of(memory);
}

/// Where layers are streamed: kernels of a unit that work at the same time have a loader for the
/// small parameters of theirs, and those of a unit share its file. Weights have loaders already.
Status load_streamed(Program& program) {
  Shared shared(program);
  for (const Unit& unit : units_of(program)) {
    std::vector<MemoryId> files;
    std::map<std::pair<bool, bool>, std::vector<KernelId>> parts;
    for (const KernelId k : kernels_of(program, unit)) {
      const Kernel& kernel = program.kernels[k];
      parts[{kernel.behind, kernel.layered}].push_back(k);
    }
    for (const auto& [when, kernels] : parts)
      ST_CHECK(Loaders(program, shared, files, kernels).run(1));
    for (const MemoryId file : files) lay_out(program.memories[file], program.layers.count);
  }
  sort_kernels(program);
  return {};
}

}  // namespace

Status load_parameters(Program& program, int most_ports, int max_ports) {
  if (program.layers.streamed) return load_streamed(program);
  Shared shared(program);
  for (const Unit& unit : units_of(program)) {
    const int others = static_cast<int>(pointer_arguments(program, unit).size());
    const int ports = std::min(most_ports, max_ports - others);
    std::vector<MemoryId> files;
    for (const int group : unit.groups) {
      const std::vector<KernelId> kernels = program.kernels_of(group);
      if (!kernels.empty()) ST_CHECK(Loaders(program, shared, files, kernels).run(ports));
    }
    for (const MemoryId file : files) lay_out(program.memories[file], program.layers.count);
  }
  sort_kernels(program);
  return {};
}

}  // namespace st
