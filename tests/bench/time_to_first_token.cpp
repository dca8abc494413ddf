// SPDX-License-Identifier: Apache-2.0
// GPT-2 medium at full size with random weights, w4a8: time to the first token and tokens per
// second for the paper's shapes, from the simulator, beside what was published and what memory and
// DSPs allow. Usage: bench_time_to_first_token [TARGET [SECONDS of search [WEIGHT GROUP]]]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>

#include "core/explore/search.h"
#include "core/resources/program_network.h"
#include "core/simulate/simulator.h"
#include "core/support/temporary_directory.h"
#include "frontends/onnx_json/onnx_json.h"
#include "tests/common/tool.h"

namespace st {
namespace {

/// Milliseconds to the first token and tokens per second, on boards.
struct Published {
  double first_ms, speed;
};
struct Shape {
  int64_t in, out;
  Published paper;  ///< StreamTensor, table 4: U55C, 250 MHz
  Published codo;   ///< CODO, table VI: U280, 300 MHz asked for
};
constexpr Shape Shapes[] = {{32, 32, {34.59, 199.51}, {20.40, 231.48}},
                            {64, 64, {61.27, 215.51}, {32.64, 231.48}},
                            {128, 128, {125.35, 224.05}, {110.40, 231.48}},
                            {256, 256, {272.85, 229.61}, {0, 0}}};
constexpr int64_t Layers = 24, Width = 1024, Hidden = 4096, Vocabulary = 50257;

bool fail(const Diagnostics& problems) {
  print(std::cerr, problems);
  return false;
}

/// The model as `import --random-weights` makes it; false if a file is missing.
bool import_model(const std::filesystem::path& folder) {
  const auto config = test::shared("configs/gpt2_medium.config.json");
  if (config.empty()) {
    std::fprintf(stderr, "SKIPPED: the shared folder with configs is not here\n");
    return false;
  }
  std::filesystem::create_directories(folder / "checkpoint");
  std::filesystem::copy_file(config, folder / "checkpoint/config.json");
  const auto made =
      test::streamtensor({"import", folder / "checkpoint", folder / "model", "--random-weights",
                          "1", "--context", "512", "--sequence", "256"});
  if (made.status != 0) std::fprintf(stderr, "%s", made.err.c_str());
  return made.status == 0;
}

bool choose_design(Design& design, double seconds) {
  SearchOptions options;
  options.seconds = seconds;
  options.workload = {64, 64};
  const auto found = search_design(design, options);
  if (!found.ok()) return fail(found.errors());
  design.options.parameter_ports = found->choice.parameter_ports;
  design.options.tiling = found->choice.tiling;
  std::printf(
      "%d designs tried in %.0f s; of the budget: LUT %.0f %%, DSP %.0f %%, BRAM %.0f %%, "
      "URAM %.0f %% (predicted)\n",
      found->evaluations, seconds,
      100.0 * static_cast<double>(found->cost.resources.lut) / found->cost.budget.lut,
      100.0 * static_cast<double>(found->cost.resources.dsp) / found->cost.budget.dsp,
      100.0 * static_cast<double>(found->cost.resources.bram18) / found->cost.budget.bram18,
      100.0 * static_cast<double>(found->cost.resources.uram) / found->cost.budget.uram);
  const Status status = compile(design, [](int, const std::string&) {});
  return status.ok() || fail(status.errors());
}

/// Seconds of one launch; all groups, those of folded layers once for each.
double launch_seconds(const Design& design, int64_t rows, int64_t past) {
  int64_t cycles = 0;
  for (int group = 0; group < design.program.groups; ++group) {
    const Network network =
        network_of(design.program, group, design.target, {{{Sequence, rows}, {Past, past}}});
    const SimulationResult run = Simulator(network).run();
    if (!run.completed) std::abort();
    cycles += run.cycles * runs_of(design.program, group);
  }
  return static_cast<double>(cycles) / (design.target.frequency_mhz() * 1e6);
}

/// Bytes that a token must move: all weights, and the caches of `past` positions in float32.
double bytes_of_token(const Program& program, int64_t past) {
  double bytes = 0;
  for (const Memory& memory : program.memories)
    if (memory.role == MemoryRole::Parameters) bytes += static_cast<double>(memory.bytes);
  return bytes + static_cast<double>(Layers * 2 * Width * 4 * past);
}

void print_shape(const Design& design, const Shape& shape) {
  const double first = launch_seconds(design, shape.in, 0);
  // A decode step takes longer with each position, by a constant: the mean is that of both ends.
  const double step =
      (launch_seconds(design, 1, shape.in) + launch_seconds(design, 1, shape.in + shape.out - 1)) /
      2;
  const double bandwidth =
      design.target.memory_bytes_per_cycle() * design.target.frequency_mhz() * 1e6;
  const double memory_limit = bandwidth / bytes_of_token(design.program, shape.in + shape.out / 2);
  // Two products of a byte and four bits per DSP and cycle; the head for the last row alone.
  const auto weights = static_cast<double>(Layers * (4 * Width * Width + 2 * Width * Hidden));
  const double products =
      weights * static_cast<double>(shape.in) + static_cast<double>(Width * Vocabulary);
  const double dsp_limit = products / (2.0 * static_cast<double>(design.target.dsp()) *
                                       design.target.frequency_mhz() * 1e6);
  const auto published = [](const Published& p) {
    char text[64] = "      -       -";
    if (p.speed > 0) std::snprintf(text, sizeof text, "%7.2f %7.2f", p.first_ms, p.speed);
    return std::string(text);
  };
  std::printf("%3lld:%-3lld %9.2f %9.2f %9.2f   %s   %s   %9.2f %9.0f\n",
              static_cast<long long>(shape.in), static_cast<long long>(shape.out), first * 1e3,
              1 / step, (first + step * static_cast<double>(shape.out)) * 1e3,
              published(shape.paper).c_str(), published(shape.codo).c_str(), dsp_limit * 1e3,
              memory_limit);
  std::fflush(stdout);
}

int print_table(const std::string& target_name, double seconds, int64_t weight_group) {
  const auto folder = TemporaryDirectory::create();
  if (!folder.ok() || !import_model(folder->path())) return 4;
  auto graph = read_onnx_json((folder->path() / "model/model.json").string(), {});
  auto target = find_target(target_name);
  if (!graph.ok()) return fail(graph.errors()), 2;
  if (!target.ok()) return fail(target.errors()), 2;
  Design design;
  design.graph = std::move(*graph);
  design.target = *target;
  design.options.precision = "w4a8";
  design.options.weight_group = weight_group;
  design.options.fold_layers = true;
  std::printf(
      "GPT-2 medium, w4a8, groups of %lld, %s at %g MHz, layers folded, with its embedding "
      "and head (of all rows of a prefill)\n",
      static_cast<long long>(weight_group), target_name.c_str(), target->frequency_mhz());
  if (!choose_design(design, seconds)) return 3;
  std::printf(
      "        simulated                        paper, board     CODO, board      limits: "
      "DSP, memory\n");
  std::printf(
      "in:out   TTFT ms   token/s  total ms      TTFT token/s      TTFT token/s      TTFT ms"
      "   token/s\n");
  for (const Shape& shape : Shapes) print_shape(design, shape);
  return 0;
}

}  // namespace
}  // namespace st

int main(int argc, char** argv) {
  return st::print_table(argc > 1 ? argv[1] : "u55c", argc > 2 ? std::atof(argv[2]) : 60,
                         argc > 3 ? std::atoll(argv[3]) : 128);
}
