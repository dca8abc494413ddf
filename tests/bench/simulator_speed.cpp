// SPDX-License-Identifier: Apache-2.0
// Token events (pushes and pulls) that the simulator takes in a second on one core.
#include <chrono>
#include <cstdio>

#include "core/network/network.h"
#include "core/simulate/simulator.h"

namespace {

st::NetworkItem fire(std::vector<int> reads, std::vector<int> writes, int64_t interval,
                     int64_t latency) {
  st::NetworkItem item;
  item.reads = std::move(reads);
  item.writes = std::move(writes);
  item.interval = interval;
  item.latency = latency;
  return item;
}

st::NetworkItem loop(int64_t trips, std::vector<st::NetworkItem> items) {
  st::NetworkItem item;
  item.trips = trips;
  item.items = std::move(items);
  return item;
}

void measure(const char* what, const st::Network& network) {
  const auto begin = std::chrono::steady_clock::now();
  const st::SimulationResult result = st::Simulator(network).run();
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - begin;
  std::printf("%-44s %11lld events  %6.1f million/s%s\n", what,
              static_cast<long long>(result.token_events),
              static_cast<double>(result.token_events) / time.count() / 1e6,
              result.completed ? "" : "  (deadlock)");
}

/// `tasks` tasks one after another, each a pipelined loop.
st::Network chain(int tasks, int64_t tokens, int64_t interval) {
  st::Network network;
  for (int t = 0; t < tasks; ++t) {
    const std::vector<int> in = t > 0 ? std::vector<int>{t - 1} : std::vector<int>{};
    const std::vector<int> out = t + 1 < tasks ? std::vector<int>{t} : std::vector<int>{};
    network.tasks.push_back(
        {"t" + std::to_string(t), {loop(tokens, {fire(in, out, interval, 1 + t % 5)})}, 0});
    if (!out.empty()) network.channels.push_back({"c" + std::to_string(t), 32, 4, 0, false});
  }
  return network;
}

/// Blocks are gathered and sent on, while a second path waits for them: stalls all the time.
st::Network blocks(int stages, int64_t rounds) {
  st::Network network;
  auto channel = [&](int64_t depth) {
    network.channels.push_back(
        {"c" + std::to_string(network.channels.size()), 32, depth, 0, false});
    return static_cast<int>(network.channels.size()) - 1;
  };
  int last = channel(2);
  network.tasks.push_back({"source", {loop(16 * rounds, {fire({}, {last}, 1, 2)})}, 0});
  for (int s = 0; s < stages; ++s) {
    const std::string name = std::to_string(s);
    const int gathered = channel(2), skip = channel(16), sent = channel(2), next = channel(2);
    network.tasks.push_back(
        {"fork" + name, {loop(16 * rounds, {fire({last}, {gathered, skip}, 1, 2)})}, 0});
    network.tasks.push_back({"block" + name,
                             {loop(rounds, {loop(16, {fire({gathered}, {}, 1, 1)}),
                                            loop(16, {fire({}, {sent}, 1, 3)})})},
                             0});
    network.tasks.push_back(
        {"join" + name, {loop(16 * rounds, {fire({sent, skip}, {next}, 1, 7)})}, 0});
    last = next;
  }
  network.tasks.push_back({"sink", {loop(16 * rounds, {fire({last}, {}, 1, 1)})}, 0});
  return network;
}

/// `loaders` tasks that share one memory, each into a task of its own that drains after each block.
st::Network loads(int loaders, int64_t blocks) {
  st::Network network;
  network.memories = {{"hbm", 64, 1, 100, 512, 20}};
  for (int l = 0; l < loaders; ++l) {
    const std::string name = std::to_string(l);
    st::NetworkItem load = fire({}, {l}, 1, 1);
    load.access = st::NetworkAccess{0, 64, false};
    network.tasks.push_back({"load" + name, {loop(64 * blocks, {load})}, 16});
    st::NetworkItem block = loop(64, {fire({l}, {}, 1, 9)});
    block.drain = true;
    network.tasks.push_back({"use" + name, {loop(blocks, {block})}, 0});
    network.channels.push_back({"c" + name, 512, 16, 0, false});
  }
  return network;
}

}  // namespace

int main() {
  measure("chain of 10 tasks, interval 1", chain(10, 2'000'000, 1));
  measure("chain of 100 tasks, interval 3", chain(100, 100'000, 3));
  measure("20 blocks with skips", blocks(20, 10'000));
  measure("8 loaders of one memory", loads(8, 20'000));
}
