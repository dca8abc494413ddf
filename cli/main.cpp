// SPDX-License-Identifier: Apache-2.0
#include <malloc.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "cli/command_line.h"
#include "core/support/near_names.h"

namespace {

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
  const std::vector<std::string> names = st::cli::command_names();
  if (std::find(names.begin(), names.end(), given) != names.end()) return "";
  const std::string near = st::did_you_mean(given, names);
  return "there is no command '" + st::printable(given) + "'" + (near.empty() ? "" : ": " + near);
}

}  // namespace

int main(int argc, char** argv) {
  keep_memory();
  CLI::App app;
  st::cli::Action chosen;
  st::cli::add_commands(app, chosen);
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
