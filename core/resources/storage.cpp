// SPDX-License-Identifier: Apache-2.0
#include "core/resources/storage.h"

#include <algorithm>
#include <set>

#include "core/dataflow/instances.h"
#include "core/dataflow/kernel_record.h"
#include "core/resources/kernel_resources.h"
#include "core/resources/shortage.h"
#include "core/support/shortfall.h"

namespace st {
namespace {

MemoryProblem::Item item_of(const Channel& channel) {
  const int64_t width = channel.type.beat_bits();
  return {.name = channel.name,
          .width_bits = width,
          .words = channel.depth,
          .fifo = true,
          .used_bits = width * channel.depth};
}

MemoryProblem::Item item_of(const Kernel& kernel, const Buffer& buffer) {
  return {.name = kernel.name + "." + std::string(buffer.name),
          .width_bits = buffer.width_bits,
          .words = buffer.words_per_bank(),
          .banks = buffer.banks * buffer.copies,
          .ports = buffer.two_reads ? MemoryPorts::TwoReadOrWrite : MemoryPorts::ReadAndWrite,
          .used_bits = buffer.bits()};
}

/// Memories as a problem, and where each one is from.
struct Memories {
  struct Owner {
    ChannelId channel = -1;
    KernelId kernel = -1;  ///< if it is no channel
    std::string array;
  };
  MemoryProblem problem;
  std::vector<Owner> owners;
  int64_t registers = 0;       ///< bits
  std::string most_registers;  ///< the kernel with most of them
  int64_t most = 0;            ///< its bits
};

/// Adds those of a group. FIFOs without a depth are left out, and so are arrays of an instance that
/// were counted before.
void add_memories(Memories& found, const Program& program, int group) {
  const std::vector<ChannelId> fifos = fifos_of(program);
  for (ChannelId c : program.channels_of(group)) {
    if (program.channels[c].depth < 1 || fifos[c] != c) continue;
    found.problem.items.push_back(item_of(program.channels[c]));
    found.owners.push_back({c, -1, ""});
  }
  for (KernelId k : distinct_hardware(program, program.kernels_of(group))) {
    const Kernel& kernel = program.kernels[k];
    int64_t registers = 0;
    for (const Buffer& buffer : buffers_of(program, kernel)) {
      if (buffer.in_registers()) {
        registers += buffer.bits();
        continue;
      }
      found.problem.items.push_back(item_of(kernel, buffer));
      found.owners.push_back({-1, k, std::string(buffer.name)});
    }
    found.registers += registers;
    if (registers > found.most) found.most_registers = kernel.name, found.most = registers;
  }
}

/// Writes the chosen kinds into the program; nodes of one instance have the same.
void apply(Program& program, const Memories& memories, const std::vector<MemoryKind>& kind) {
  for (Kernel& kernel : program.kernels) kernel.storage.clear();
  for (size_t i = 0; i < kind.size(); ++i) {
    const Memories::Owner& owner = memories.owners[i];
    if (owner.channel >= 0) {
      for (Channel& channel : program.channels) {
        if (fifo_name(channel) == fifo_name(program.channels[owner.channel]))
          channel.memory = kind[i];
      }
      continue;
    }
    const Kernel& first = program.kernels[owner.kernel];
    for (Kernel& kernel : program.kernels) {
      const bool shared =
          !first.instance.empty() && kernel.instance == first.instance && kernel.kind == first.kind;
      if (&kernel == &first || shared) kernel.storage[owner.array] = kind[i];
    }
  }
}

ResourceCounts less(ResourceCounts all, const ResourceCounts& part) {
  for (const ResourceKind& kind : ResourceKinds)
    all.*kind.count = std::max<int64_t>(0, all.*kind.count - part.*kind.count);
  return all;
}

/// What no device has needs no search.
Diagnostics beyond_any_device(const MemoryProblem& problem) {
  Diagnostics problems;
  for (const MemoryProblem::Item& item : problem.items) {
    if (item.words > MostItemBits / item.width_bits / item.banks)
      problems.push_back({"E0403",
                          "'" + printable(item.name) + "' is larger than any device",
                          "",
                          {std::to_string(item.words) + " words of " +
                           std::to_string(item.width_bits * item.banks) + " bits (predicted)"},
                          "choose smaller bounds with --dim"});
  }
  return problems;
}

}  // namespace

ResourceCounts counts_of(const MemoryCost& cost) {
  return {cost.lut, cost.ff, 0, cost.bram18, cost.uram};
}

ResourceCounts beside_storage(const Program& program) {
  ResourceCounts all = resources_of(program);
  for (int group = 0; group < program.groups; ++group)
    all = less(all, counts_of(storage_of(program, group).cost));
  return all;
}

MemoryCost fifo_of(const Channel& channel) {
  const bool built = channel.depth > 0 && fifo_name(channel) == channel.name;
  return built ? cost_of(item_of(channel), channel.memory) : MemoryCost();
}

MemoryCost fifos_behind(const Program& program, const Kernel& kernel) {
  MemoryCost total;
  for (const Port& port : kernel.outputs) {
    if (port.channel >= 0)
      accumulate(total, fifo_of(program.channels[static_cast<size_t>(port.channel)]));
  }
  return total;
}

MemoryCost arrays_in(const Program& program, const Kernel& kernel) {
  MemoryCost total;
  for (const Buffer& buffer : buffers_of(program, kernel)) {
    if (buffer.in_registers()) {
      total.ff += buffer.bits();
      continue;
    }
    const MemoryProblem::Item item = item_of(kernel, buffer);
    const auto chosen = kernel.storage.find(std::string(buffer.name));
    accumulate(total, cost_of(item, chosen == kernel.storage.end() ? preferred_kind(item)
                                                                   : chosen->second));
  }
  return total;
}

MemoryCost storage_of(const Program& program, const Kernel& kernel) {
  MemoryCost total = fifos_behind(program, kernel);
  accumulate(total, arrays_in(program, kernel));
  return total;
}

MemoryPlan storage_of(const Program& program, int group) {
  Memories memories;
  add_memories(memories, program, group);
  std::vector<MemoryKind> kinds;
  for (size_t i = 0; i < memories.owners.size(); ++i) {
    const Memories::Owner& owner = memories.owners[i];
    if (owner.channel >= 0) {
      kinds.push_back(program.channels[owner.channel].memory);
      continue;
    }
    const auto& storage = program.kernels[owner.kernel].storage;
    const auto chosen = storage.find(owner.array);
    kinds.push_back(chosen == storage.end() ? preferred_kind(memories.problem.items[i])
                                            : chosen->second);
  }
  MemoryPlan plan = plan_of(memories.problem, std::move(kinds));
  plan.cost.ff = memories.registers;
  return plan;
}

Status choose_memories(Program& program, const Target& target, const ResourceCounts& others) {
  Memories memories;
  for (int group = 0; group < program.groups; ++group) add_memories(memories, program, group);
  memories.problem.budget = target.budget();
  Diagnostics problems = beyond_any_device(memories.problem);
  if (!problems.empty()) return problems;
  const int64_t registers = target.budget().ff;
  if (memories.registers > registers) {
    problems.push_back(does_not_fit(
        target, {shortfall("FF of storage alone", memories.registers, registers) + "; '" +
                 memories.most_registers + "' takes most, " + std::to_string(memories.most)}));
  }
  Result<MemoryPlan> plan = choose_kinds(memories.problem);
  const ResourceCounts left = less(target.budget(), others);
  if (plan.ok() && !within(counts_of(plan->cost), left)) {
    // What is scarce beside the other needs of kernels is left to them, if that is possible.
    memories.problem.budget = left;
    Result<MemoryPlan> other = choose_kinds(memories.problem);
    if (other.ok())
      plan = std::move(other);
    else
      memories.problem.budget = target.budget();
  }
  if (!plan.ok()) {
    for (const Diagnostic& problem : plan.errors())
      problems.push_back(problem.code == "E0403" ? does_not_fit(target, problem.details) : problem);
    return problems;
  }
  ST_CHECK(verify(memories.problem, *plan));
  apply(program, memories, plan->kind);
  return problems;
}

std::string arrays_text(const Program& program, const Kernel& kernel) {
  std::string out;
  for (const Buffer& buffer : buffers_of(program, kernel)) {
    const auto chosen = kernel.storage.find(std::string(buffer.name));
    out += (out.empty() ? "" : ", ") + std::string(buffer.name);
    if (buffer.in_registers()) {
      out += " registers";
    } else if (chosen != kernel.storage.end()) {
      out += " " + std::string(name_of(chosen->second));
    }
  }
  return out;
}

}  // namespace st
