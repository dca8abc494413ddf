// SPDX-License-Identifier: Apache-2.0
#include "core/resources/memory_traffic.h"
#include "core/dataflow/units.h"

#include <algorithm>

namespace st {
namespace {

constexpr int64_t WordBytes = WordBits / 8;
constexpr double MostTraffic = static_cast<double>(int64_t{1} << 50);

/// Bytes that a kernel moves when it works once.
double moved_by(const Program& program, const Kernel& kernel, const Memory& memory) {
  const auto rows = static_cast<double>(program.max_sequence);
  const auto bytes = static_cast<double>(memory.bytes) / static_cast<double>(memory.copies);
  const auto row_bytes = static_cast<double>(memory.words_per_row() * WordBytes);
  switch (memory.role) {
    case MemoryRole::Parameters: {
      double words = 0;
      for (const Port& port : kernel.outputs) {
        if (const Segment* segment = find_segment(memory, port.tensor))
          words += static_cast<double>(segment->words);
      }
      return words * static_cast<double>(WordBytes) * rows;
    }
    case MemoryRole::Table:
      return row_bytes * rows;
    case MemoryRole::Cache:
      // Of a row that all positions share, each head writes the word of its last one.
      if (kernel.kind == "cache_scales")
        return (static_cast<double>(WordBytes * kernel.sizes.at("Heads")) +
                bytes * static_cast<double>(kernel.sizes.at("Repeat"))) *
               rows;
      return (row_bytes * static_cast<double>(kernel.sizes.at("Heads")) +
              bytes * static_cast<double>(kernel.sizes.at("Repeat"))) *
             rows;
    case MemoryRole::Input:
    case MemoryRole::Output:
    case MemoryRole::Activation:
      break;
  }
  return bytes;
}

}  // namespace

int64_t bytes_per_launch(const Program& program, MemoryId m) {
  double moved = 0;
  for (const Kernel& kernel : program.kernels) {
    const auto uses = std::count(kernel.memories.begin(), kernel.memories.end(), m);
    if (uses > 0) {
      const int64_t runs = kernel.layered ? program.layers.count : 1;
      moved += static_cast<double>(uses * runs) *
               moved_by(program, kernel, program.memories[static_cast<size_t>(m)]);
    }
  }
  return static_cast<int64_t>(std::min(moved, MostTraffic));
}

std::vector<ChannelsOfKind> channel_problems_of(const Program& program, const Target& target) {
  std::vector<std::vector<int>> units_of_memory(program.memories.size());
  const std::vector<Unit> units = units_of(program);
  for (size_t unit = 0; unit < units.size(); ++unit) {
    for (const MemoryId m : memories_of(program, units[unit]))
      units_of_memory[static_cast<size_t>(m)].push_back(static_cast<int>(unit));
  }
  const auto problem_of = [&](const DeviceMemory& kind) {
    ChannelsOfKind made;
    made.problem.device = target.name;
    made.problem.channels = kind.count();
    made.problem.channel_bytes = kind.channel_bytes();
    made.problem.total_bytes = kind.total_bytes();
    made.problem.most_ports = kind.max_ports();
    made.problem.channel_ports = kind.most_channel_ports();
    return made;
  };
  std::vector<ChannelsOfKind> kinds = {problem_of(target.memory)};
  for (size_t m = 0; m < program.memories.size(); ++m) {
    const Memory& memory = program.memories[m];
    const bool large = target.large_memory && memory.bytes > target.channel_bytes();
    if (large && kinds.size() == 1) {
      kinds.push_back(problem_of(*target.large_memory));
      kinds.back().first_channel = target.memory_channels();
    }
    ChannelsOfKind& kind = large ? kinds.back() : kinds.front();
    kind.memories.push_back(static_cast<MemoryId>(m));
    kind.problem.memories.push_back({memory.name, memory.bytes,
                                     bytes_per_launch(program, static_cast<MemoryId>(m)),
                                     units_of_memory[m]});
  }
  return kinds;
}

}  // namespace st
