// SPDX-License-Identifier: Apache-2.0
// One block of each of four models, w8a8, prefill of 128 rows, on a U280: what fusion leaves of the
// memory for intermediates, and what the search gains over default tiles. Usage:
// bench_block_designs [SECONDS of search for each block; 0: memory alone]
#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "core/dataflow/kernel_record.h"
#include "core/explore/search.h"
#include "core/support/temporary_directory.h"
#include "frontends/onnx_json/onnx_json.h"
#include "tests/common/block_model.h"

namespace st {
namespace {

constexpr int Rows128 = 128, Positions = 256;

struct Block {
  const char* name;
  test::BlockModel model;
};

Design design_of(const Block& block, const std::filesystem::path& folder) {
  Design design;
  auto graph = read_onnx_json((block.model.write(folder / block.name)).string(), {});
  auto target = find_target("u280");
  if (!graph.ok() || !target.ok()) std::abort();
  design.graph = std::move(*graph);
  design.target = *target;
  design.options.precision = "w8a8";
  return design;
}

/// Bits of every tensor that one node makes for another, held whole: what a design without streams
/// keeps on chip.
int64_t unfused_bits(const Program& lowered) {
  int64_t bits = 0;
  for (const Kernel& kernel : lowered.kernels) {
    for (const Port& port : kernel.outputs) {
      const bool within =
          std::any_of(lowered.kernels.begin(), lowered.kernels.end(), [&](const Kernel& reader) {
            return reader.node == kernel.node &&
                   std::any_of(reader.inputs.begin(), reader.inputs.end(),
                               [&](const Port& p) { return p.tensor == port.tensor; });
          });
      if (within) continue;
      int64_t elements = 1;
      for (int64_t extent : max_shape(port.type.itensor)) elements *= extent;
      bits += elements * bits_of(port.type.itensor.dtype);
    }
  }
  return bits;
}

/// Bits of FIFOs and of all buffers inside kernels, converters among them.
int64_t fused_bits(const Program& program) {
  int64_t bits = 0;
  for (const Channel& channel : program.channels) {
    const bool parameter = program.tensors[static_cast<size_t>(channel.tensor)].constant != nullptr;
    if (!parameter) bits += channel.depth * channel.type.beat_bits();
  }
  for (const Kernel& kernel : program.kernels) bits += local_bits_of(program, kernel);
  return bits;
}

int64_t intermediates(Design design, const std::string& fusion, int* groups) {
  design.options.fusion = fusion;
  if (const Status status = compile_up_to("refine-fifos", design); !status.ok()) {
    std::fprintf(stderr, "%s\n", status.errors()[0].message.c_str());
    return 0;
  }
  *groups = design.program.groups;
  return fused_bits(design.program);
}

void print_memory(const Block& block, const Design& design) {
  Design lowered = design;
  if (!compile_up_to("lower", lowered).ok()) std::abort();
  const int64_t whole = unfused_bits(lowered.program);
  int greedy_groups = 0, groups = 0;
  const int64_t greedy = intermediates(design, "greedy", &greedy_groups);
  const int64_t ours = intermediates(design, "search", &groups);
  const auto percent = [&](int64_t bits) {
    return 100.0 * static_cast<double>(bits) / static_cast<double>(whole);
  };
  std::printf("%-14s %10.2f %12.2f %7.2f%% %2d %10.2f %7.2f%% %2d\n", block.name,
              static_cast<double>(whole) / 8e6, static_cast<double>(greedy) / 8e6, percent(greedy),
              greedy_groups, static_cast<double>(ours) / 8e6, percent(ours), groups);
  std::fflush(stdout);
}

void print_search(const Block& block, Design design, double seconds) {
  Design plain = design;
  plain.options.fusion = "greedy";
  const auto published = evaluate(plain, Rows::All);
  SearchOptions options;
  options.seconds = seconds;
  const auto found = search_design(design, options);
  if (!published.ok() || !found.ok()) {
    const auto& problem = published.ok() ? found.errors()[0] : published.errors()[0];
    std::printf("%-14s %s\n", block.name, problem.message.c_str());
    return;
  }
  std::printf("%-14s %14lld %4s %14lld %6.2f %6d   %5.1f %5.1f %5.1f %5.1f\n", block.name,
              static_cast<long long>(published->prefill_cycles), published->fits() ? "yes" : "no",
              static_cast<long long>(found->cost.prefill_cycles),
              static_cast<double>(published->prefill_cycles) /
                  static_cast<double>(found->cost.prefill_cycles),
              found->evaluations,
              100.0 * static_cast<double>(found->cost.resources.lut) /
                  static_cast<double>(found->cost.budget.lut),
              100.0 * static_cast<double>(found->cost.resources.dsp) /
                  static_cast<double>(found->cost.budget.dsp),
              100.0 * static_cast<double>(found->cost.resources.bram18) /
                  static_cast<double>(found->cost.budget.bram18),
              100.0 * static_cast<double>(found->cost.resources.uram) /
                  static_cast<double>(found->cost.budget.uram));
  std::fflush(stdout);
}

}  // namespace
}  // namespace st

int main(int argc, char** argv) {
  using namespace st;
  const double seconds = argc > 1 ? std::atof(argv[1]) : 30;
  const auto lengths = [](const test::BlockShape& shape) {
    return shape.with_lengths(Positions, Rows128);
  };
  const std::vector<Block> blocks = {
      {"GPT-2 medium", test::gpt2_block(lengths(test::Gpt2Medium))},
      {"Qwen2.5-0.5B", test::llama_block(lengths(test::Qwen), true, true)},
      {"TinyLlama-1.1B", test::llama_block(lengths(test::TinyLlama))},
      {"Gemma-3-1B", test::gemma_block(lengths(test::Gemma))}};
  const auto folder = TemporaryDirectory::create();
  if (!folder.ok()) return 4;
  std::vector<Design> designs;
  for (const Block& block : blocks) designs.push_back(design_of(block, folder->path()));
  std::printf(
      "Intermediates on chip, w8a8, 128 rows (predicted; MB of 10^6 bytes). Unfused: every "
      "tensor between nodes held whole. Fused: FIFOs and all buffers. The paper: 14.8 to "
      "16.8 %%.\n");
  std::printf("%-14s %10s %12s %8s %2s %10s %8s %2s\n", "block", "unfused", "greedy", "", "in",
              "ours", "", "in");
  for (size_t b = 0; b < blocks.size(); ++b) print_memory(blocks[b], designs[b]);
  if (seconds <= 0) return 0;
  std::printf(
      "\nPrefill of 128 rows, U280 at 250 MHz (simulated). Default: tiles of 16, greedy "
      "fusion, 4 parameter ports. Searched: %.0f s each, same target and budget; shares of "
      "the budget in %%.\n",
      seconds);
  std::printf("%-14s %14s %4s %14s %6s %6s   %5s %5s %5s %5s\n", "block", "default", "fits",
              "searched", "times", "tried", "LUT", "DSP", "BRAM", "URAM");
  for (size_t b = 0; b < blocks.size(); ++b) print_search(blocks[b], designs[b], seconds);
  return 0;
}
