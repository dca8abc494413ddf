// SPDX-License-Identifier: Apache-2.0
#include "cli/command_line.h"

#include <CLI/CLI.hpp>

namespace st::cli {
namespace {

struct Subcommand {
  const char* name;
  const char* summary;
  Action (*add)(CLI::App&);
  std::vector<std::string> examples;
};

const std::vector<Subcommand>& subcommands() {
  static const std::vector<Subcommand> all = {
      {"build",
       "compile a model for a board: HLS projects, parameters, host program",
       add_build,
       {"streamtensor build examples/adder/model.json --target u280 --output build/adder",
        "streamtensor build model.json --target u55c --precision w4a8 --fold-layers --budget 60",
        "streamtensor build model.onnx --target my_board.json --synth none"}},
      {"import",
       "a Hugging Face checkpoint as model.json and weights.h5",
       add_import,
       {"streamtensor import SmolLM-135M --output smollm"}},
      {"run",
       "generate tokens with a build, on its stub device or on a card",
       add_run,
       {"streamtensor run build/adder --prompt '123+456='",
        "streamtensor run build/adder --card --ids 1,2,3 --time"}},
      {"inspect",
       "what was built and why: groups, kernels, streams, memories",
       add_inspect,
       {"streamtensor inspect build/adder"}},
      {"simulate",
       "exact timing of a build or of a network file: cycles, stalls, peaks",
       add_simulate,
       {"streamtensor simulate build/adder",
        "streamtensor simulate examples/networks/diamond.json"}},
      {"fifo",
       "choose the FIFO depths of a network file, and prove them",
       add_fifo,
       {"streamtensor fifo examples/networks/diamond.json"}},
      {"explore",
       "search tilings and unroll factors, or print what given ones cost",
       add_explore,
       {"streamtensor explore model.json --target u280 --budget 60"}},
      {"verify",
       "compare the emitted code with the interpreter, kernel by kernel",
       add_verify,
       {"streamtensor verify build/adder"}},
      {"lint",
       "check HLS code, of a build or edited, against pragma grammar and dataflow rules",
       add_lint,
       {"streamtensor lint build/adder", "streamtensor lint --rules"}},
      {"quality",
       "how far a build's logits on a text are from those of the model as it is",
       add_quality,
       {"streamtensor quality build/adder --text sums.txt"}},
      {"report",
       "predicted numbers beside those of AMD's tools, after make -f Makefile.hls csynth",
       add_report,
       {"streamtensor report build/adder"}},
      {"targets",
       "boards, with the source of each number",
       add_targets,
       {"streamtensor targets", "streamtensor targets u280",
        "streamtensor targets --check my_board.json"}},
      {"ops", "operators that models may use", add_ops, {"streamtensor ops"}},
      {"passes", "passes of the compiler, in order", add_passes, {"streamtensor passes"}},
      {"explain", "what an error code means", add_explain, {"streamtensor explain E0403"}},
      {"completion",
       "print the completion of bash",
       add_completion,
       {"source <(streamtensor completion)"}},
      {"manual", "print the manual page", add_manual, {"streamtensor manual | man --local-file -"}},
  };
  return all;
}

std::string footer(const std::vector<std::string>& examples) {
  std::string text = "Examples:";
  for (const std::string& example : examples) text += "\n  " + example;
  return text;
}

}  // namespace

void add_commands(CLI::App& app, Action& chosen) {
  app.name("streamtensor");
  app.description(
      "Builds stream-dataflow accelerators for FPGA cards from decoder language models.");
  app.set_version_flag("--version", ST_VERSION);
  app.require_subcommand(1);
  app.footer(footer(examples_of("")) +
             "\nExit codes: 0 done, 1 a comparison failed or lint found errors, 2 bad input, 3 no "
             "design fits, 4 the "
             "machine lacks something, 70 internal fault.");
  for (const Subcommand& subcommand : subcommands()) {
    CLI::App* parser = app.add_subcommand(subcommand.name, subcommand.summary);
    parser->footer(footer(subcommand.examples));
    const Action action = subcommand.add(*parser);
    parser->callback([&chosen, action] { chosen = action; });
  }
}

std::vector<std::string> command_names() {
  std::vector<std::string> names;
  for (const Subcommand& subcommand : subcommands()) names.emplace_back(subcommand.name);
  return names;
}

std::vector<std::string> examples_of(const std::string& command) {
  if (command.empty())
    return {examples_of("build").front(), examples_of("run").front(),
            examples_of("verify").front()};
  for (const Subcommand& subcommand : subcommands()) {
    if (command == subcommand.name) return subcommand.examples;
  }
  return {};
}

std::vector<std::string> choices_of(const std::string& type_name) {
  const size_t open = type_name.find('{'), close = type_name.find('}');
  if (open == std::string::npos || close == std::string::npos || close < open) return {};
  return CLI::detail::split(type_name.substr(open + 1, close - open - 1), ',');
}

std::vector<const CLI::Option*> options_of(const CLI::App& command) {
  std::vector<const CLI::Option*> options = command.get_options();
  for (const CLI::App* group : command.get_subcommands([](const CLI::App*) { return true; })) {
    if (!group->get_name().empty()) continue;
    for (const CLI::Option* option : options_of(*group)) {
      if (!option->check_lname("help")) options.push_back(option);
    }
  }
  return options;
}

}  // namespace st::cli
