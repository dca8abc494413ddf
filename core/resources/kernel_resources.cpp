// SPDX-License-Identifier: Apache-2.0
#include "core/resources/kernel_resources.h"

#include <algorithm>
#include <set>

#include "core/dataflow/kernel_record.h"
#include "core/resources/memory.h"
#include "core/resources/storage.h"

namespace st {
namespace {

/// csynth, Vitis HLS 2023.2, xcu280: an m_axi adapter of 512 bits, read and write. Its buffers hold
/// as many words as ours ask for: 8 bursts of 64 instead of 16 of 16 in either direction fit the
/// same blocks.
constexpr ResourceCounts MemoryPort = {.lut = 2695, .ff = 3521, .dsp = 0, .bram18 = 30, .uram = 0};
/// csynth, Vitis HLS 2023.2: an s_axilite interface without arguments, and what it grows by with
/// each pointer (32 of them: 4136 LUT, 2276 FF).
constexpr ResourceCounts ControlBase = {.lut = 40, .ff = 36, .dsp = 0, .bram18 = 0, .uram = 0};
constexpr ResourceCounts ControlPointer = {.lut = 128, .ff = 70, .dsp = 0, .bram18 = 0, .uram = 0};

/// Loops of a nest: each has a counter.
int64_t loops_in(const Nest& nest) {
  int64_t loops = 0;
  for (const NestItem& item : nest) loops += item.is_loop() ? 1 + loops_in(item.items) : 0;
  return loops;
}

void add(ResourceCounts& total, const OperatorCost& cost, int64_t times) {
  total.lut += cost.lut * times;
  total.ff += cost.ff * times;
  total.dsp += cost.dsp * times;
}

}  // namespace

ResourceCounts& operator+=(ResourceCounts& a, const ResourceCounts& b) {
  for (const ResourceKind& kind : ResourceKinds) a.*kind.count += b.*kind.count;
  return a;
}

ResourceCounts resources_of(const Datapath& datapath) {
  ResourceCounts total;
  for (const OperatorUse& use : datapath.uses) add(total, cost_of(use.op), use.operators());
  return total;
}

ResourceCounts resources_of(const Program& program, const Kernel& kernel) {
  ResourceCounts total = resources_of(datapath_of(program, kernel));
  add(total, cost_of(Operator::IntAdd), loops_in(nest_of(program, kernel)));
  // A beat on its way in or out is held in registers.
  for (const Port& port : kernel.inputs) total.ff += port.type.beat_bits();
  for (const Port& port : kernel.outputs) total.ff += port.type.beat_bits();
  const MemoryCost storage = storage_of(program, kernel);
  total += {storage.lut, storage.ff, 0, storage.bram18, storage.uram};
  for (size_t m = 0; m < kernel.memories.size(); ++m) total += MemoryPort;
  return total;
}

ResourceCounts control_resources(const Program& program, int group) {
  ResourceCounts total = ControlBase;
  for (size_t m = 0; m < program.memories_of(group).size(); ++m) total += ControlPointer;
  return total;
}

ResourceCounts resources_of(const Program& program, int group) {
  ResourceCounts total = control_resources(program, group);
  std::set<std::string> instances;
  for (KernelId k : program.kernels_of(group)) {
    const Kernel& kernel = program.kernels[static_cast<size_t>(k)];
    if (kernel.instance.empty() || instances.insert(kernel.instance).second)
      total += resources_of(program, kernel);
  }
  return total;
}

ResourceCounts resources_of(const Program& program) {
  ResourceCounts total;
  for (int group = 0; group < program.groups; ++group) total += resources_of(program, group);
  return total;
}

}  // namespace st
