// SPDX-License-Identifier: Apache-2.0
#include "tests/flow/doubles/kernel.h"

#include <regex>
#include <sstream>

namespace st::doubles {

Kernel kernel_of(const fs::path& source, const std::string& top) {
  const std::string text = read(source);
  std::smatch found;
  if (!std::regex_search(text, found, std::regex("void " + top + "\\(([^)]*)\\)\\s*\\{")))
    error("HLS 200-1715", "Cannot find the top function '" + top + "' in " + source.string());
  Kernel kernel{top, {}};
  std::istringstream arguments(found[1].str());
  for (std::string argument; std::getline(arguments, argument, ',');) {
    std::smatch name;
    if (std::regex_search(argument, name, std::regex("([A-Za-z_][A-Za-z_0-9]*)\\s*$")))
      kernel.ports[name[1]] = "";
  }
  const std::regex interface("#pragma HLS INTERFACE mode=(\\w+) port=(\\w+)");
  for (std::sregex_iterator at(text.begin(), text.end(), interface), end; at != end; ++at) {
    const std::string port = (*at)[2];
    if (port == "return") continue;
    if (kernel.ports.count(port) == 0)
      error("HLS 207-812", "interface of '" + port + "', which is no argument");
    kernel.ports[port] = (*at)[1];
  }
  for (const auto& [name, mode] : kernel.ports)
    if (mode.empty()) error("HLS 214-210", "the argument '" + name + "' has no interface");
  return kernel;
}

void write_xo(const fs::path& path, const Kernel& kernel) {
  std::string text = "kernel " + kernel.name + "\n";
  for (const auto& [name, mode] : kernel.ports) text += "port " + name + " " + mode + "\n";
  write(path, "v++", text);
}

Kernel read_xo(const fs::path& path) {
  need_file(path.string());
  std::istringstream in(read(path));
  Kernel kernel;
  std::string line;
  std::getline(in, line);
  for (std::string word; in >> word;) {
    std::string name;
    in >> name;
    if (word == "kernel") kernel.name = name;
    if (word == "port") in >> kernel.ports[name];
  }
  if (kernel.name.empty()) error("v++ 60-1307", "no kernel object: " + path.string());
  return kernel;
}

}  // namespace st::doubles
