// SPDX-License-Identifier: Apache-2.0
#include "backends/xclbin/description.h"
#include "core/dataflow/units.h"

namespace st::xclbin {
namespace {

void add_banks(const DeviceMemory& memory, uint64_t base, Description& design, const Target& t) {
  for (int c = 0; c < memory.count(); ++c) {
    MemoryBank bank;
    bank.tag = t.bank_name(static_cast<int>(design.banks.size()));
    bank.hbm = memory.tag == "HBM";
    bank.bytes = static_cast<uint64_t>(memory.channel_bytes());
    bank.base = base + static_cast<uint64_t>(c) * bank.bytes;
    design.banks.push_back(bank);
  }
}

}  // namespace

Description describe(const Program& program, const Target& target) {
  Description design{target.platform, target.part, {}, {}};
  add_banks(target.memory, 0, design, target);
  if (target.large_memory) {
    const MemoryBank& last = design.banks.back();
    add_banks(*target.large_memory, last.base + last.bytes, design, target);
  }
  for (const Unit& unit : units_of(program)) {
    KernelPorts kernel{unit.name, {}};
    for (const PointerArgument& argument : pointer_arguments(program, unit)) {
      const int bank = program.memories[static_cast<size_t>(argument.memory)].channel;
      design.banks.at(static_cast<size_t>(bank)).used = true;
      kernel.arguments.push_back({argument.name, bank});
    }
    for (const std::string& length : launch_lengths(program)) kernel.arguments.push_back({length});
    for (const StreamArgument& stream : stream_arguments(program, unit))
      kernel.arguments.push_back(
          {program.channels[static_cast<size_t>(stream.channel)].name, -1, true});
    design.kernels.push_back(std::move(kernel));
  }
  return design;
}

}  // namespace st::xclbin
