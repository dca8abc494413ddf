// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <cstdint>
#include <iostream>
#include <memory>

#include "cli/build_directory.h"
#include "cli/commands.h"
#include "core/dataflow/kernel_record.h"
#include "core/packing/layout.h"
#include "core/resources/kernel_resources.h"
#include "core/resources/storage.h"

namespace st::cli {
namespace {

/// The packed type of a memory of rows; of a parameter file, that of its first constant that has
/// one.
std::string layout_text(const Program& program, const Memory& memory) {
  if (const auto layout = layout_of(program, memory)) return text_of(*layout);
  for (const Segment& segment : memory.segments) {
    if (const auto layout = layout_of(program.tensors[segment.tensor], segment.type))
      return text_of(*layout) + ", ...";
  }
  return "";
}

void print_group(const Program& program, int group) {
  std::cout << "\n" << group_name(group) << "\n";
  std::vector<std::vector<std::string>> rows = {
      {"  kernel", "template", "row cycles", "buffer bits", "arrays", "node"}};
  for (KernelId k : program.kernels_of(group)) {
    const Kernel& kernel = program.kernels[k];
    const KernelCost cost = cost_of(program, kernel);
    rows.push_back({"  " + kernel.name, kernel.kind, grouped(cost.row_cycles),
                    grouped(cost.local_bits), arrays_text(program, kernel),
                    printable(kernel.origin, 60)});
  }
  std::cout << table(rows) << "\n";
  if (const std::string text = conversion_text(program, group, SIZE_MAX); !text.empty())
    std::cout << text << "\n";
  rows = {{"  stream", "from", "to", "depth", "memory", "type and reason"}};
  for (ChannelId c : program.channels_of(group)) {
    const Channel& channel = program.channels[c];
    rows.push_back({"  " + channel.name, program.kernels[channel.producer].name,
                    program.kernels[channel.consumer].name, grouped(channel.depth),
                    std::string(name_of(channel.memory)),
                    text_of(channel.type.itensor) + " by " + std::to_string(channel.type.lanes)});
    rows.push_back({"", "", "", "", "", channel.why});
  }
  std::cout << table(rows) << "\n";
  rows = {{"  port", "role", "bytes", "channel", "holds", "layout"}};
  for (MemoryId m : program.memories_of(group)) {
    const Memory& memory = program.memories[m];
    rows.push_back({"  " + memory.name, std::string(name_of(memory.role)), grouped(memory.bytes),
                    std::to_string(memory.channel),
                    memory.tensor >= 0 ? printable(program.tensors[memory.tensor].name, 60)
                                       : std::to_string(memory.segments.size()) + " constants",
                    layout_text(program, memory)});
  }
  std::cout << table(rows);
}

Status inspect(const std::string& path, bool brief) {
  ST_TRY(build, BuildDirectory::open(path));
  ST_TRY(design, build.design());
  const Program& program = design.program;
  const ResourceCounts total = design.target.usable();
  std::cout << printable(program.model) << "  " << program.precision << "  target "
            << design.target.name << " @ " << design.target.frequency_mhz() << " MHz  "
            << program.groups << (program.groups == 1 ? " group" : " groups") << "  1.."
            << program.max_sequence << " tokens a launch  " << program.max_positions
            << " positions\n";
  std::vector<std::vector<std::string>> rows = {{"  group", "kernels", "streams", "converters",
                                                 "ports", "LUT", "FF", "DSP", "BRAM18", "URAM",
                                                 "slowest kernel (row cycles)"}};
  for (int group = 0; group < program.groups; ++group) {
    const ResourceCounts used = resources_of(program, group);
    int converters = 0;
    std::string slowest;
    int64_t cycles = 0;
    for (KernelId k : program.kernels_of(group)) {
      const Kernel& kernel = program.kernels[k];
      converters += kernel.kind == "convert";
      const int64_t own = cost_of(program, kernel).row_cycles;
      if (own > cycles) cycles = own, slowest = kernel.name;
    }
    rows.push_back({"  " + group_name(group), std::to_string(program.kernels_of(group).size()),
                    std::to_string(program.channels_of(group).size()), std::to_string(converters),
                    std::to_string(program.memories_of(group).size()), grouped(used.lut),
                    grouped(used.ff), grouped(used.dsp), grouped(used.bram18), grouped(used.uram),
                    slowest + " (" + grouped(cycles) + ")"});
  }
  std::cout << table(rows) << "  of " << grouped(total.lut) << " LUT, " << grouped(total.ff)
            << " FF, " << grouped(total.dsp) << " DSP, " << grouped(total.bram18) << " BRAM18, "
            << grouped(total.uram) << " URAM after the shell   (all predicted)\n";
  for (int group = 0; group < program.groups; ++group)
    std::cout << "  " << group_name(group) << " dies: " << dies_text(program, group, design.target)
              << "   (predicted)\n";
  for (int group = 0; group < program.groups; ++group)
    std::cout << "  " << group_name(group)
              << " wastes bits of blocks: " << waste_text(program, group) << "   (predicted)\n";
  if (!brief) {
    for (int group = 0; group < program.groups; ++group) print_group(program, group);
  }
  return {};
}

}  // namespace

Action add_inspect(CLI::App& app) {
  auto path = std::make_shared<std::string>();
  auto brief = std::make_shared<bool>(false);
  app.add_option("build", *path, "build directory")->required();
  app.add_flag("--brief", *brief, "one line per group only");
  return [path, brief] {
    const Status status = inspect(*path, *brief);
    return status.ok() ? 0 : fail(status.errors());
  };
}

}  // namespace st::cli
