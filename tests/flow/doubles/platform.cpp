// SPDX-License-Identifier: Apache-2.0
// Platforms and cards: platforminfo, emconfigutil, xbutil.
#include "tests/flow/doubles/platform.h"

#include <cstdlib>
#include <iostream>
#include <regex>
#include <sstream>

namespace st::doubles {

bool Platform::has_memory(const std::string& tag) const {
  std::smatch found;
  if (!std::regex_match(tag, found, std::regex("(\\w+)\\[(\\d+)(:(\\d+))?\\]"))) {
    const auto plain = memories.find(tag);
    return plain != memories.end() && plain->second == 0;
  }
  const auto channels = memories.find(found[1]);
  if (channels == memories.end()) return false;
  const int first = std::stoi(found[2]);
  const int last = found[4].matched ? std::stoi(found[4]) : first;
  return first <= last && last < channels->second;
}

Platform read_platform(const std::string& path) {
  if (!fs::is_regular_file(path)) error("v++ 60-1258", "No valid platform was found: " + path);
  std::istringstream in(read(path));
  Platform platform;
  for (std::string word; in >> word;) {
    if (word == "part") in >> platform.part;
    if (word == "slrs") in >> platform.slrs;
    if (word == "memory") {
      std::string tag;
      in >> tag;
      in >> platform.memories[tag];
    }
  }
  return platform;
}

int platforminfo(const Call& call) {
  const Options options = parse(call, {"p|platform=", "l|list", "j|json="});
  const std::string path = options.value("platform");
  const Platform platform = read_platform(path);
  std::cout << Mark << "platforminfo\n"
            << "==========================\nBasic Platform Information\n"
            << "==========================\nPlatform:           " << fs::path(path).stem().string()
            << "\nFile:               " << path << "\n\n"
            << "=====================================\nHardware Platform (Shell) Information\n"
            << "=====================================\nVendor:                           xilinx\n"
            << "FPGA Family:                      virtexuplus HBM\n"
            << "FPGA Device:                      "
            << platform.part.substr(0, platform.part.find('-'))
            << "\nBoard Vendor:                     xilinx.com\n"
            << "Board Part:                       " << platform.part
            << "\n\n==================\nMemory Information\n==================\n";
  for (const auto& [tag, channels] : platform.memories)
    std::cout << "  Bus SP Tag: " << tag << "\n";
  return 0;
}

int emconfigutil(const Call& call) {
  const Options options = parse(call, {"f|platform=", "od=", "nd="});
  read_platform(options.value("platform"));
  std::cout << Mark << "emconfigutil\n";
  write(fs::path(options.value("od")) / "emconfig.json", "emconfigutil", "{}\n");
  return 0;
}

int xbutil(const Call& call) {
  if (call.arguments != std::vector<std::string>{"examine"}) error("", "this double only examines");
  const char* card = std::getenv("DOUBLE_CARD");
  std::cout << Mark << "xbutil\nSystem Configuration\n  OS Name : Linux\n\nDevices present\n"
            << "BDF             :  Shell                            Logic UUID  Device ID  Device "
               "Ready*\n";
  if (card != nullptr)
    std::cout << "[0000:3b:00.1]  :  " << card << "  0x5e278820  user(inst=128)  Yes\n";
  return 0;
}

}  // namespace st::doubles
