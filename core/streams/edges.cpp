// SPDX-License-Identifier: Apache-2.0
#include "core/streams/edges.h"

#include <algorithm>

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
  for (const std::string& name : reserved_names(program)) names_.unique(name);
  for (const Memory& memory : program.memories) names_.unique(memory.name);
  for (const Kernel& kernel : program.kernels) names_.unique(kernel.name);
}

void stand_with(const Kernel& other, Kernel& kernel) {
  kernel.group = other.group;
  kernel.layered = other.layered;
  kernel.behind = other.behind;
  kernel.unit = other.unit;
}

TensorId copy_of(Program& program, TensorId tensor) {
  DataTensor copy = program.tensors[tensor];
  copy.fed_back = false;
  copy.fifo.clear();
  program.tensors.push_back(copy);
  return static_cast<TensorId>(program.tensors.size()) - 1;
}

namespace {

/// Appends a kernel to `order`, what it reads before it.
void place(const Program& program, const Edges& edges, KernelId kernel, std::vector<bool>& placed,
           std::vector<KernelId>& order) {
  if (placed[static_cast<size_t>(kernel)]) return;
  placed[static_cast<size_t>(kernel)] = true;
  for (const Port& port : program.kernels[kernel].inputs) {
    const KernelId writer = edges.writer[port.tensor].kernel;
    if (writer >= 0 && !program.tensors[port.tensor].fed_back)
      place(program, edges, writer, placed, order);
  }
  order.push_back(kernel);
}

}  // namespace

void sort_kernels(Program& program) {
  const Edges edges(program);
  std::vector<bool> placed(program.kernels.size(), false);
  std::vector<KernelId> order;
  for (int group = 0; group < program.groups; ++group) {
    for (KernelId k : program.kernels_of(group)) place(program, edges, k, placed, order);
  }
  std::vector<Kernel> sorted;
  for (KernelId k : order) sorted.push_back(std::move(program.kernels[k]));
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
