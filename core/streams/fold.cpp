// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/dataflow/kernels/elementwise.h"
#include "core/streams/edges.h"
#include "core/streams/streams.h"

namespace st {
namespace {

/// The operations of an elementwise kernel; none for others.
std::vector<std::string> operations(const Kernel& kernel) {
  if (kernel.kind == "map") return kernel.body;
  if (find_elementwise(kernel.kind) != nullptr) return {kernel.kind};
  return {};
}

bool commutes(const std::string& operation) {
  return operation == "add" || operation == "multiply";
}

/// The only reader of the kernel's only output, if it reads it as the value that its operations
/// start with, in the same beats; -1 otherwise.
KernelId successor(const Program& program, const Edges& edges, KernelId first) {
  const Kernel& kernel = program.kernels[first];
  const std::vector<End>& readers = edges.readers[kernel.outputs[0].tensor];
  if (readers.size() != 1) return -1;
  const Kernel& next = program.kernels[readers[0].kernel];
  const std::vector<std::string> more = operations(next);
  if (more.empty() || next.group != kernel.group || next.sizes != kernel.sizes) return -1;
  if (!kernel.instance.empty() || !next.instance.empty()) return -1;  // they share hardware already
  // Ports move when something was folded into the reader before.
  const auto port = std::find_if(next.inputs.begin(), next.inputs.end(), [&](const Port& p) {
    return p.tensor == kernel.outputs[0].tensor;
  });
  if (port->type != kernel.outputs[0].type) return -1;
  const bool starts =
      port == next.inputs.begin() || (port == next.inputs.begin() + 1 && commutes(more[0]));
  return starts ? readers[0].kernel : -1;
}

/// Makes `next` do the work of `first` as well.
void absorb(const Kernel& first, Kernel& next, TensorId between) {
  std::vector<std::string> body = operations(first);
  const std::vector<std::string> more = operations(next);
  body.insert(body.end(), more.begin(), more.end());
  std::vector<Port> inputs = first.inputs;
  for (const Port& port : next.inputs) {
    if (port.tensor != between) inputs.push_back(port);
  }
  next.kind = "map";
  next.body = std::move(body);
  next.inputs = std::move(inputs);
  next.origin = first.origin + ", " + next.origin;
}

}  // namespace

Status fold(Program& program) {
  const Edges edges(program);
  std::vector<bool> gone(program.kernels.size(), false);
  for (KernelId k = 0; k < static_cast<KernelId>(program.kernels.size()); ++k) {
    if (operations(program.kernels[k]).empty()) continue;
    const KernelId next = successor(program, edges, k);
    if (next < 0) continue;
    absorb(program.kernels[k], program.kernels[next], program.kernels[k].outputs[0].tensor);
    gone[k] = true;
  }
  std::vector<Kernel> left;
  for (size_t k = 0; k < program.kernels.size(); ++k) {
    if (!gone[k]) left.push_back(std::move(program.kernels[k]));
  }
  program.kernels = std::move(left);
  sort_kernels(program);
  return {};
}

}  // namespace st
