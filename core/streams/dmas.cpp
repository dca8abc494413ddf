// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <set>

#include "core/dataflow/units.h"
#include "core/streams/edges.h"
#include "core/streams/streams.h"
#include "core/support/shortfall.h"

namespace st {
namespace {

class Dmas {
 public:
  Dmas(Program& program, const std::set<TensorId>& outputs)
      : program_(program), outputs_(outputs), edges_(program), names_(program) {}

  void run() {
    const auto count = static_cast<TensorId>(program_.tensors.size());
    for (TensorId t = 0; t < count; ++t) {
      const LayerWalk& walk = program_.layers;
      if (program_.tensors[t].constant || t == walk.carried || t == walk.exit ||
          (edges_.writer[t].kernel < 0 && edges_.readers[t].empty()))
        continue;
      const int home =
          edges_.writer[t].kernel < 0 ? -1 : program_.kernels[edges_.writer[t].kernel].group;
      // Readers by group and part of the walk; loads of one group share a port.
      std::map<Place, std::vector<End>> elsewhere;
      for (const End& reader : edges_.readers[t]) {
        const Kernel& kernel = program_.kernels[reader.kernel];
        if (kernel.group != home) elsewhere[place_of(kernel)].push_back(reader);
      }
      const bool unread = edges_.readers[t].empty() && t != walk.entry && t != walk.next;
      if (home >= 0 && elsewhere.empty() && !unread && outputs_.count(t) == 0) continue;
      const StreamType type = home >= 0 ? writing(program_, edges_.writer[t]).type
                                        : reading(program_, edges_.readers[t][0]).type;
      const MemoryRole made = outputs_.count(t) != 0 ? MemoryRole::Output : MemoryRole::Activation;
      const MemoryId memory = add_memory(home < 0 ? MemoryRole::Input : made, t, type);
      if (home >= 0)
        add_store(t, type, memory, place_of(program_.kernels[edges_.writer[t].kernel]));
      for (const auto& [place, readers] : elsewhere) {
        const TensorId copy = add_load(t, type, memory, place);
        for (const End& reader : readers) reading(program_, reader).tensor = copy;
      }
    }
    if (program_.layers.folded() && !program_.layers.streamed) hand_on();
    sort_kernels(program_);
  }

 private:
  /// Where a kernel works: kernels of one place may share a load.
  struct Place {
    int group = 0;
    bool layered = false, behind = false;
    std::string unit;
    auto operator<=>(const Place&) const = default;
  };
  [[nodiscard]] Place place_of(const Kernel& kernel) const {
    if (!program_.layers.streamed)
      return {kernel.group, is_layered(program_, kernel.group), false, ""};
    return {kernel.group, kernel.layered, kernel.behind, kernel.unit};
  }

  /// What folded layers hand on goes through a memory of two copies: a layer reads the one that the
  /// layer before wrote, or what stands before the layers.
  void hand_on() {
    const LayerWalk walk = program_.layers;
    const StreamType type = writing(program_, edges_.writer[walk.entry]).type;
    const MemoryId memory = add_memory(MemoryRole::Activation, walk.entry, type);
    program_.memories[memory].copies = 2;
    program_.memories[memory].bytes = bytes_of(program_.memories[memory]);
    for (const TensorId t : {walk.entry, walk.next}) {
      const End& writer = edges_.writer[t];
      add_store(t, type, memory, place_of(program_.kernels[writer.kernel]));
    }
    for (const TensorId t : {walk.carried, walk.exit}) {
      std::map<Place, std::vector<End>> readers;
      for (const End& reader : edges_.readers[t])
        readers[place_of(program_.kernels[reader.kernel])].push_back(reader);
      for (const auto& [place, ends] : readers) {
        const TensorId copy = add_load(t, type, memory, place);
        for (const End& reader : ends) reading(program_, reader).tensor = copy;
      }
    }
  }

  MemoryId add_memory(MemoryRole role, TensorId tensor, const StreamType& type) {
    Memory memory;
    memory.name = names_.unique(program_.tensors[tensor].name);
    memory.role = role;
    memory.tensor = tensor;
    memory.dtype = type.itensor.dtype;
    memory.lanes = type.lanes;
    memory.beats = beats_per_row(program_, type);
    const Extent& rows = program_.tensors[tensor].shape[0];
    const bool of_results = program_.layers.streamed && rows == Extent(1);
    memory.rows = of_results ? 1 : program_.max_sequence;
    memory.bytes = bytes_of(memory);
    program_.memories.push_back(memory);
    return static_cast<MemoryId>(program_.memories.size()) - 1;
  }

  Kernel& add_kernel(const char* kind, const std::string& name, MemoryId memory,
                     const Place& place) {
    Kernel kernel;
    kernel.kind = kind;
    kernel.name = names_.unique(name);
    kernel.group = place.group;
    kernel.layered = place.layered;
    kernel.behind = place.behind;
    kernel.unit = place.unit;
    kernel.memories = {memory};
    kernel.sizes = {{"L", program_.memories[memory].lanes},
                    {"Beats", program_.memories[memory].beats}};
    program_.kernels.push_back(std::move(kernel));
    return program_.kernels.back();
  }

  void add_store(TensorId tensor, const StreamType& type, MemoryId memory, const Place& place) {
    add_kernel("store_rows", "store_" + program_.tensors[tensor].name, memory, place).inputs = {
        {tensor, type, -1}};
  }

  TensorId add_load(TensorId tensor, const StreamType& type, MemoryId memory, const Place& place) {
    const TensorId copy = copy_of(program_, tensor);
    add_kernel("load_rows", "load_" + program_.tensors[tensor].name, memory, place).outputs = {
        {copy, type, -1}};
    return copy;
  }

  Program& program_;
  const std::set<TensorId>& outputs_;  ///< that the host reads
  const Edges edges_;
  FreshNames names_;
};

}  // namespace

Status materialise_dmas(Program& program, const std::set<TensorId>& outputs, int max_ports) {
  Dmas(program, outputs).run();
  Diagnostics problems;
  // Where layers are streamed memories share ports, which are counted when they have channels.
  if (program.layers.streamed) return problems;
  for (const Unit& unit : units_of(program)) {
    bool parameters = false;
    for (const Kernel& kernel : program.kernels) {
      if (std::find(unit.groups.begin(), unit.groups.end(), kernel.group) == unit.groups.end())
        continue;
      for (const Port& port : kernel.inputs)
        parameters = parameters || program.tensors[port.tensor].constant != nullptr;
    }
    const int ports =
        static_cast<int>(pointer_arguments(program, unit).size()) + (parameters ? 1 : 0);
    if (ports <= max_ports) continue;
    problems.push_back(
        {"E0403",
         shortfall("memory ports of " + unit.name, ports, max_ports, "the target has"),
         "",
         {},
         "choose a target with more memory channels"});
  }
  return problems;
}

}  // namespace st
