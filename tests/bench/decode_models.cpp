// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/decode_models.h"

#include <algorithm>
#include <cstdio>
#include <iostream>

#include "core/explore/token_lanes.h"
#include "frontends/onnx_json/onnx_json.h"
#include "tests/common/tool.h"

namespace st::bench {
namespace {
namespace fs = std::filesystem;

bool fail(const Diagnostics& problems) {
  print(std::cerr, problems);
  return false;
}

Status compiled(Design& design) {
  return compile(design, [](int, const std::string&) {});
}

}  // namespace

const std::vector<Model>& models() {
  static const std::vector<Model> all = {{"gpt2_medium", "gpt2_medium", 24, 1024, 1024, 1024, 16,
                                          4096, 2, 50257, 1024, 0, 0, 1921, 224.05, 231.48, 17},
                                         {"qwen2_0_5b", "qwen2_0_5b", 24, 896, 896, 128, 2, 4864, 3,
                                          151936, 2048, 0, 0, 1418, 0, 0, 20},
                                         {"tinyllama_1b", "tinyllama_1b_chat_v1.0", 22, 2048, 2048,
                                          256, 4, 5632, 3, 32000, 2048, 0, 0, 677, 0, 0, 55},
                                         {"gemma3_1b", "gemma3_1b_it", 26, 1152, 1024, 256, 1, 6912,
                                          3, 262144, 2048, 512, 6, 700, 0, 0, 40}};
  return all;
}

const Model& model_named(const std::string& name) {
  return *std::find_if(models().begin(), models().end(),
                       [&](const Model& model) { return name == model.name; });
}

double weight_bytes(const Model& m) {
  const int64_t layer =
      m.width * (m.query + 2 * m.key) + m.query * m.width + m.matrices * m.width * m.hidden;
  return static_cast<double>(m.layers * layer + m.width * m.vocabulary) * (0.5 + 2.0 / 128);
}

double cache_bytes(const Model& m, int64_t past) {
  double bytes = 0;
  for (int64_t layer = 1; layer <= m.layers; ++layer) {
    const bool whole = m.window == 0 || layer % m.whole_every == 0;
    const int64_t positions = whole ? past : std::min(past, m.window);
    bytes += static_cast<double>(positions * 2 * (m.key + 2 * m.kv_heads));
  }
  return bytes;
}

bool import_model(const Model& model, const fs::path& folder) {
  const auto config = test::shared(std::string("configs/") + model.config + ".config.json");
  if (config.empty()) {
    std::fprintf(stderr, "SKIPPED: the shared folder with configs is not here\n");
    return false;
  }
  fs::create_directories(folder / "checkpoint");
  fs::copy_file(config, folder / "checkpoint/config.json");
  const auto made = test::streamtensor(
      {"import", folder / "checkpoint", folder / "model", "--random-weights", "1"});
  if (made.status != 0) std::fprintf(stderr, "%s", made.err.c_str());
  return made.status == 0;
}

bool read_design(const fs::path& folder, const std::string& binding, const std::string& board,
                 int64_t most_past, Design& design) {
  ReadOptions reading;
  reading.graph_only = true;
  if (binding == "shared") {
    reading.dims["sequence_length"] = {1, MostTokenLanes * MostTokenTiles};
    reading.dims["past_sequence_length"] = {0, most_past};
  }
  auto graph = read_onnx_json(folder / "model/model.json", reading);
  auto target = find_target(board);
  if (!graph.ok()) return fail(graph.errors());
  if (!target.ok()) return fail(target.errors());
  design.graph = std::move(*graph);
  design.target = *target;
  DeviceMemory& memory = design.target.memory;
  (memory.shared ? memory.shared->bandwidth : memory.channel_bandwidth).value *= OfPeak;
  design.options.precision = "w4a8";
  design.options.weight_group = 128;
  design.options.activation_scales = "group";
  design.options.kv_cache = "int8";
  design.options.binding = binding;
  design.options.fold_layers = true;
  return true;
}

bool compile_as_built(Design& design, const OpenChoices& open, std::string& how) {
  Design start = design;
  Status status = compiled(design);
  if (!status.ok()) {
    auto smaller = smaller_design(start, open);
    if (!smaller || !smaller->problems.empty()) return fail(status.errors());
    how = smaller->how;
    start = smaller->design;
    design = std::move(smaller->design);
    status = compiled(design);
  }
  if (!status.ok()) return fail(status.errors());
  if (design.options.binding != "shared") return true;
  const auto lanes = most_token_lanes(start, design);
  if (!lanes) return true;
  design = std::move(start);
  apply(*lanes, design);
  status = compiled(design);
  return status.ok() || fail(status.errors());
}

}  // namespace st::bench
