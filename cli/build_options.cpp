// SPDX-License-Identifier: Apache-2.0
#include "cli/build_options.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "core/dataflow/program.h"
#include "core/fusion/fuse.h"
#include "core/graph/sample.h"

namespace st::cli {

std::function<BuildOptions()> add_build_options(CLI::App& app) {
  auto options = std::make_shared<BuildOptions>();
  app.add_option("model", options->model,
                 "model.onnx, or model.json: the same in protobuf's JSON form")
      ->required();
  app.add_option("--target", options->target,
                 "board, or a JSON file that describes one; see `streamtensor targets`")
      ->required();
  app.add_option("-o,--output", options->output,
                 "build directory; an earlier build there is replaced at the end, in one step")
      ->default_val("build");
  app.add_option(
      "--weights", options->weights,
      "file of the weights, HDF5 or ONNX's external data, or a folder of such files; default: "
      "what the model names, or the .h5 beside it");
  add_precision(app, options->compile, options->quantisation);
  add_rounding(app, options->rounding);
  app.add_option("--dim", options->dims,
                 "bounds of a symbolic dimension, NAME=LOW..HIGH; may be repeated");
  app.add_option("--tokenizer", options->tokenizer,
                 "file of the tokenizer that the model describes; default: beside the model");
  app.add_option("--synth", options->synth,
                 "stub: compile the emitted code for this machine; none: only write it")
      ->check(CLI::IsMember({"stub", "none"}))
      ->capture_default_str();
  auto* ports = app.add_option("--parameter-ports", options->compile.parameter_ports,
                               "memory ports for weights, per group")
                    ->check(CLI::Range(1, 28))
                    ->capture_default_str();
  app.add_option("--row-lanes", options->compile.tiling.row_lanes,
                 "elements a cycle of kernels that are no linear layers, at most; default: as many "
                 "as take 70 % of the budget")
      ->check(CLI::IsMember({1, 2, 4, 8, 16}));
  auto* fold = app.add_flag(
      "--fold-layers,!--no-fold-layers", options->compile.fold_layers,
      "equal layers share one set of kernels, which the device walks: one launch for all");
  auto* binding =
      app.add_option("--binding", options->compile.binding,
                     "what nodes share. spatial: nothing, each has hardware of its own; shared: "
                     "linear layers and attention have one engine, whose weights stream from all "
                     "memory ports for all layers; auto: what the "
                     "simulator finds faster")
          ->check(CLI::IsMember(bindings()))
          ->capture_default_str();
  app.add_option("--engine-ports", options->compile.engine_ports,
                 "memory ports of the shared engine; 0: as many as serve it best")
      ->check(CLI::Range(int64_t{0}, MostStripes))
      ->capture_default_str()
      ->needs(binding);
  app.add_option("--engine-slices", options->compile.engine_slices,
                 "parts of the shared engine, each a kernel; 0: one for each die")
      ->check(CLI::Range(int64_t{0}, MostStripes))
      ->capture_default_str()
      ->needs(binding);
  app.add_option(
         "--token-lanes", options->compile.token_lanes,
         "tokens that the shared engine works on at once: those of a prompt share each word "
         "of weights; 0: as many as fit")
      ->check(CLI::Range(int64_t{0}, MostTokenLanes))
      ->capture_default_str()
      ->needs(binding);
  app.add_option(
         "--token-tiles", options->compile.token_tiles,
         "times as many tokens a launch has: words of weights are kept on the chip, so that "
         "the engine works on some tokens while others are in norms and activations; 0: as many as "
         "fit")
      ->check(CLI::Range(int64_t{0}, MostTokenTiles))
      ->capture_default_str()
      ->needs(binding);
  app.add_flag("--as-asked", options->as_asked,
               "an error where the design does not fit the board; without it, layers are folded, "
               "and parameter ports and linear layers made narrower, where these are not given");
  app.add_flag("--kernel-per-slr", options->compile.unit_per_slr,
               "a group that spans SLRs becomes a kernel on each, joined by streams at link time; "
               "the shared binding always makes such kernels")
      ->excludes(fold);
  app.add_option("--top-k", options->compile.top_k,
                 "the device picks each token out of this many of the largest logits: 1 takes the "
                 "largest, more draw at a temperature; 0 leaves it to the host")
      ->check(CLI::Range(int64_t{0}, MostTopK))
      ->capture_default_str();
  app.add_option("--fusion", options->compile.fusion,
                 "how nodes are grouped. search: for the least cycles of a launch; greedy: as "
                 "published")
      ->check(CLI::IsMember(fusion_methods()))
      ->capture_default_str();
  app.add_option(
         "--fifo", options->compile.fifo,
         "how FIFOs are sized. exact: as few bits as the simulator allows, from the LP's; lp: "
         "by LP and floors alone; paper, paper-conservative: as published, or an error where "
         "that deadlocks")
      ->check(CLI::IsMember(fifo_methods()))
      ->capture_default_str();
  app.add_option("--design", options->design,
                 "tilings and unroll factors to build: design.json of a build, or of `explore`")
      ->excludes("--row-lanes");
  app.add_option("--budget", options->seconds,
                 "seconds to search for faster tilings and unroll factors; 0: none. The first "
                 "interrupt ends the search, and builds the best so far")
      ->check(CLI::Range(0.0, 1e6));
  add_workload(app, options->workload);
  app.add_option("--seed", options->seed, "of the search")->capture_default_str();
  app.add_option("--dump-ir", options->dump,
                 "also write the IR after each pass to this folder, as it comes");
  app.add_option(
      "--start-from", options->start,
      "stage to go on from: a file of ir/ or of --dump-ir, which may have been edited; depths "
      "that were stay only with --fifo lp");
  app.add_flag("--timing", options->timing, "print to standard error how long each step took");
  app.add_option("--cxx", options->cxx, "C++ compiler of the stub device (default g++)");
  app.add_option("--cxxflags", options->cxxflags,
                 "its flags (default -std=c++17 -O2 and warnings as errors)");
  return [options, ports, fold] {
    // A kernel on each SLR is asked for: layers that fold are one.
    options->open = {fold->count() == 0 && !options->compile.unit_per_slr, ports->count() == 0,
                     true};
    return *options;
  };
}

}  // namespace st::cli
