// SPDX-License-Identifier: Apache-2.0
#include "tests/common/small_networks.h"

#include <utility>

namespace st::test {

NetworkItem fire(std::vector<int> reads, std::vector<int> writes, int64_t interval,
                 int64_t latency) {
  NetworkItem item;
  item.reads = std::move(reads);
  item.writes = std::move(writes);
  item.interval = interval;
  item.latency = latency;
  return item;
}

NetworkItem loop(Extent trips, std::vector<NetworkItem> items) {
  NetworkItem item;
  item.trips = std::move(trips);
  item.items = std::move(items);
  return item;
}

NetworkItem drained(NetworkItem item) {
  item.drain = true;
  return item;
}

NetworkItem with_memory(NetworkItem item, int64_t bytes, bool write) {
  item.access = {0, bytes, write};
  return item;
}

NetworkTask task(const std::string& name, std::vector<NetworkItem> items, int64_t in_flight) {
  return {name, std::move(items), in_flight};
}

NetworkChannel channel(const std::string& name, int64_t depth, int64_t initial) {
  NetworkChannel channel;
  channel.name = name;
  channel.depth = depth;
  channel.initial = initial;
  return channel;
}

Network pipe(int64_t tokens, int64_t depth, NetworkItem source, NetworkItem target) {
  source.writes = {0};
  target.reads = {0};
  Network network;
  network.name = "pipe";
  network.tasks = {task("a", {loop(tokens, {std::move(source)})}),
                   task("b", {loop(tokens, {std::move(target)})})};
  network.channels = {channel("a_b", depth)};
  return network;
}

Network diamond(int64_t depth) {
  enum { K0K1, K1K2, K0K2, Full, Free };
  Network network;
  network.name = "diamond";
  network.channels = {channel("k0_k1", 2), channel("k1_k2", 2), channel("k0_k2", depth),
                      channel("K1.full", 2), channel("K1.free", 2, 2)};
  network.channels[Full].width_bits = network.channels[Free].width_bits = 1;
  network.channels[Full].fixed = network.channels[Free].fixed = true;
  network.tasks = {
      task("K0", {loop(64, {fire({}, {K0K1, K0K2}, 4, 4)})}),
      task("K1.in", {loop(4, {fire({K0K1, Free}, {}, 1, 0), loop(14, {fire({K0K1}, {}, 1, 0)}),
                              fire({K0K1}, {Full}, 1, 0)})}),
      task("K1.out", {loop(4, {fire({Full}, {K1K2}, 1, 0), loop(14, {fire({}, {K1K2}, 1, 0)}),
                               fire({}, {K1K2, Free}, 1, 0)})}),
      task("K2", {loop(64, {fire({K1K2, K0K2}, {})})})};
  return network;
}

Network two_roots(int64_t depth) {
  Network network;
  network.name = "two_roots";
  network.channels = {channel("a_j", 2), channel("b_j", depth)};
  network.tasks = {task("A", {loop(64, {fire({}, {0}, 1, 400)})}),
                   task("B", {loop(64, {fire({}, {1}, 8, 1)})}),
                   task("J", {loop(64, {fire({0, 1}, {})})})};
  return network;
}

Network figure8() {
  Network network = pipe(5, 0, fire({}, {}, 1, 3), fire({}, {}, 2, 1));
  network.name = "figure8";
  network.tasks[0].name = "source";
  network.tasks[1].name = "target";
  network.channels[0].name = "fifo";
  return network;
}

}  // namespace st::test
