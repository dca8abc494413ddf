// SPDX-License-Identifier: Apache-2.0
/// The whole command line: all subcommands, and what `--help`, the manual page and the completion
/// of shells are made of.
#pragma once

#include <string>
#include <vector>

#include "cli/commands.h"

namespace st::cli {

/// Names and adds all subcommands to `app`. Parsing leaves the action of the one that was given in
/// `chosen`.
void add_commands(CLI::App& app, Action& chosen);

/// In the order in which help lists them.
std::vector<std::string> command_names();

/// The examples of a subcommand, one command each; of the whole tool for "".
std::vector<std::string> examples_of(const std::string& command);

/// `values` of a type name such as "TEXT:{stub,none}"; empty where there is no such list.
std::vector<std::string> choices_of(const std::string& type_name);

/// The options of a subcommand, those of its groups behind them.
std::vector<const CLI::Option*> options_of(const CLI::App& command);

}  // namespace st::cli
