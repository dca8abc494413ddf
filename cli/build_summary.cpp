// SPDX-License-Identifier: Apache-2.0
#include "cli/build_summary.h"

#include <cstdio>
#include <iostream>

#include "core/dataflow/units.h"
#include "core/resources/kernel_resources.h"
#include "core/resources/storage.h"

namespace st::cli {
namespace {

std::string percent(int64_t part, int64_t whole) {
  return std::to_string(whole > 0 ? (100 * part + whole - 1) / whole : 0) + " %";
}

/// Memory ports; kernels that walk layers are in several units, which share no ports.
size_t ports_of(const Program& program, int group) {
  if (!program.layers.streamed) return pointer_arguments(program, group).size();
  size_t ports = 0;
  for (const Unit& unit : units_of(program)) ports += pointer_arguments(program, unit).size();
  return ports;
}

std::string layers_text(const Program& program, int group) {
  if (!is_layered(program, group)) return "";
  return std::string(program.layers.streamed ? "  for all " : "  for each of ") +
         std::to_string(program.layers.count) + " layers";
}

}  // namespace

void print_summary(const Design& design, const ProjectSummary& summary, const BuildOptions& options,
                   const std::vector<std::string>& benches) {
  const Program& program = design.program;
  std::cout << printable(program.model) << "  " << program.precision << "  "
            << grouped(summary.parameter_bytes) << " bytes of parameters  target "
            << design.target.name << " @ " << design.target.frequency_mhz() << " MHz\n";
  if (const std::string weights = weights_summary(program); !weights.empty())
    std::cout << "  weights  " << weights << "\n";
  if (const std::string cache = kv_cache_of(program); cache != "f32")
    std::cout << "  caches   " << cache << ", with a bf16 scale for each position and head\n";
  const ResourceCounts total = design.target.usable();
  for (int group = 0; group < program.groups; ++group) {
    int converters = 0;
    for (KernelId k : program.kernels_of(group)) converters += program.kernels[k].kind == "convert";
    const MemoryPlan storage = storage_of(program, group);
    const ResourceCounts used = resources_of(program, group);
    int64_t provided = 0, wasted = 0;
    for (const BitsUse& bits : storage.bits) {
      provided += bits.provided;
      wasted += bits.wasted();
    }
    std::cout << "  " << group_name(group) << "   " << program.kernels_of(group).size()
              << " kernels  " << program.channels_of(group).size() << " streams  " << converters
              << " converters  " << ports_of(program, group) << " ports"
              << layers_text(program, group) << "\n"
              << "           LUT " << percent(used.lut, total.lut) << "  FF "
              << percent(used.ff, total.ff) << "  DSP " << percent(used.dsp, total.dsp) << "  BRAM "
              << percent(used.bram18, total.bram18) << "  URAM " << percent(used.uram, total.uram)
              << "  waste of memories " << percent(wasted, provided) << "   (predicted)\n"
              << "           " << dies_text(program, group, design.target) << "   (predicted)\n";
  }
  for (int group = 0; group < program.groups; ++group) {
    constexpr size_t MostLines = 12;
    std::cout << conversion_text(program, group, MostLines);
  }
  for (const FifoFacts& facts : design.fifos)
    std::cout << "  FIFOs    " << group_name(facts.group) << " " << text_of(facts) << "\n";
  std::cout << "  lengths  1.." << program.max_sequence << " tokens a launch, "
            << program.max_positions << " positions\n";
  for (size_t u = 0; u < benches.size(); ++u)
    std::cout << "  code     " << units_of(program)[u].name << " test bench " << benches[u]
              << "   (csim)\n";
  std::cout
      << "  not done csynth, link: `make -f Makefile.hls` in the build directory runs Vitis\n";
  if (options.synth == "none")
    std::cout << "  not done stub device: build with --synth stub to run it here\n";
  std::cout << "wrote " << printable(options.output) << "\n";
}

void print_times(const Progress& progress) {
  double passes = 0, total = 0;
  std::string text;
  const auto add = [&](const std::string& what, double seconds) {
    char line[32];
    std::snprintf(line, sizeof line, "%9.3f s  ", seconds);
    text += line + what + "\n";
  };
  for (const auto& [step, seconds] : progress.seconds()) {
    add(step, seconds);
    total += seconds;
    if (step.starts_with(PassStep)) passes += seconds;
  }
  add("all passes", passes);
  add("in all", total);
  std::cerr << text;
}

}  // namespace st::cli
