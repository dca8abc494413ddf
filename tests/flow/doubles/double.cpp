// SPDX-License-Identifier: Apache-2.0
#include "tests/flow/doubles/double.h"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>

namespace st::doubles {
namespace {

std::string environment(const char* name, const std::string& otherwise = "") {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : value;
}

std::string trimmed(std::string text) {
  const size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

/// The words of "l|link".
bool names(const std::string& alternatives, const std::string& name) {
  std::istringstream in(alternatives);
  for (std::string word; std::getline(in, word, '|');)
    if (word == name) return true;
  return false;
}

}  // namespace

std::string release() { return environment("DOUBLE_VERSION", "2023.2"); }

void banner(const std::string& tool) {
  std::cout << Mark << tool << "\n****** " << tool << " v" << release()
            << " (64-bit)\n  **** SW Build 4029153\n"
            << std::flush;
}

void error(const std::string& code, const std::string& text) {
  std::cout << "ERROR: " << (code.empty() ? "" : "[" + code + "] ") << text << "\n" << std::flush;
  std::exit(1);
}

void take_time() {
  const double seconds = std::stod(environment("DOUBLE_SECONDS", "0"));
  if (seconds > 0) usleep(static_cast<useconds_t>(seconds * 1e6));
}

bool fault(const std::string& name) {
  const std::string unit = environment("DOUBLE_UNIT");
  if (!unit.empty() && fs::current_path().filename() != unit) return false;
  return environment("DOUBLE_FAULT") == name;
}

void fail_midway(const std::string& tool) {
  if (fault("licence"))
    error("Common 17-345",
          "A valid license was not found for feature 'Synthesis' and/or device 'xcvc1902'. Please "
          "run the Vivado License Manager for assistance in determining which features and devices "
          "are licensed for your system.");
  if (fault("part")) error("HLS 200-1023", "Part 'xcu280-fsvh2892-2L-e' is not installed.");
  if (fault("disk")) {
    std::cout << "couldn't write: No space left on device\n";
    error("v++ 60-896", tool + " failed");
  }
  if (fault("memory")) {
    std::cout << "terminate called after throwing an instance of 'std::bad_alloc'\n" << std::flush;
    std::abort();
  }
  if (fault("crash")) std::exit(3);
  if (fault("killed")) kill(getpid(), SIGKILL);
  if (fault("hang")) {
    std::ofstream("hang.pid") << getpid() << std::endl;
    for (;;) pause();
  }
}

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void write(const fs::path& path, const std::string& tool, const std::string& text,
           const std::string& comment) {
  if (path.has_parent_path()) fs::create_directories(path.parent_path());
  std::ofstream out(path, std::ios::binary);
  out << comment << (comment.empty() ? "" : " ") << Mark << tool
      << (comment == "<!--" ? " -->\n" : "\n") << text;
  if (!out) error("", "cannot write " + path.string());
}

void need_file(const std::string& path) {
  if (!fs::is_regular_file(path)) error("v++ 60-602", "Source file does not exist: " + path);
}

std::string Options::value(const std::string& name) const {
  const auto found = values.find(name);
  if (found == values.end() || found->second.size() != 1)
    error("", "the option '--" + name + "' must be given once");
  return found->second[0];
}

std::string Options::value(const std::string& name, const std::string& otherwise) const {
  return has(name) ? value(name) : otherwise;
}

Options parse(const Call& call, const std::vector<std::string>& known) {
  Options options;
  for (size_t i = 0; i < call.arguments.size(); ++i) {
    const std::string& argument = call.arguments[i];
    if (argument.empty() || argument[0] != '-') {
      options.positional.push_back(argument);
      continue;
    }
    std::string name = argument.substr(argument.find_first_not_of('-'));
    std::string value;
    const size_t equals = name.find('=');
    const bool given = equals != std::string::npos;
    if (given) {
      value = name.substr(equals + 1);
      name = name.substr(0, equals);
    }
    const auto option = std::find_if(known.begin(), known.end(), [&](const std::string& entry) {
      return names(entry.substr(0, entry.find('=')), name);
    });
    if (option == known.end()) error("", "unrecognised option '" + argument + "'");
    const bool takes = option->back() == '=';
    if (takes && !given) {
      if (i + 1 >= call.arguments.size()) error("", "'" + argument + "' needs a value");
      value = call.arguments[++i];
    }
    if (!takes && given) error("", "'" + argument + "' takes no value");
    // Of several names the last one, which is the longest.
    const std::string all = option->substr(0, option->find('='));
    options.values[all.substr(all.find_last_of('|') + 1)].push_back(value);
  }
  return options;
}

Config read_config(const fs::path& path, const std::vector<std::string>& known) {
  need_file(path.string());
  std::istringstream in(read(path));
  std::string section;
  Config config;
  for (std::string line; std::getline(in, line);) {
    line = trimmed(line);
    if (line.empty() || line[0] == '#') continue;
    if (line.front() == '[' && line.back() == ']') {
      section = line.substr(1, line.size() - 2);
      continue;
    }
    const size_t equals = line.find('=');
    if (equals == std::string::npos) error("", path.string() + ": no key=value: " + line);
    const std::string key =
        (section.empty() ? "" : section + ".") + trimmed(line.substr(0, equals));
    const bool fine = std::any_of(known.begin(), known.end(), [&](const std::string& entry) {
      if (entry.back() == '*') return key.starts_with(entry.substr(0, entry.size() - 1));
      return key == entry;
    });
    if (!fine) error("", path.string() + ": unrecognised key '" + key + "'");
    config.emplace_back(key, trimmed(line.substr(equals + 1)));
  }
  return config;
}

std::vector<std::string> values(const Config& config, const std::string& key) {
  std::vector<std::string> found;
  for (const auto& [name, value] : config)
    if (name == key) found.push_back(value);
  return found;
}

}  // namespace st::doubles

int main(int argc, char** argv) {
  using namespace st::doubles;
  const Call call = {fs::path(argv[0]).filename(), {argv + 1, argv + argc}};
  if (const char* calls = std::getenv("DOUBLE_CALLS")) {
    std::ofstream out(calls, std::ios::app);
    std::string line = fs::current_path().filename().string() + " " + call.tool;
    for (const std::string& argument : call.arguments) line += " " + argument;
    out << line + "\n";
  }
  // Real tools call make, whose variables these would override.
  for (const char* name : {"MAKEFLAGS", "CXXFLAGS"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != 0 && call.arguments != std::vector<std::string>{"--version"})
      error("", std::string(name) + " reaches a tool: " + value);
  }
  const std::map<std::string, int (*)(const Call&)> tools = {{"v++", vpp},
                                                             {"vitis-run", vitis_run},
                                                             {"vitis_hls", vitis_hls},
                                                             {"platforminfo", platforminfo},
                                                             {"emconfigutil", emconfigutil},
                                                             {"xbutil", xbutil}};
  const auto tool = tools.find(call.tool);
  if (tool == tools.end()) error("", "no double is called " + call.tool);
  return tool->second(call);
}
