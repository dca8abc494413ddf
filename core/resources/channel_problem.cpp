// SPDX-License-Identifier: Apache-2.0
#include "core/resources/channel_problem.h"

#include <algorithm>
#include <map>

#include "core/resources/broken.h"
#include "core/support/shortfall.h"

namespace st {
namespace {

/// Sums over all memories stay within 64 bits.
constexpr int64_t MostBytes = int64_t{1} << 50;
constexpr int64_t MostMemories = int64_t{1} << 12;
constexpr int64_t MostChannels = 1024;

}  // namespace

Status ChannelProblem::check() const {
  Diagnostics problems;
  const auto bound = [&](const char* what, int64_t value, int64_t low, int64_t high,
                         const std::string& where) {
    if (value >= low && value <= high) return;
    problems.push_back(broken(std::string(what) + " " + std::to_string(value) + " is not in " +
                                  std::to_string(low) + ".." + std::to_string(high),
                              where));
  };
  bound("number of channels", channels, 1, MostChannels, "");
  bound("capacity of a channel", channel_bytes, 1, MostBytes, "");
  bound("capacity of all channels", all_bytes(), 1, MostBytes * MostChannels, "");
  bound("number of ports", most_ports, 1, MostChannels, "");
  bound("number of ports of a channel", channel_ports, 1, MostChannels, "");
  bound("number of memories", static_cast<int64_t>(memories.size()), 0, MostMemories, "");
  for (const Memory& memory : memories) {
    const std::string where = "memory '" + printable(memory.name) + "'";
    bound("size", memory.bytes, 0, MostBytes, where);
    bound("traffic", memory.traffic, 0, MostBytes, where);
  }
  return problems;
}

Status verify(const ChannelProblem& problem, const ChannelSolution& solution) {
  ST_CHECK(problem.check());
  if (solution.channel.size() != problem.memories.size())
    return broken("the solution is for other memories", "");
  Diagnostics problems;
  std::map<int, int64_t> bytes, traffic;
  std::map<int, int> ports, channel_ports;
  int64_t all = 0;
  for (size_t m = 0; m < problem.memories.size(); ++m) {
    const ChannelProblem::Memory& memory = problem.memories[m];
    const int channel = solution.channel[m];
    if (channel < 0 || channel >= problem.channels) {
      problems.push_back(broken("there is no channel " + std::to_string(channel),
                                "memory '" + printable(memory.name) + "'"));
    }
    bytes[channel] += memory.bytes;
    traffic[channel] += memory.traffic;
    channel_ports[channel] += static_cast<int>(memory.groups.size());
    all += memory.bytes;
    for (const int group : memory.groups) ++ports[group];
  }
  int64_t load = 0;
  for (const auto& [channel, sum] : traffic) load = std::max(load, sum);
  if (solution.load != load) {
    problems.push_back(broken("the busiest channel moves " + std::to_string(load) + " bytes, not " +
                                  std::to_string(solution.load),
                              ""));
  }
  if (solution.bound > load) {
    problems.push_back(broken("the bound of " + std::to_string(solution.bound) +
                                  " bytes is above the load of " + std::to_string(load),
                              ""));
  }
  const auto lacking = [&](const std::string& what, int64_t need, int64_t have) {
    problems.push_back({"E0403", shortfall(what, need, have, "there are"), "", {}, ""});
  };
  for (const auto& [channel, sum] : bytes) {
    if (sum <= problem.channel_bytes) continue;
    lacking("bytes of channel " + std::to_string(channel), sum, problem.channel_bytes);
  }
  if (all > problem.all_bytes()) lacking("bytes of all channels", all, problem.all_bytes());
  for (const auto& [channel, count] : channel_ports) {
    if (count > problem.channel_ports)
      lacking("ports of channel " + std::to_string(channel), count, problem.channel_ports);
  }
  for (const auto& [group, count] : ports) {
    if (count <= problem.most_ports) continue;
    lacking("memory ports of group " + std::to_string(group), count, problem.most_ports);
  }
  return problems;
}

}  // namespace st
