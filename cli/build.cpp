// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <memory>

#include "backends/project/project.h"
#include "cli/precision.h"
#include "cli/search.h"
#include "core/compiler/stage.h"
#include "core/dataflow/units.h"
#include "core/explore/choose_binding.h"
#include "core/explore/token_lanes.h"
#include "core/explore/smaller.h"
#include "core/fusion/fuse.h"
#include "core/graph/sample.h"
#include "core/resources/kernel_resources.h"
#include "core/resources/storage.h"
#include "core/support/json.h"
#include "core/support/read_file.h"
#include "frontends/onnx_json/onnx_json.h"
#include "frontends/tokenizer/tokenizer.h"

namespace st::cli {
namespace {
namespace fs = std::filesystem;

/// Of a stage.
constexpr size_t LargestInput = size_t{1} << 30;

/// Where the step of a pass begins, followed by the pass's name.
constexpr const char* PassStep = "pass ";

struct BuildOptions {
  std::string model, weights, target, output, tokenizer, synth = "stub", cxx, cxxflags, dump, start;
  std::vector<std::string> dims;
  std::string design, quantisation;
  RoundingOptions rounding;
  Workload workload;
  double seconds = 0;
  uint64_t seed = 1;
  bool timing = false, as_asked = false;
  OpenChoices open;
  CompileOptions compile;
};

/// The model's tokenizer; nullptr where it has none, or its file is not there and nothing needs it:
/// prompts are given as ids then.
Result<std::unique_ptr<Tokenizer>> find_tokenizer(const Graph& graph, const BuildOptions& options) {
  const auto described = graph.metadata.find("streamtensor.tokenizer");
  if (described == graph.metadata.end()) return std::unique_ptr<Tokenizer>();
  const fs::path folder = fs::path(options.model).parent_path();
  std::optional<fs::path> given;
  if (!options.tokenizer.empty()) given = options.tokenizer;
  ST_TRY(file, tokenizer_file(described->second));
  const bool needed = given || !options.rounding.calibration.empty();
  if (file && !needed && !fs::exists(folder / file->name)) return std::unique_ptr<Tokenizer>();
  return make_tokenizer(described->second, folder, given);
}

/// What a build directory keeps of the tokenizer.
Status keep_tokenizer(const Graph& graph, const BuildOptions& options, const Tokenizer& tokenizer,
                      ProjectInputs& inputs) {
  inputs.tokens = tokenizer.file();
  ST_TRY(file, tokenizer_file(graph.metadata.at("streamtensor.tokenizer")));
  if (!file) return {};
  const fs::path path = options.tokenizer.empty()
                            ? fs::path(options.model).parent_path() / file->name
                            : fs::path(options.tokenizer);
  ST_TRY(bytes, read_file(path, LargestTokenizer));
  inputs.tokenizer = {file->kept_as, bytes};
  return {};
}

/// Dumps go to disk one by one, so that the last good stage is there when a later one fails.
void dump_stage(const fs::path& folder, const std::pair<std::string, std::string>& stage) {
  std::error_code error;
  fs::create_directories(folder, error);
  std::ofstream out(folder / (stage.first + ".txt"), std::ios::binary);
  out << stage.second;
  if (!out)
    std::cerr << "warning: cannot write '" << printable((folder / stage.first).string())
              << ".txt'\n";
}

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

/// The token lanes of a shared design where they were left open, if there are to be several.
std::optional<TokenLanes> open_token_lanes(const Design& start, const Design& fitting,
                                           Progress& progress) {
  const CompileOptions& options = start.options;
  if (options.binding != "shared" || options.token_lanes > 0 || options.token_tiles > 0)
    return std::nullopt;
  progress.step("choosing token lanes");
  return most_token_lanes(start, fitting);
}

/// On standard error, because no time belongs into what a build writes.
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

/// Where a design does not fit as it is, and not all was asked for: one that does, or that needs
/// least. Errors that it has say what is missing even so.
std::optional<SmallerDesign> made_smaller(const Diagnostics& problems, const Design& start,
                                          const BuildOptions& options, Progress& progress) {
  const bool infeasible = std::all_of(problems.begin(), problems.end(),
                                      [](const Diagnostic& p) { return p.code == "E0403"; });
  if (!infeasible || options.as_asked) return std::nullopt;
  progress.step("making it smaller");
  OpenChoices open = options.open;
  open.linear_layers = options.design.empty() && options.seconds == 0;
  open.engine_ports = options.compile.engine_ports == 0;
  open.parameter_ports = open.parameter_ports && open.linear_layers;
  std::optional<SmallerDesign> smaller = smaller_design(start, open);
  // Each of them would only bring the problems that were there before.
  if (smaller && !smaller->problems.empty()) {
    smaller->problems.back().details.push_back("that is with " + smaller->how +
                                               "; the defaults need more");
  }
  return smaller;
}

/// What a binding is judged by where nothing is said: a prompt, and as many tokens behind it.
Workload binding_workload(Workload given) {
  constexpr int64_t Tokens = 32;
  if (given.prompt == 0) given.prompt = Tokens;
  if (given.generated == 0) given.generated = Tokens;
  return given;
}

int build(const BuildOptions& options) {
  Progress progress;
  auto run = [&]() -> Status {
    if (options.seconds > 0 && options.compile.binding != "spatial") {
      return Diagnostic{"E0801",
                        "a search cuts linear layers, which share an engine with --binding " +
                            options.compile.binding,
                        "--budget",
                        {},
                        "leave out one of them"};
    }
    // Problems of the command line and of the model have nothing to do with each other: report all.
    auto target = find_target(options.target);
    auto dims = parse_dims(options.dims);
    ReadOptions reading;
    if (dims.ok()) reading.dims = *dims;
    if (!options.weights.empty()) reading.weights = options.weights;
    progress.step("reading " + printable(options.model));
    // Without its bounds a model shows problems that it may not have.
    auto read = dims.ok() ? read_onnx(options.model, reading) : Result<Graph>(dims.errors());
    Diagnostics problems;
    auto collect = [&](const auto& result) {
      if (!result.ok())
        problems.insert(problems.end(), result.errors().begin(), result.errors().end());
    };
    collect(target);
    collect(read);
    if (!problems.empty()) return problems;
    Graph& graph = *read;
    ST_TRY(tokenizer, find_tokenizer(graph, options));
    Design design;
    design.graph = std::move(graph);
    design.target = *target;
    design.options = options.compile;
    ST_CHECK(apply_quantisation(options.quantisation, design.options));
    ProjectInputs inputs;
    if (!options.design.empty()) {
      ST_TRY(chosen, apply_design(options.design, design.options));
      inputs.design_text = chosen;
    }
    if (tokenizer) ST_CHECK(keep_tokenizer(design.graph, options, *tokenizer, inputs));
    inputs.dims = *dims;
    ST_TRY(text, onnx_text(options.model));
    inputs.model_text = text;
    ST_TRY(target_json, target_text(options.target));
    inputs.target_text = target_json;
    // A place that cannot be written is told before the work is done.
    ST_TRY(directory, StagedDirectory::create(options.output, ConfigFile));
    if (!options.rounding.calibration.empty()) progress.step("rounding weights");
    ST_CHECK(apply_rounding(options.rounding, tokenizer.get(), design));
    std::string how;
    std::optional<BindingChoice> bound;
    if (design.options.binding == "auto") {
      progress.step("choosing a binding");
      ST_TRY(choice, choose_binding(design, binding_workload(options.workload)));
      design.options.binding = choice.binding;
      bound = choice;
    }
    std::optional<SearchResult> searched;
    if (options.seconds > 0) {
      progress.step("searching");
      const Result<SearchResult> result =
          search(design, options.workload, options.seconds, options.seed, progress);
      if (!result.ok()) return advised(result.errors(), design, options.design, progress);
      const SearchResult& found = *result;
      design.options.tiling = found.choice.tiling;
      design.options.parameter_ports = found.choice.parameter_ports;
      inputs.design_text = text_of(found.choice, &found.cost);
      searched = found;
    }
    const AfterPass after = [&](int pass, const std::string& stage) {
      inputs.stages.emplace_back(stage_name(pass), stage);
      if (!options.dump.empty()) dump_stage(options.dump, inputs.stages.back());
      const size_t next = static_cast<size_t>(pass) + 1;
      if (next < passes().size()) progress.step(PassStep + std::string(passes()[next].name));
    };
    if (options.start.empty()) {
      Design start = design;
      progress.step(PassStep + std::string(passes().front().name));
      Status status = compile(design, after);
      if (!status.ok()) {
        if (const auto smaller = made_smaller(status.errors(), start, options, progress)) {
          if (!smaller->problems.empty())
            return advised(smaller->problems, smaller->design, options.design, progress);
          how = smaller->how;
          start = smaller->design;
          design = start;
          inputs.stages.clear();
          status = compile(design, after);
        }
      }
      if (!status.ok()) return advised(status.errors(), start, options.design, progress);
      if (const auto lanes = open_token_lanes(start, design, progress)) {
        design = start;
        apply(*lanes, design);
        inputs.stages.clear();
        ST_CHECK(compile(design, after));
      }
    } else {
      ST_TRY(start, read_file(options.start, LargestInput));
      ST_TRY(first, start_from(design, start, options.start));
      inputs.start = stage_name(first - 1);
      inputs.stages.emplace_back(inputs.start, start);
      ST_CHECK(compile_from(first, options.start, design, after));
    }
    ST_TRY(summary, write_project(design, inputs, directory, progress));
    std::vector<std::string> benches;
    if (options.synth == "stub") {
      progress.step("compiling the stub device");
      ST_CHECK(compile_stub(directory.path(), options.cxx, options.cxxflags));
      progress.step("running test benches");
      for (const Unit& unit : units_of(design.program)) {
        ST_TRY(verdict, run_test_bench(directory.path(), unit.name));
        benches.push_back(verdict);
      }
    }
    ST_CHECK(directory.commit());
    progress.finish();
    print_summary(design, summary, options, benches);
    if (!how.empty()) {
      std::cout << "  smaller  " << how << ": the defaults do not fit " << design.target.name
                << "; --as-asked says by how much\n";
    }
    if (design.options.unit_per_slr && !design.program.unit_per_slr &&
        !design.program.layers.streamed) {
      std::cout << "  slr      layers are folded: each group stays one kernel, whatever "
                   "--kernel-per-slr says\n";
    }
    if (bound) std::cout << "  binding  " << bound->binding << ": " << bound->why << "\n";
    if (searched) std::cout << "  search   " << text_of(*searched, design) << "\n";
    if (options.timing) print_times(progress);
    return {};
  };
  const Status status = run();
  progress.finish();
  return status.ok() ? 0 : fail(status.errors());
}

}  // namespace

Action add_build(CLI::App& app) {
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
  app.add_option("--token-lanes", options->compile.token_lanes,
                 "tokens that the shared engine works on at once: those of a prompt share each word "
                 "of weights; 0: as many as fit")
      ->check(CLI::Range(int64_t{0}, MostTokenLanes))
      ->capture_default_str()
      ->needs(binding);
  app.add_option("--token-tiles", options->compile.token_tiles,
                 "times as many tokens a launch has: words of weights are kept on the chip, so that "
                 "the engine works on some tokens while others are in norms and activations; 0: 2 "
                 "where they fit")
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
    return build(*options);
  };
}

}  // namespace st::cli
