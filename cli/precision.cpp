// SPDX-License-Identifier: Apache-2.0
#include "cli/precision.h"

#include <CLI/CLI.hpp>
#include <functional>
#include <map>

#include "cli/texts.h"
#include "core/compiler/quantisation_file.h"
#include "core/dataflow/kernels/matmul.h"
#include "core/quantise/rounded_file.h"
#include "core/support/read_file.h"

namespace st::cli {
namespace {

constexpr size_t LargestScales = size_t{1} << 26;
constexpr size_t LargestRounded = size_t{1} << 32;

}  // namespace

void add_precision(CLI::App& app, CompileOptions& options, std::string& file) {
  CLI::Option* precision = app.add_option("--precision", options.precision, "of linear layers")
                               ->check(CLI::IsMember(precisions()))
                               ->capture_default_str();
  CLI::Option* group =
      app.add_option("--weight-group", options.weight_group,
                     "w4a8: weights of a row that share a scale; 0: all of the row. A layer whose "
                     "depth it does not divide takes the largest smaller one that does, or 0")
          ->check(CLI::IsMember(weight_groups()))
          ->capture_default_str();
  app.add_option("--kv-cache", options.kv_cache,
                 "of keys and values. int8: with a bf16 scale for each position and head, and "
                 "attention in integers")
      ->check(CLI::IsMember(kv_caches()))
      ->capture_default_str();
  CLI::Option* scales =
      app.add_option("--activation-scales", options.activation_scales,
                     "w8a8, w4a8: what shares a scale among activations: a token's row, or a group "
                     "of it; then --weight-group, not 0, is for both, and for w8a8 too")
          ->check(CLI::IsMember(activation_scales()))
          ->capture_default_str();
  app.add_option("--quantisation", file,
                 "JSON file with the precision of each linear layer by name or pattern")
      ->excludes(precision)
      ->excludes(group)
      ->excludes(scales);
}

Status apply_quantisation(const std::string& file, CompileOptions& options) {
  if (file.empty()) return check_scales(options.quantisation());
  ST_TRY(text, read_file(file, LargestScales));
  ST_TRY(quantisation, parse_quantisation(text, file));
  options.precision = quantisation.otherwise.name;
  options.weight_group = quantisation.otherwise.group;
  options.layers = quantisation.layers;
  options.activation_scales = name_of(quantisation.scales);
  return {};
}

void add_rounding(CLI::App& app, RoundingOptions& options) {
  CLI::Option* calibration = app.add_option(
      "--calibration", options.calibration,
      "text, one per line: int4 weights are rounded so that layers make up for the errors on it");
  app.add_option("--rounded", options.rounded,
                 "int4 weights that a build with --calibration wrote: rounded.json")
      ->excludes(calibration);
}

Status apply_rounding(const RoundingOptions& options, const Tokenizer* tokenizer, Design& design) {
  if (!options.rounded.empty()) {
    ST_TRY(text, read_file(options.rounded, LargestRounded));
    ST_TRY(rounded, parse_rounded(text, options.rounded));
    design.rounded = std::move(rounded);
  }
  if (options.calibration.empty()) return {};
  ST_TRY(texts, read_texts(options.calibration, tokenizer));
  return round_weights(design, texts);
}

std::string weights_summary(const Program& program) {
  std::map<int64_t, int64_t, std::greater<>> layers;  // by group
  for (const Kernel& kernel : program.kernels) {
    if (!is_matmul(kernel) || kernel.inputs.back().type.itensor.dtype != DType::I4) continue;
    const MatmulShape shape = matmul_shape_of(kernel);
    ++layers[shape.group_beats * shape.depth_lanes];
  }
  std::string text;
  for (const auto& [group, count] : layers) {
    text += (text.empty() ? "int4: " : ", ") + std::to_string(count) +
            (count == 1 ? " layer " : " layers ") +
            (group > 0 ? "in groups of " + std::to_string(group) : "with a scale per channel");
  }
  return text;
}

}  // namespace st::cli
