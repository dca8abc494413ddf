// SPDX-License-Identifier: Apache-2.0
// What a program must have beyond verify() to become code.
#include <algorithm>
#include <set>

#include "core/dataflow/instances.h"
#include "core/dataflow/units.h"
#include "core/dataflow/verify.h"
#include "core/graph/sample.h"

namespace st {

Status verify_complete(const Program& program) {
  Diagnostics problems;
  auto report = [&](const std::string& where, const std::string& message) {
    problems.push_back(fault_of_program(where, message));
  };
  for (const Kernel& kernel : program.kernels) {
    for (const auto* ports : {&kernel.inputs, &kernel.outputs}) {
      for (const Port& port : *ports) {
        if (port.channel < 0) report(kernel.name, "a port has no channel");
      }
    }
  }
  std::set<std::string> instances;
  for (const Kernel& kernel : program.kernels) {
    if (!program.layers.streamed && !kernel.instance.empty() &&
        !instances.insert(kernel.instance).second)
      report(kernel.name, "instance '" + kernel.instance +
                              "' does the work of several kernels: code has an instance for each");
  }
  for (const Unit& unit : program.layers.streamed ? units_of(program) : std::vector<Unit>()) {
    bool cyclic = false;
    (void)in_stream_order(program, instances_of(program, kernels_of(program, unit)), &cyclic);
    if (cyclic)
      report(unit.name, "instances of one unit are a cycle: Vitis takes none in a region");
  }
  for (const Channel& channel : program.channels) {
    if (channel.depth < 1) report(channel.name, "the channel has no depth");
  }
  // Ids of tokens stay below the rows of their tables (vocabulary_of); positions are what they are.
  for (const Kernel& kernel : program.kernels) {
    if (kernel.kind != "gather_rows" ||
        program.tensors[kernel.inputs[0].tensor].name != "position_ids")
      continue;
    const int64_t rows = program.memories[kernel.memories[0]].rows;
    if (rows >= program.max_positions) continue;
    problems.push_back({"E0403",
                        "a table has " + std::to_string(rows) + " rows, the bounds give " +
                            std::to_string(program.max_positions) + " positions",
                        "node '" + printable(kernel.origin) + "'",
                        {},
                        "choose smaller bounds with --dim"});
  }
  std::set<MemoryId> stored;
  for (const Kernel& kernel : program.kernels) {
    if (kernel.kind == "store_rows") stored.insert(kernel.memories[0]);
  }
  for (size_t m = 0; m < program.memories.size(); ++m) {
    const Memory& memory = program.memories[m];
    if (memory.role == MemoryRole::Input) {
      const bool integers = memory.dtype == DType::I32 && memory.beats == 1 && memory.lanes == 1;
      const bool draws = memory.dtype == DType::F32 && memory.beats * memory.lanes == DrawWidth &&
                         memory.tensor >= 0 && program.tensors[memory.tensor].name == DrawsInput;
      if (!integers && !draws)
        report(memory.name, "an input is i32[sequence], or draws for sampling");
    }
    const bool made = memory.role == MemoryRole::Output || memory.role == MemoryRole::Activation;
    if (made && stored.count(static_cast<MemoryId>(m)) == 0)
      report(memory.name, "no kernel writes this " + std::string(name_of(memory.role)));
  }
  const bool answers =
      std::any_of(program.memories.begin(), program.memories.end(), [&](const Memory& memory) {
        return memory.role == MemoryRole::Output && program.tensors[memory.tensor].name == "logits";
      });
  if (!answers) report("program", "no output holds 'logits'");
  return problems;
}

}  // namespace st
