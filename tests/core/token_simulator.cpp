// SPDX-License-Identifier: Apache-2.0
#include "tests/core/token_simulator.h"

#include <algorithm>
#include <deque>
#include <map>

#include "tests/core/kernel_scripts.h"

namespace st::test {
namespace {

/// A kernel at work.
struct Process {
  const Kernel& kernel;
  Accesses accesses;
  size_t next = 0;

  [[nodiscard]] ChannelId channel() const {
    const Access& access = accesses[next];
    return (access.write ? kernel.outputs : kernel.inputs)[access.port].channel;
  }
};

}  // namespace

Execution execute(const Program& program, int group, int64_t tokens, int64_t past) {
  Execution result;
  result.beats.assign(program.channels.size(), 0);
  result.highest.assign(program.channels.size(), 0);
  std::vector<int64_t> held(program.channels.size(), 0);
  std::map<KernelId, Process> processes;
  std::deque<KernelId> ready;
  for (const KernelId k : program.kernels_of(group)) {
    const Kernel& kernel = program.kernels[k];
    processes.insert({k, Process{kernel, accesses_of(program, kernel, tokens, past)}});
    ready.push_back(k);
  }
  while (!ready.empty()) {
    const KernelId k = ready.front();
    ready.pop_front();
    Process& process = processes.at(k);
    while (process.next < process.accesses.size()) {
      Access& access = process.accesses[process.next];
      const ChannelId c = process.channel();
      const Channel& channel = program.channels[c];
      int64_t& in = held[c];
      const int64_t now = std::min(access.beats, access.write ? channel.depth - in : in);
      if (now == 0) break;
      in += access.write ? now : -now;
      access.beats -= now;
      if (access.write) result.beats[c] += now;
      result.highest[c] = std::max(result.highest[c], in);
      if (access.beats == 0) ++process.next;
      const KernelId other = access.write ? channel.consumer : channel.producer;
      if (std::find(ready.begin(), ready.end(), other) == ready.end()) ready.push_back(other);
    }
  }
  result.finished = true;
  for (const auto& [k, process] : processes) {
    if (process.next == process.accesses.size()) continue;
    result.finished = false;
    const Access& access = process.accesses[process.next];
    const ChannelId c = process.channel();
    const Channel& channel = program.channels[c];
    result.blocked += "  " + program.kernels[k].name + " (" + program.kernels[k].kind +
                      ") waits to " + (access.write ? "write " : "read ") + channel.name +
                      ", which holds " + std::to_string(held[c]) + " of " +
                      std::to_string(channel.depth) + "\n";
  }
  for (const ChannelId c : program.channels_of(group)) {
    if (!result.finished || held[c] == 0) continue;
    result.finished = false;
    result.blocked += "  " + program.channels[c].name + " is left with beats\n";
  }
  return result;
}

}  // namespace st::test
