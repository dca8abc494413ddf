// SPDX-License-Identifier: Apache-2.0
#include "core/dataflow/nest.h"

#include <algorithm>
#include <numeric>

namespace st {
namespace {

std::string counter_name(int depth) { return "d" + std::to_string(depth); }

bool uses(const NestItem& item, const std::string& symbol) {
  return item.trip.count.terms().count(symbol) != 0 ||
         std::any_of(item.items.begin(), item.items.end(),
                     [&](const NestItem& inner) { return uses(inner, symbol); });
}

/// True if what is inside moves as many beats in each iteration of the loop at `depth`.
bool uniform(const Nest& items, int depth) {
  return std::none_of(items.begin(), items.end(), [&](const NestItem& item) {
    return item.trips_by_outer != nullptr || uses(item, counter_name(depth));
  });
}

void scale(std::vector<int64_t>& counts, const std::vector<int64_t>& before, int64_t factor) {
  for (size_t i = 0; i < counts.size(); ++i)
    counts[i] = before[i] + factor * (counts[i] - before[i]);
}

void count(const Nest& items, int depth, int64_t outer, Bindings& bindings, Traffic& total) {
  for (const NestItem& item : items) {
    if (!item.is_loop()) {
      for (int port : item.reads) ++total.reads[port];
      for (int port : item.writes) ++total.writes[port];
      continue;
    }
    const int64_t trips = item.trips_by_outer != nullptr
                              ? (*item.trips_by_outer)[outer]
                              : item.trip.count.evaluate(bindings).value_or(0);
    const Traffic before = total;
    if (uniform(item.items, depth)) {
      if (trips <= 0) continue;
      count(item.items, depth + 1, 0, bindings, total);
      scale(total.reads, before.reads, trips);
      scale(total.writes, before.writes, trips);
      continue;
    }
    for (int64_t k = 0; k < trips; ++k) {
      bindings[counter_name(depth)] = k;
      count(item.items, depth + 1, k, bindings, total);
    }
    bindings.erase(counter_name(depth));
  }
}

int64_t loop_cycles(const NestItem& item);

/// Cycles of an iteration, cyclo-static loops apart.
int64_t cycles_of(const Nest& items) {
  int64_t cycles = 0;
  for (const NestItem& item : items) {
    if (item.is_loop() && item.trips_by_outer == nullptr) cycles += loop_cycles(item);
  }
  return cycles;
}

int64_t iteration_cycles(const NestItem& item) {
  return std::max<int64_t>(item.interval, cycles_of(item.items));
}

/// Steps of a loop that is flattened, or of one in it.
int64_t flat_steps(const NestItem& item) {
  int64_t steps = 0;
  for (const NestItem& inner : item.items) steps += inner.is_loop() ? flat_steps(inner) : 1;
  if (item.trips_by_outer == nullptr) return item.trip.bound * steps;
  // A table has the trips of all iterations of the loop around it, which counts them once more.
  const auto& trips = *item.trips_by_outer;
  const int64_t all = std::accumulate(trips.begin(), trips.end(), int64_t{0});
  return (all * steps + static_cast<int64_t>(trips.size()) - 1) /
         static_cast<int64_t>(trips.size());
}

int64_t loop_cycles(const NestItem& item) {
  if (item.flattened) return flat_steps(item) * item.interval;
  int64_t cycles = item.trip.bound * iteration_cycles(item);
  // The trip counts of a cyclo-static loop are those of all iterations of the loop around it.
  for (const NestItem& inner : item.items) {
    if (inner.trips_by_outer == nullptr) continue;
    const auto& trips = *inner.trips_by_outer;
    cycles += std::accumulate(trips.begin(), trips.end(), int64_t{0}) * iteration_cycles(inner);
  }
  return cycles;
}

void append(std::string& out, const Nest& items, int depth) {
  for (size_t i = 0; i < items.size(); ++i) {
    const NestItem& item = items[i];
    if (i > 0) out += "; ";
    if (item.is_loop()) {
      out += "for " + counter_name(depth) + " < " +
             (item.trips_by_outer != nullptr ? "table[" + counter_name(depth - 1) + "]"
                                             : item.trip.count.text()) +
             " { ";
      append(out, item.items, depth + 1);
      out += " }";
      continue;
    }
    for (size_t r = 0; r < item.reads.size(); ++r)
      out += (r > 0 ? " in" : "in") + std::to_string(item.reads[r]);
    if (!item.writes.empty()) out += item.reads.empty() ? "->" : " ->";
    for (int port : item.writes) out += " out" + std::to_string(port);
    if (item.reads.empty() && item.writes.empty()) out += "compute";
  }
}

}  // namespace

NestItem loop(const Trip& trip, Nest items) { return pipelined(trip, 0, std::move(items)); }

NestItem pipelined(const Trip& trip, int64_t interval, Nest items) {
  NestItem item;
  item.trip = trip;
  item.interval = static_cast<int>(interval);
  item.items = std::move(items);
  return item;
}

NestItem flattened(const Trip& trip, int64_t interval, Nest items) {
  NestItem item = pipelined(trip, interval, std::move(items));
  item.flattened = true;
  return item;
}

NestItem with_stages(int64_t stages, NestItem loop) {
  loop.stages = stages;
  return loop;
}

NestItem cyclo_static(std::vector<int64_t> trips, int64_t interval, Nest items) {
  NestItem item = pipelined(Trip(), interval, std::move(items));
  item.trips_by_outer = std::make_shared<const std::vector<int64_t>>(std::move(trips));
  return item;
}

NestItem sometimes(std::vector<int64_t> when, NestItem step) {
  return cyclo_static(std::move(when), 0, {std::move(step)});
}

NestItem step(std::vector<int> reads, Body body, std::vector<int> writes) {
  NestItem item;
  item.reads = std::move(reads);
  item.body = std::move(body);
  item.writes = std::move(writes);
  return item;
}

NestItem read(int port, Body body) { return step({port}, std::move(body), {}); }
NestItem write(int port, Body body) { return step({}, std::move(body), {port}); }

Nest without_writes(const Nest& nest, const std::vector<int>& ports) {
  Nest left;
  for (const NestItem& item : nest) {
    if (!item.is_loop()) {
      const bool writes = std::any_of(ports.begin(), ports.end(), [&](int port) {
        return std::find(item.writes.begin(), item.writes.end(), port) != item.writes.end();
      });
      if (!writes) left.push_back(item);
      continue;
    }
    NestItem around = item;
    around.items = without_writes(item.items, ports);
    if (!around.items.empty()) left.push_back(std::move(around));
  }
  return left;
}

Traffic traffic(const Nest& nest, size_t inputs, size_t outputs, const Bindings& bindings) {
  Traffic total{std::vector<int64_t>(inputs, 0), std::vector<int64_t>(outputs, 0)};
  Bindings local = bindings;
  count(nest, 0, 0, local, total);
  return total;
}

int64_t max_cycles(const Nest& nest) { return cycles_of(nest); }

std::string text_of(const Nest& nest) {
  std::string out;
  append(out, nest, 0);
  return out;
}

}  // namespace st
