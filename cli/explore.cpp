// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "cli/precision.h"
#include "cli/search.h"
#include "core/resources/shortage.h"
#include "core/support/write_file.h"
#include "frontends/onnx_json/onnx_json.h"

namespace st::cli {
namespace {

struct ExploreOptions {
  std::string model, weights, target, design, output, quantisation;
  std::vector<std::string> dims;
  Workload workload;
  double seconds = 0;
  uint64_t seed = 1;
  CompileOptions compile;
};

Result<Design> read_design(const ExploreOptions& options) {
  ST_TRY(target, find_target(options.target));
  ST_TRY(dims, parse_dims(options.dims));
  ReadOptions reading;
  reading.dims = dims;
  if (!options.weights.empty()) reading.weights = options.weights;
  ST_TRY(graph, read_onnx(options.model, reading));
  Design design;
  design.graph = std::move(graph);
  design.target = target;
  design.options = options.compile;
  ST_CHECK(apply_quantisation(options.quantisation, design.options));
  return design;
}

/// A cost is printed all the same: who tunes designs wants to know how far this one is off.
void warn(const Diagnostic& problem) {
  std::cerr << "warning: " << problem.message << "\n";
  for (const std::string& line : problem.details) std::cerr << "  " << line << "\n";
  std::cerr << "  help: " << problem.help << "\n";
}

Status explore(const ExploreOptions& options) {
  ST_TRY(design, read_design(options));
  if (!options.design.empty()) {
    ST_TRY(text, apply_design(options.design, design.options));
    (void)text;
  }
  std::string text;
  if (options.seconds > 0) {
    Progress progress;
    Result<SearchResult> found =
        search(design, options.workload, options.seconds, options.seed, progress);
    progress.finish();
    if (!found.ok()) return advised(found.errors(), design, options.design, progress);
    text = st::text_of(found->choice, &found->cost);
  } else {
    Progress progress;
    const Design start = design;
    const Result<DesignCost> judged = evaluate(design, Rows::All);
    if (!judged.ok()) return advised(judged.errors(), start, options.design, progress);
    const DesignCost& cost = *judged;
    if (const auto problem = too_large(design.program, design.target)) {
      for (const Diagnostic& advice : advised({*problem}, start, options.design, progress))
        warn(advice);
    }
    text = st::text_of({design.options.parameter_ports, design.options.tiling}, &cost);
  }
  if (options.output.empty()) {
    std::cout << text;
    return {};
  }
  return write_file(options.output, text);
}

}  // namespace

Action add_explore(CLI::App& app) {
  auto options = std::make_shared<ExploreOptions>();
  app.add_option("model", options->model,
                 "model.onnx, or model.json: the same in protobuf's JSON form")
      ->required();
  app.add_option("--target", options->target, "board, or a JSON file that describes one")
      ->required();
  app.add_option("--design", options->design,
                 "choices to judge, or to begin a search from: a file that --output wrote, or your "
                 "own tuner");
  app.add_option("--budget", options->seconds, "seconds to search for a faster design; 0: none")
      ->check(CLI::Range(0.0, 1e6));
  add_workload(app, options->workload);
  app.add_option("--seed", options->seed, "of the search")->capture_default_str();
  app.add_option("-o,--output", options->output,
                 "write choices and cost to this file (default: standard output)");
  app.add_option("--weights", options->weights,
                 "file of the weights, HDF5 or ONNX's external data, or their folder");
  add_precision(app, options->compile, options->quantisation);
  app.add_option("--dim", options->dims,
                 "bounds of a symbolic dimension, NAME=LOW..HIGH; may be repeated");
  app.add_option("--row-lanes", options->compile.tiling.row_lanes,
                 "elements a cycle of kernels that are no linear layers, at most, without a choice")
      ->check(CLI::IsMember({1, 2, 4, 8, 16}));
  app.add_option("--parameter-ports", options->compile.parameter_ports,
                 "memory ports for weights, per group, without a choice")
      ->check(CLI::Range(1, 28))
      ->capture_default_str();
  app.add_flag("--fold-layers", options->compile.fold_layers,
               "equal layers share one set of kernels, as in `build --fold-layers`");
  return [options] {
    const Status status = explore(*options);
    return status.ok() ? 0 : fail(status.errors());
  };
}

}  // namespace st::cli
