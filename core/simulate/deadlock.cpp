// SPDX-License-Identifier: Apache-2.0
#include "core/simulate/deadlock.h"

#include <algorithm>

namespace st {
namespace {

const BlockedTask* blocked_task(const SimulationResult& result, int task) {
  for (const BlockedTask& blocked : result.blocked) {
    if (blocked.task == task) return &blocked;
  }
  return nullptr;
}

/// "'a' waits to push to channel 'x' (full, depth 2) until 'b' pulls from it".
std::string sentence(const Network& network, const std::vector<int64_t>& depths,
                     const BlockedTask& blocked, bool helper_is_done) {
  auto task = [&](int t) {
    return t < 0 ? std::string("nobody")
                 : "'" + printable(network.tasks[static_cast<size_t>(t)].name) + "'";
  };
  const std::string ends = helper_is_done ? ", which is done" : "";
  const std::string who = task(blocked.task), helper = task(blocked.waits_for) + ends;
  if (blocked.cause == BlockedTask::Cause::Turn)
    return who + " waits for its turn; it is that of " + helper;
  const auto c = static_cast<size_t>(blocked.channel);
  const std::string channel = "channel '" + printable(network.channels[c].name) + "'";
  if (blocked.cause == BlockedTask::Cause::Full)
    return who + " waits for room in " + channel + " (full, depth " + std::to_string(depths[c]) +
           "), which is read by " + helper;
  return who + " waits for a token of " + channel + " (empty), which is written by " + helper;
}

}  // namespace

std::vector<BlockedTask> circle_of(const SimulationResult& result) {
  for (const BlockedTask& start : result.blocked) {
    std::vector<BlockedTask> chain;
    const BlockedTask* at = &start;
    while (at != nullptr && chain.size() <= result.blocked.size()) {
      const bool closed = !chain.empty() && at->task == start.task;
      if (closed) return chain;
      chain.push_back(*at);
      at = blocked_task(result, at->waits_for);
    }
  }
  return {};
}

std::vector<FreeingDepth> freeing_depths(const Network& network, const std::vector<int64_t>& depths,
                                         const SimulationResult& result) {
  const Simulator simulator(network);
  std::vector<FreeingDepth> all;
  for (const BlockedTask& blocked : circle_of(result)) {
    if (blocked.cause != BlockedTask::Cause::Full) continue;
    const auto c = static_cast<size_t>(blocked.channel);
    std::vector<int64_t> deeper = depths;
    deeper[c] = 0;
    const SimulationResult freed = simulator.run(deeper);
    if (!freed.completed) continue;
    int64_t low = depths[c] + 1, high = std::max(low, freed.channels[c].peak + 1);
    while (low < high) {
      deeper[c] = low + (high - low) / 2;
      if (simulator.run(deeper).completed) {
        high = deeper[c];
      } else {
        low = deeper[c] + 1;
      }
    }
    all.push_back({blocked.channel, high});
  }
  return all;
}

Diagnostic deadlock_problem(const Network& network, const std::vector<int64_t>& depths,
                            const SimulationResult& result) {
  const std::vector<BlockedTask> circle = circle_of(result);
  Diagnostic problem{
      "E0333",
      "the network deadlocks in cycle " + std::to_string(result.cycles) + " (simulated)",
      "",
      {},
      ""};
  for (const BlockedTask& blocked : circle.empty() ? result.blocked : circle) {
    const bool done = blocked.waits_for >= 0 && blocked_task(result, blocked.waits_for) == nullptr;
    problem.details.push_back(sentence(network, depths, blocked, done));
  }
  std::string options;
  for (const FreeingDepth& freeing : freeing_depths(network, depths, result)) {
    options += (options.empty() ? "" : ", or ") + std::string("channel '") +
               printable(network.channels[static_cast<size_t>(freeing.channel)].name) +
               "' with depth " + std::to_string(freeing.depth);
  }
  const bool full = std::any_of(circle.begin(), circle.end(), [](const BlockedTask& blocked) {
    return blocked.cause == BlockedTask::Cause::Full;
  });
  if (!options.empty()) {
    problem.help = "it runs with " + options;
  } else if (full) {
    problem.help = "no single channel frees it: `streamtensor fifo` finds depths that do";
  } else if (circle.empty()) {
    problem.help = "tasks must push and pull as many tokens as each other";
  } else {
    problem.help = "depths do not help: the circle needs initial tokens, or another order";
  }
  return problem;
}

}  // namespace st
