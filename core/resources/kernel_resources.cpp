// SPDX-License-Identifier: Apache-2.0
#include "core/resources/kernel_resources.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/dataflow/instances.h"
#include "core/dataflow/kernel_record.h"
#include "core/resources/memory.h"
#include "core/resources/storage.h"

namespace st {
namespace {

/// An m_axi adapter.
struct Adapter {
  int bits;
  int64_t lut, ff, blocks;  ///< BRAM18 of either direction
};
/// csynth, Vitis HLS 2023.2, xcu280: adapters that read and write. Their buffers hold as many words
/// as ours ask for: 8 bursts of 64 instead of 16 of 16 fit the same blocks, 15 of 36 bits in either
/// direction for a word. csynth counts both directions where only one is used; the blocks of the
/// other one have no writer, and place and route drops them (to be confirmed by an implementation).
/// Logic is left as csynth counts it.
constexpr Adapter Adapters[] = {{32, 720, 696, 1},
                                {64, 966, 878, 2},
                                {128, 1117, 1181, 4},
                                {256, 1644, 1963, 8},
                                {512, 2695, 3521, 15}};
/// A buffer of 2 bursts of 16 beats is shift registers: a LUT for each bit of a beat, with its
/// strobes (reasoned from the geometry, not seen in a report).
constexpr int64_t short_bursts(int bits) { return bits + bits / 8; }
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

/// What a kernel, or several that share it, do through a memory port.
struct PortUse {
  bool reads = false, writes = false;
  bool writes_little = false;  ///< a position of a striped cache, in short bursts
  int bits = 0;
  PortUse& operator|=(const PortUse& other) {
    reads = reads || other.reads;
    writes = writes || other.writes;
    writes_little = writes_little || other.writes_little;
    bits = std::max(bits, other.bits);
    return *this;
  }
  [[nodiscard]] ResourceCounts adapter() const {
    const Adapter& adapter = *std::find_if(std::begin(Adapters), std::end(Adapters) - 1,
                                           [&](const Adapter& each) { return each.bits >= bits; });
    ResourceCounts taken;
    taken.lut = adapter.lut + (writes_little ? short_bursts(bits) : 0);
    taken.ff = adapter.ff;
    taken.bram18 = adapter.blocks * (int64_t{reads} + int64_t{writes});
    return taken;
  }
};

PortUse port_use(const Program& program, const Kernel& kernel, MemoryId m) {
  const bool stores = kernel.kind == "store_rows" || kernel.kind == "store_position";
  const bool little = kernel.kind == "store_position";
  return {!stores, !little && (stores || is_cache(kernel)), little,
          program.memories[static_cast<size_t>(m)].port_bits};
}

/// Adapters of some groups' ports, and the control registers of their pointers.
ResourceCounts ports_of(const Program& program, const std::vector<int>& groups) {
  std::map<std::string, PortUse> uses;
  for (const int group : groups) {
    for (KernelId k : program.kernels_of(group)) {
      const Kernel& kernel = program.kernels[static_cast<size_t>(k)];
      for (const MemoryId m : kernel.memories)
        uses[argument_name(program, kernel, m)] |= port_use(program, kernel, m);
    }
  }
  ResourceCounts total;
  for (const auto& [pointer, use] : uses) {
    total += use.adapter();
    total += ControlPointer;
  }
  return total;
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

ResourceCounts& operator-=(ResourceCounts& a, const ResourceCounts& b) {
  for (const ResourceKind& kind : ResourceKinds) a.*kind.count -= b.*kind.count;
  return a;
}

ResourceCounts resources_of(const Datapath& datapath) {
  ResourceCounts total;
  for (const OperatorUse& use : datapath.uses) add(total, cost_of(use.op), use.operators());
  return total;
}

namespace {

/// A kernel without FIFOs and adapters.
ResourceCounts body_of(const Program& program, const Kernel& kernel) {
  ResourceCounts total = resources_of(datapath_of(program, kernel));
  add(total, cost_of(Operator::IntAdd), loops_in(nest_of(program, kernel)));
  // A beat on its way in or out is held in registers.
  for (const Port& port : kernel.inputs) total.ff += port.type.beat_bits();
  for (const Port& port : kernel.outputs) total.ff += port.type.beat_bits();
  total += counts_of(arrays_in(program, kernel));
  return total;
}

}  // namespace

ResourceCounts resources_of(const Program& program, const std::vector<KernelId>& kernels) {
  ResourceCounts total;
  for (const KernelId k : distinct_hardware(program, kernels))
    total += body_of(program, program.kernels[static_cast<size_t>(k)]);
  std::map<std::string, PortUse> ports;
  for (const KernelId k : kernels) {
    const Kernel& kernel = program.kernels[static_cast<size_t>(k)];
    total += counts_of(fifos_behind(program, kernel));
    for (const MemoryId m : kernel.memories) {
      const Memory& memory = program.memories[static_cast<size_t>(m)];
      ports[memory.port.empty() ? argument_name(program, kernel, m) : memory.port] |=
          port_use(program, kernel, m);
    }
  }
  for (const auto& [port, use] : ports) total += use.adapter();
  return total;
}

ResourceCounts resources_of(const Program& program, const Kernel& kernel) {
  ResourceCounts total = body_of(program, kernel);
  total += counts_of(fifos_behind(program, kernel));
  for (const MemoryId m : kernel.memories) total += port_use(program, kernel, m).adapter();
  return total;
}

ResourceCounts control_resources(const Program& program, int group) {
  ResourceCounts total = ControlBase;
  for (size_t m = 0; m < program.memories_of(group).size(); ++m) total += ControlPointer;
  return total;
}

ResourceCounts resources_of(const Program& program, int group) {
  if (program.layers.streamed) return resources_of(program);
  ResourceCounts total = control_resources(program, group);
  for (KernelId k : distinct_hardware(program, program.kernels_of(group)))
    total += resources_of(program, program.kernels[static_cast<size_t>(k)]);
  return total;
}

ResourceCounts resources_of(const Program& program, const Unit& unit) {
  if (program.layers.streamed) {
    ResourceCounts all = resources_of(program, kernels_of(program, unit));
    all += ControlBase;
    for (size_t p = 0; p < pointer_arguments(program, unit).size(); ++p) all += ControlPointer;
    return all;
  }
  ResourceCounts total;
  if (unit.slr >= 0) {
    total = ControlBase;
    for (size_t p = 0; p < pointer_arguments(program, unit).size(); ++p) total += ControlPointer;
    for (const KernelId k : kernels_of(program, unit))
      total += resources_of(program, program.kernels[static_cast<size_t>(k)]);
    return total;
  }
  for (const int group : unit.groups) total += resources_of(program, group);
  if (unit.groups.size() < 2) return total;
  // Groups of one unit run one after another, and have one adapter for a pointer of all of them.
  ResourceCounts counted;
  for (const int group : unit.groups) counted += ports_of(program, {group});
  const ResourceCounts shared = ports_of(program, unit.groups);
  for (const ResourceKind& kind : ResourceKinds)
    total.*kind.count -= counted.*kind.count - shared.*kind.count;
  return total;
}

ResourceCounts resources_of(const Program& program) {
  ResourceCounts total;
  for (const Unit& unit : units_of(program)) total += resources_of(program, unit);
  return total;
}

}  // namespace st
