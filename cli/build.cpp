// SPDX-License-Identifier: Apache-2.0
#include <fstream>
#include <iostream>
#include <memory>

#include "backends/project/project.h"
#include "cli/build_options.h"
#include "cli/build_summary.h"
#include "cli/precision.h"
#include "cli/search.h"
#include "core/compiler/stage.h"
#include "core/dataflow/units.h"
#include "core/explore/choose_binding.h"
#include "core/explore/smaller.h"
#include "core/explore/token_lanes.h"
#include "core/support/json.h"
#include "core/support/read_file.h"
#include "frontends/onnx_json/onnx_json.h"
#include "frontends/tokenizer/tokenizer.h"

namespace st::cli {
namespace {
namespace fs = std::filesystem;

/// Of a stage.
constexpr size_t LargestInput = size_t{1} << 30;

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

/// The token lanes of a shared design where they were left open, if there are to be several.
std::optional<TokenLanes> open_token_lanes(const Design& start, const Design& fitting,
                                           Progress& progress) {
  const CompileOptions& options = start.options;
  if (options.binding != "shared" || options.token_lanes > 0 || options.token_tiles > 0)
    return std::nullopt;
  progress.step("choosing token lanes");
  return most_token_lanes(start, fitting);
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
  const auto options = add_build_options(app);
  return [options] { return build(options()); };
}

}  // namespace st::cli
