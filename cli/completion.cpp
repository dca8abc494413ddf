// SPDX-License-Identifier: Apache-2.0
// The completion of bash, made of the options as the parser knows them.
#include <CLI/CLI.hpp>
#include <iostream>

#include "cli/command_line.h"
#include "core/support/diagnostics.h"

namespace st::cli {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

std::vector<std::string> target_names() {
  std::vector<std::string> names;
  for (const Target& target : built_in_targets()) names.push_back(target.name);
  return names;
}

std::vector<std::string> error_code_names() {
  std::vector<std::string> names;
  for (const ErrorCode& code : error_codes()) names.emplace_back(code.code);
  return names;
}

/// What an option may be given, where that is a list.
std::vector<std::string> values_of(const CLI::Option& option) {
  if (option.check_lname("target")) return target_names();
  return choices_of(option.get_type_name());
}

std::string dashed(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.get_lnames()) names.push_back("--" + name);
  for (const std::string& name : option.get_snames()) names.push_back("-" + name);
  return joined(names);
}

/// `command:option) words="..." ;;` for each option that takes one of a list.
std::string value_cases(const CLI::App& command) {
  std::string text;
  for (const CLI::Option* option : options_of(command)) {
    const std::vector<std::string> values = values_of(*option);
    if (values.empty()) continue;
    for (const std::string& name : option->get_lnames())
      text +=
          "    " + command.get_name() + ":--" + name + ") words=\"" + joined(values) + "\" ;;\n";
  }
  return text;
}

/// What may stand in place of a file name.
std::string positional_words(const std::string& command) {
  if (command == "targets") return joined(target_names());
  if (command == "explain") return joined(error_code_names());
  return "";
}

std::string script(const CLI::App& app) {
  std::string values, options;
  for (const std::string& name : command_names()) {
    const CLI::App& command = *app.get_subcommand(name);
    values += value_cases(command);
    std::string flags;
    for (const CLI::Option* option : options_of(command)) {
      const std::string names = dashed(*option);
      if (!names.empty()) flags += (flags.empty() ? "" : " ") + names;
    }
    options += "    " + name + ":-*) words=\"" + flags + "\" ;;\n";
    if (const std::string words = positional_words(name); !words.empty())
      options += "    " + name + ":*) words=\"" + words + "\" ;;\n";
  }
  return "# Completion of bash for streamtensor; printed by `streamtensor completion`.\n"
         "_streamtensor() {\n"
         "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} words=\n"
         "  case ${COMP_WORDS[1]}:$before in\n" +
         values +
         "  esac\n"
         "  [ -n \"$words\" ] || case ${COMP_WORDS[1]}:$word in\n" +
         options +
         "  esac\n"
         "  [ \"$COMP_CWORD\" -gt 1 ] || words=\"" +
         joined(command_names()) +
         " --help --version\"\n"
         "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
         "}\n"
         "# Where nothing of this fits, a file's name is completed.\n"
         "complete -o default -F _streamtensor streamtensor\n";
}

}  // namespace

Action add_completion(CLI::App& app) {
  return [&app] {
    std::cout << script(*app.get_parent());
    return 0;
  };
}

}  // namespace st::cli
