// SPDX-License-Identifier: Apache-2.0
#include "core/compiler/stage.h"

#include "core/dataflow/parse.h"
#include "core/graph/layers.h"
#include "core/graph/parse.h"
#include "core/ops/check.h"
#include "core/passes/infer.h"
#include "core/support/near_names.h"

namespace st {
namespace {

constexpr std::string_view FirstLine = "// streamtensor.ir/1 after ";

Diagnostic unusable(const std::string& message, const std::string& name,
                    std::vector<std::string> details, const std::string& help) {
  return {"E0312", message, printable(name), std::move(details), help};
}

/// The graph of a stage as the pass left it: sorted, typed, its decoder known.
Status read_graph(Design& design, std::string_view text, const ConstantLookup& constants,
                  const std::string& name) {
  ST_TRY(graph, parse_graph(text, constants, name));
  design.graph = std::move(graph);
  ST_CHECK(design.graph.check_and_sort());
  ST_CHECK(check_operators(design.graph, OwnOperators::Allowed));
  ST_CHECK(check_layers(design.graph));
  ST_CHECK(infer_types(design.graph));
  ST_TRY(decoder, find_decoder(design.graph));
  design.decoder = decoder;
  return {};
}

/// What a stage and the command line say about the same thing.
Status check_agreement(const Design& design, const std::string& name) {
  const Program& program = design.program;
  std::vector<std::string> differences;
  auto compare = [&](const std::string& what, const std::string& stage, const std::string& here) {
    if (stage != here)
      differences.push_back(what + ": " + stage + " in the stage, " + here + " here");
  };
  compare("model", printable(program.model), printable(design.graph.name));
  compare("precision", printable(program.precision), design.options.precision);
  // A model may ask for it itself.
  const bool by_model = kv_cache_of(design.graph) != "f32";
  compare("keys and values", kv_cache_of(program),
          by_model ? kv_cache_of(design.graph) : design.options.kv_cache);
  compare("rows of a launch", std::to_string(program.max_sequence),
          std::to_string(design.decoder.max_sequence));
  compare("positions", std::to_string(program.max_positions),
          std::to_string(design.decoder.max_positions));
  if (differences.empty()) return {};
  return unusable("the stage is of another build", name, std::move(differences),
                  "give the model, --precision, --kv-cache and --dim with which it was written");
}

}  // namespace

std::string stage_name(int pass) {
  const std::string number = std::to_string(pass);
  return (number.size() < 2 ? "0" + number : number) + "-" +
         std::string(passes()[static_cast<size_t>(pass)].name);
}

std::string stage_text(const Design& design, int pass) {
  const Pass& last = passes()[static_cast<size_t>(pass)];
  return std::string(FirstLine) + std::string(last.name) + "\n" +
         (last.on_program ? text_of(design.program) : text_of(design.graph));
}

Result<int> stage_of(std::string_view text, const std::string& name) {
  if (!text.starts_with(FirstLine)) {
    return unusable("'" + printable(name) + "' is no stage of a build", name,
                    {"its first line is not '" + std::string(FirstLine) + "PASS'"},
                    "stages are in ir/ of a build directory, and are written by --dump-ir");
  }
  text.remove_prefix(FirstLine.size());
  const std::string pass(text.substr(0, text.find('\n')));
  std::vector<std::string> known;
  for (size_t p = 0; p < passes().size(); ++p) {
    if (passes()[p].name == pass) return static_cast<int>(p);
    known.emplace_back(passes()[p].name);
  }
  const std::string near = did_you_mean(pass, known);
  return unusable("there is no pass '" + printable(pass) + "'", name, {},
                  near.empty() ? "`streamtensor passes` lists them" : near);
}

Diagnostics as_input(Diagnostics problems, const std::string& name) {
  for (Diagnostic& problem : problems) {
    if (problem.code != "E0320" && problem.code != "E0310") continue;
    problem.code = "E0313";
    problem.details.push_back("in " + printable(name));
    problem.help = "correct the file, or write it again with --dump-ir";
  }
  return problems;
}

Result<Program> read_program(std::string_view text, const ConstantLookup& constants,
                             const std::string& name) {
  ST_TRY(program, parse_program(text, constants, name));
  if (Status status = verify(program); !status.ok()) return as_input(status.errors(), name);
  return std::move(program);
}

Result<int> start_from(Design& design, std::string_view text, const std::string& name) {
  ST_TRY(pass, stage_of(text, name));
  const ConstantLookup of_model = name_constants(design.graph);
  const ConstantLookup constants =
      [&](const std::string& constant) -> std::optional<TypedConstant> {
    const auto found = design.rounded.find(constant);
    if (found == design.rounded.end()) return of_model(constant);
    const Tensor& tensor = found->second;
    return TypedConstant{constant_of(tensor),
                         TensorType{tensor.dtype(), {tensor.shape.begin(), tensor.shape.end()}}};
  };
  if (!passes()[static_cast<size_t>(pass)].on_program) {
    const std::string model = design.graph.name;
    ST_CHECK(read_graph(design, text, constants, name));
    if (design.graph.name != model) {
      return unusable(
          "the stage is of another model", name,
          {"'" + printable(design.graph.name) + "' in the stage, '" + printable(model) + "' here"},
          "give the model of which it was written");
    }
    return pass + 1;
  }
  // Passes on the program ask the graph for the decoder's roles.
  for (const Pass& first : passes()) {
    ST_CHECK(first.run(design));
    if (first.name == "check") break;
  }
  ST_TRY(program, read_program(text, constants, name));
  design.program = std::move(program);
  ST_CHECK(check_agreement(design, name));
  return pass + 1;
}

}  // namespace st
