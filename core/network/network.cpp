// SPDX-License-Identifier: Apache-2.0
#include "core/network/network.h"

#include <algorithm>
#include <set>

namespace st {
namespace {

std::string counter_name(size_t depth) { return "d" + std::to_string(depth); }

bool uses(const NetworkItem& item, const std::string& symbol) {
  return item.trips.terms().count(symbol) != 0 ||
         std::any_of(item.items.begin(), item.items.end(),
                     [&](const NetworkItem& inner) { return uses(inner, symbol); });
}

/// True if each iteration of the loop at `depth` does the same.
bool uniform(const std::vector<NetworkItem>& items, size_t depth) {
  return std::none_of(items.begin(), items.end(), [&](const NetworkItem& item) {
    return item.trips_by_outer != nullptr || uses(item, counter_name(depth));
  });
}

/// Counts the firings of a task: what(item, times).
template <typename What>
void count(const std::vector<NetworkItem>& items, size_t depth, int64_t outer, int64_t times,
           Bindings& bindings, const What& what) {
  for (const NetworkItem& item : items) {
    if (!item.is_loop()) {
      what(item, times);
      continue;
    }
    const int64_t trips = item.trips_by_outer != nullptr
                              ? (*item.trips_by_outer)[static_cast<size_t>(outer)]
                              : item.trips.evaluate(bindings).value_or(0);
    if (trips <= 0) continue;
    if (uniform(item.items, depth)) {
      count(item.items, depth + 1, 0, times * trips, bindings, what);
      continue;
    }
    for (int64_t k = 0; k < trips; ++k) {
      bindings[counter_name(depth)] = k;
      count(item.items, depth + 1, k, times, bindings, what);
    }
    bindings.erase(counter_name(depth));
  }
}

void largest_in_flight(const std::vector<NetworkItem>& items, int64_t& most) {
  for (const NetworkItem& item : items) {
    if (item.is_loop()) {
      largest_in_flight(item.items, most);
    } else {
      most = std::max(most, (item.latency + item.interval - 1) / item.interval);
    }
  }
}

void note_ends(const std::vector<NetworkItem>& items, int task, std::vector<ChannelEnds>& ends) {
  for (const NetworkItem& item : items) {
    for (int c : item.reads) ends[static_cast<size_t>(c)].target = task;
    for (int c : item.writes) ends[static_cast<size_t>(c)].source = task;
    note_ends(item.items, task, ends);
  }
}

void note_memories(const std::vector<NetworkItem>& items, std::set<int>& memories) {
  for (const NetworkItem& item : items) {
    if (item.access) memories.insert(item.access->memory);
    note_memories(item.items, memories);
  }
}

}  // namespace

std::vector<int> memories_of(const NetworkTask& task) {
  std::set<int> memories;
  note_memories(task.items, memories);
  return {memories.begin(), memories.end()};
}

std::vector<Bindings> Network::launches_or_largest() const {
  if (!launches.empty()) return launches;
  Bindings largest;
  for (const NetworkSymbol& symbol : symbols) largest[symbol.name] = symbol.most;
  return {largest};
}

std::vector<int64_t> depths_of(const Network& network) {
  std::vector<int64_t> depths;
  for (const NetworkChannel& channel : network.channels) depths.push_back(channel.depth);
  return depths;
}

std::vector<ChannelEnds> ends_of(const Network& network) {
  std::vector<ChannelEnds> ends(network.channels.size());
  for (size_t t = 0; t < network.tasks.size(); ++t)
    note_ends(network.tasks[t].items, static_cast<int>(t), ends);
  return ends;
}

int64_t in_flight_of(const NetworkTask& task) {
  if (task.in_flight > 0) return task.in_flight;
  int64_t most = 1;
  largest_in_flight(task.items, most);
  return most;
}

NetworkTraffic traffic_of(const Network& network, const Bindings& launch) {
  NetworkTraffic traffic{std::vector<int64_t>(network.channels.size(), 0),
                         std::vector<int64_t>(network.channels.size(), 0)};
  Bindings bindings = launch;
  for (const NetworkTask& task : network.tasks) {
    count(task.items, 0, 0, 1, bindings, [&](const NetworkItem& firing, int64_t times) {
      for (int c : firing.writes) traffic.pushes[static_cast<size_t>(c)] += times;
      for (int c : firing.reads) traffic.pulls[static_cast<size_t>(c)] += times;
    });
  }
  return traffic;
}

std::vector<int64_t> firings_of(const Network& network, const Bindings& launch) {
  std::vector<int64_t> firings(network.tasks.size(), 0);
  Bindings bindings = launch;
  for (size_t t = 0; t < firings.size(); ++t) {
    count(network.tasks[t].items, 0, 0, 1, bindings,
          [&](const NetworkItem&, int64_t times) { firings[t] += times; });
  }
  return firings;
}

}  // namespace st
