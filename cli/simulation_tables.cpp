// SPDX-License-Identifier: Apache-2.0
#include "cli/simulation_tables.h"

#include <cmath>
#include <cstdio>
#include <utility>
#include <vector>

#include "cli/commands.h"

namespace st::cli {
namespace {

using Rows = std::vector<std::vector<std::string>>;

std::string name_cell(const std::string& name) { return "  " + printable(name, 40); }

std::string task_activity(const Network& network, const SimulationResult& result) {
  Rows rows = {{"  task", "firings", "busy", "starved", "blocked", "first issue", "last end"}};
  for (size_t t = 0; t < network.tasks.size(); ++t) {
    const TaskActivity& a = result.tasks[t];
    rows.push_back({name_cell(network.tasks[t].name), grouped(a.firings), grouped(a.busy),
                    grouped(a.starved), grouped(a.blocked), grouped(a.first_issue),
                    grouped(a.last_completion)});
  }
  return table(rows);
}

std::string channel_activity(const Network& network, const SimulationResult& result) {
  Rows rows = {{"  channel", "depth", "peak", "tokens", "empty for", "full for"}};
  for (size_t c = 0; c < network.channels.size(); ++c) {
    const ChannelActivity& a = result.channels[c];
    const int64_t depth = network.channels[c].depth;
    rows.push_back({name_cell(network.channels[c].name), depth > 0 ? grouped(depth) : "none",
                    grouped(a.peak), grouped(a.pushes), grouped(a.empty_stall),
                    grouped(a.full_stall)});
  }
  return table(rows);
}

std::string memory_activity(const Network& network, const SimulationResult& result) {
  Rows rows = {{"  memory", "bytes read", "bytes written", "bursts"}};
  for (size_t m = 0; m < network.memories.size(); ++m) {
    const MemoryActivity& a = result.memories[m];
    rows.push_back({name_cell(network.memories[m].name), grouped(a.bytes_read),
                    grouped(a.bytes_written), grouped(a.bursts)});
  }
  return table(rows);
}

/// "12.3% 1,234", of time in 1/`unit` of a cycle; "-" for none.
std::string share(int64_t part, int64_t whole, int64_t unit = 1) {
  if (part == 0) return "-";
  char percent[32];
  std::snprintf(percent, sizeof percent, "%.1f%% ",
                100 * static_cast<double>(part) / static_cast<double>(whole));
  return percent + grouped(std::llround(static_cast<double>(part) / static_cast<double>(unit)));
}

std::string task_accounts(const Network& network, const SimulationResult& result) {
  const std::pair<const char*, int64_t CycleAccount::*> columns[] = {
      {"useful", &CycleAccount::useful}, {"dependency", &CycleAccount::dependency},
      {"memory", &CycleAccount::memory}, {"latency", &CycleAccount::latency},
      {"room", &CycleAccount::room},     {"turn", &CycleAccount::turn},
      {"idle", &CycleAccount::idle}};
  Rows rows = {{"  task"}};
  for (const auto& [title, part] : columns) rows[0].emplace_back(title);
  for (size_t t = 0; t < network.tasks.size(); ++t) {
    rows.push_back({name_cell(network.tasks[t].name)});
    for (const auto& [title, part] : columns)
      rows.back().push_back(share(result.tasks[t].account.*part, result.accounted));
  }
  return table(rows);
}

std::string memory_accounts(const Network& network, const SimulationResult& result) {
  Rows rows = {{"  memory", "bytes", "starts of bursts", "idle"}};
  for (size_t m = 0; m < network.memories.size(); ++m) {
    const MemoryAccount& a = result.memories[m].account;
    const int64_t unit = network.memories[m].bytes, whole = a.total();
    rows.push_back({name_cell(network.memories[m].name), share(a.transfer, whole, unit),
                    share(a.starts, whole, unit), share(a.idle, whole, unit)});
  }
  return table(rows);
}

}  // namespace

std::string activity_tables(const Network& network, const SimulationResult& result) {
  std::string text = task_activity(network, result) + "\n" + channel_activity(network, result);
  if (!network.memories.empty()) text += "\n" + memory_activity(network, result);
  return text;
}

std::string account_tables(const Network& network, const SimulationResult& result,
                           const std::string& what) {
  std::string text = "  where the " + grouped(result.accounted) + " cycles went (" + what + ")\n" +
                     task_accounts(network, result);
  if (!network.memories.empty()) text += "\n" + memory_accounts(network, result);
  return text;
}

}  // namespace st::cli
