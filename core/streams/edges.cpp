// SPDX-License-Identifier: Apache-2.0
#include "core/streams/edges.h"

#include <algorithm>
#include <set>

#include "core/dataflow/kernel_record.h"

namespace st {

Edges::Edges(const Program& program)
    : writer(program.tensors.size()), readers(program.tensors.size()) {
  for (KernelId k = 0; k < static_cast<KernelId>(program.kernels.size()); ++k) {
    const Kernel& kernel = program.kernels[k];
    for (size_t o = 0; o < kernel.outputs.size(); ++o) writer[kernel.outputs[o].tensor] = {k, o};
    for (size_t i = 0; i < kernel.inputs.size(); ++i)
      readers[kernel.inputs[i].tensor].push_back({k, i});
  }
}

Port& reading(Program& program, const End& end) {
  return program.kernels[end.kernel].inputs[end.port];
}
Port& writing(Program& program, const End& end) {
  return program.kernels[end.kernel].outputs[end.port];
}

FreshNames::FreshNames(const Program& program) {
  for (int g = 0; g < program.groups; ++g) names_.unique(group_name(g));
  for (const Memory& memory : program.memories) names_.unique(memory.name);
  for (const Kernel& kernel : program.kernels) names_.unique(kernel.name);
}

TensorId copy_of(Program& program, TensorId tensor, std::string name) {
  program.tensors.push_back(program.tensors[tensor]);
  program.tensors.back().name = std::move(name);
  return static_cast<TensorId>(program.tensors.size()) - 1;
}

void sort_kernels(Program& program) {
  const Edges edges(program);
  const auto count = static_cast<KernelId>(program.kernels.size());
  std::vector<int> waiting(program.kernels.size(), 0);
  for (KernelId k = 0; k < count; ++k) {
    for (const Port& port : program.kernels[k].inputs)
      waiting[k] += edges.writer[port.tensor].kernel >= 0;
  }
  // Groups only read from earlier ones, so all of a group can come before the next one.
  std::set<std::pair<int, KernelId>> ready;
  for (KernelId k = 0; k < count; ++k) {
    if (waiting[k] == 0) ready.insert({program.kernels[k].group, k});
  }
  std::vector<Kernel> sorted;
  while (!ready.empty()) {
    const KernelId k = ready.begin()->second;
    ready.erase(ready.begin());
    for (const Port& port : program.kernels[k].outputs) {
      for (const End& reader : edges.readers[port.tensor]) {
        if (--waiting[reader.kernel] == 0)
          ready.insert({program.kernels[reader.kernel].group, reader.kernel});
      }
    }
    sorted.push_back(std::move(program.kernels[k]));
  }
  program.kernels = std::move(sorted);
}

std::vector<int64_t> pace_of_groups(const Program& program) {
  std::vector<int64_t> pace(static_cast<size_t>(program.groups), 1);
  for (const Kernel& kernel : program.kernels) {
    int64_t& slowest = pace[static_cast<size_t>(kernel.group)];
    slowest = std::max(slowest, cost_of(program, kernel).row_cycles);
  }
  return pace;
}

int64_t slack(int64_t pace) {
  // Of our own choice: a group that is 2 % slower for buffers of half the size.
  constexpr int64_t Part = 50;
  return pace / Part;
}

}  // namespace st
