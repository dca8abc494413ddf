// SPDX-License-Identifier: Apache-2.0
// The manual page in roff, made of what `--help` is made of.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "cli/command_line.h"

namespace st::cli {
namespace {

/// `text` as roff prints it: hyphens as ASCII, no line that is taken for a request.
std::string roff(const std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool line_start = out.empty() || out.back() == '\n';
    if (line_start && (text[i] == '.' || text[i] == '\'')) out += "\\&";
    switch (text[i]) {
      case '-':
        out += "\\-";
        break;
      case '\\':
        out += "\\e";
        break;
      case '\'':
        out += "\\(aq";
        break;
      case '`':
        out += "\\(ga";
        break;
      case '^':
        out += "\\(ha";
        break;
      case '~':
        out += "\\(ti";
        break;
      default:
        out += text[i];
    }
  }
  return out;
}

std::string bold(const std::string& text) { return "\\fB" + roff(text) + "\\fR"; }
std::string italic(const std::string& text) { return "\\fI" + roff(text) + "\\fR"; }

/// "-n, --max-tokens N (default 64)".
std::string head_of(const CLI::Option& option) {
  std::string names;
  const auto add = [&](const std::string& name) {
    names += (names.empty() ? "" : ", ") + bold(name);
  };
  for (const std::string& name : option.get_snames()) add("-" + name);
  for (const std::string& name : option.get_lnames()) add("--" + name);
  if (names.empty()) return italic(option.get_single_name());
  if (option.get_items_expected_max() > 0) {
    const std::vector<std::string> choices = choices_of(option.get_type_name());
    std::string value;
    for (const std::string& choice : choices) value += (value.empty() ? "" : "|") + choice;
    names += " " + italic(choices.empty() ? "VALUE" : value);
  }
  const std::string otherwise = option.get_default_str();
  if (!otherwise.empty() && otherwise != "\"\"" && otherwise != "false")
    names += " (default " + roff(otherwise) + ")";
  return names;
}

std::string examples(const std::vector<std::string>& commands) {
  std::string text = ".EX\n";
  for (const std::string& command : commands) text += roff(command) + "\n";
  return text + ".EE\n";
}

std::string section_of(const CLI::App& command) {
  std::string synopsis = bold("streamtensor " + command.get_name()) + " [\\fIoption\\fR...]";
  for (const CLI::Option* option : options_of(command)) {
    if (option->get_positional())
      synopsis += option->get_required() ? " " + italic(option->get_single_name())
                                         : " [" + italic(option->get_single_name()) + "]";
  }
  std::string text = ".SS " + synopsis + "\n" + roff(command.get_description()) + ".\n";
  for (const CLI::Option* option : options_of(command)) {
    if (option->check_lname("help")) continue;
    text += ".TP\n" + head_of(*option) + "\n" + roff(option->get_description()) + "\n";
  }
  return text + ".PP\nExamples:\n" + examples(examples_of(command.get_name()));
}

constexpr const char* Exit =
    ".TP\n0\nDone.\n.TP\n1\nA comparison failed, or lint found errors.\n.TP\n2\nBad "
    "input.\n.TP\n3\nNo design fits the "
    "board.\n.TP\n4\nThe machine lacks something: a compiler, space, memory, a device.\n.TP\n70\n"
    "An internal fault.\n";

constexpr const char* Files =
    ".TP\n\\fImodel.json\\fR, \\fImodel.onnx\\fR\nThe graph; weights in it, in HDF5 or in ONNX's "
    "external data.\n"
    ".TP\n\\fIBUILD/groups/*/src\\fR\nThe emitted kernels.\n"
    ".TP\n\\fIBUILD/host\\fR\nThe host program, for \\fBmake\\fR or CMake.\n"
    ".TP\n\\fIBUILD/Makefile.hls\\fR\nFrom the kernels to a bitstream, with AMD's tools.\n"
    ".TP\n\\fIBUILD/report/report.json\\fR\nNumbers, each with where it is from.\n";

std::string page(const CLI::App& app) {
  std::string text =
      ".\\\" Printed by `streamtensor manual`.\n.TH STREAMTENSOR 1 \"\" \"streamtensor " ST_VERSION
      "\" \"User Commands\"\n.SH NAME\nstreamtensor \\- accelerators for FPGA cards from decoder "
      "language models\n.SH SYNOPSIS\n" +
      bold("streamtensor") + " \\fIcommand\\fR [\\fIoption\\fR...]\n.SH DESCRIPTION\n" +
      roff(app.get_description()) +
      "\nA build needs no card and none of AMD's tools: it compiles the emitted kernels for this "
      "machine, and runs them behind the host program that a card would get.\n.SH COMMANDS\n";
  for (const std::string& name : command_names()) text += section_of(*app.get_subcommand(name));
  return text + ".SH EXAMPLES\n" + examples(examples_of("")) + ".SH EXIT STATUS\n" + Exit +
         ".SH FILES\n" + Files;
}

}  // namespace

Action add_manual(CLI::App& app) {
  return [&app] {
    std::cout << page(*app.get_parent());
    return 0;
  };
}

}  // namespace st::cli
