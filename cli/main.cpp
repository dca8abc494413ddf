// SPDX-License-Identifier: Apache-2.0
#include <malloc.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "cli/commands.h"
#include "core/support/near_names.h"

namespace {

using AddCommand = st::cli::Action (*)(CLI::App&);

struct Subcommand {
  const char* name;
  const char* summary;
  AddCommand add;
};

constexpr Subcommand Subcommands[] = {
    {"build", "compile a model for a board: HLS projects, parameters, host program",
     st::cli::add_build},
    {"import", "a Hugging Face checkpoint as model.json and weights.h5", st::cli::add_import},
    {"run", "generate tokens with a build, on its stub device", st::cli::add_run},
    {"inspect", "what was built and why: groups, kernels, streams, memories", st::cli::add_inspect},
    {"simulate", "exact timing of a build or of a network file: cycles, stalls, peaks",
     st::cli::add_simulate},
    {"fifo", "choose the FIFO depths of a network file, and prove them", st::cli::add_fifo},
    {"explore", "search tilings and unroll factors, or print what given ones cost",
     st::cli::add_explore},
    {"verify", "compare the emitted code with the interpreter, kernel by kernel",
     st::cli::add_verify},
    {"quality", "how far a build's logits on a text are from those of the model as it is",
     st::cli::add_quality},
    {"report", "predicted numbers beside those of AMD's tools, after make -f Makefile.hls csynth",
     st::cli::add_report},
    {"targets", "boards, with the source of each number", st::cli::add_targets},
    {"ops", "operators that models may use", st::cli::add_ops},
    {"passes", "passes of the compiler, in order", st::cli::add_passes},
    {"explain", "what an error code means", st::cli::add_explain},
};

constexpr const char* Footer =
    "Examples:\n"
    "  streamtensor build examples/adder/model.json --target u280 --output build/adder\n"
    "  streamtensor run build/adder --prompt '123+456='\n"
    "  streamtensor verify build/adder\n"
    "Exit codes: 0 done, 1 a comparison failed, 2 bad input, 3 no design fits, 4 the machine lacks "
    "something, 70 internal fault.";

/// A command line that the parser refused: what it says, and where help is.
int usage_error(const CLI::App& app, const std::string& message) {
  const auto chosen = app.get_subcommands();
  const std::string command = chosen.empty() ? "" : chosen.front()->get_name() + " ";
  return st::cli::fail({{"E0801",
                         st::printable(message, 1000),
                         "",
                         {},
                         "`streamtensor " + command + "--help` lists what can be given"}});
}

/// Parts of weights are allocated and freed all the time while a model is packed. Memory that goes
/// back to the system each time comes as page faults, which took a third of the time.
void keep_memory() {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, 32 << 20);  // the most that it takes
  mallopt(M_TRIM_THRESHOLD, 64 << 20);
#endif
}

/// The first argument, if it should be a command and is none.
std::string unknown_command(int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') return "";
  const std::string given = argv[1];
  std::vector<std::string> names;
  for (const Subcommand& subcommand : Subcommands) {
    if (given == subcommand.name) return "";
    names.emplace_back(subcommand.name);
  }
  const std::string near = st::did_you_mean(given, names);
  return "there is no command '" + st::printable(given) + "'" + (near.empty() ? "" : ": " + near);
}

}  // namespace

int main(int argc, char** argv) {
  keep_memory();
  CLI::App app{"Builds stream-dataflow accelerators for FPGA cards from decoder language models.",
               "streamtensor"};
  app.set_version_flag("--version", ST_VERSION);
  app.require_subcommand(1);
  app.footer(Footer);
  st::cli::Action chosen;
  for (const Subcommand& subcommand : Subcommands) {
    CLI::App* parser = app.add_subcommand(subcommand.name, subcommand.summary);
    const st::cli::Action action = subcommand.add(*parser);
    parser->callback([&chosen, action] { chosen = action; });
  }
  try {
    if (const std::string problem = unknown_command(argc, argv); !problem.empty())
      return usage_error(app, problem);
    app.parse(argc, argv);
    return chosen();
  } catch (const CLI::ParseError& error) {
    // Help and the version come this way too.
    if (error.get_exit_code() == 0) return app.exit(error);
    return usage_error(app, error.what());
  } catch (const std::bad_alloc&) {
    return st::cli::fail({{"E0506",
                           "out of memory",
                           "",
                           {},
                           "build on a machine with more memory, or a smaller model"}});
  } catch (const std::exception& error) {
    return st::cli::fail({{"E0901",
                           std::string("unexpected: ") + error.what(),
                           "",
                           {},
                           "please report this, with the command and its input"}});
  }
}
