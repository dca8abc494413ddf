// SPDX-License-Identifier: Apache-2.0
#include "core/resources/task_items.h"

#include <algorithm>
#include <map>
#include <memory>

#include "core/dataflow/kernel_record.h"
#include "core/dataflow/kernels/convert.h"

namespace st {
namespace {

/// To read a stream, and to write one.
constexpr int64_t StreamStages = 2;

bool has_firing(const NestItem& item) {
  if (!item.is_loop()) return !item.reads.empty() || !item.writes.empty();
  return std::any_of(item.items.begin(), item.items.end(), has_firing);
}

class TaskMaker {
 public:
  TaskMaker(const Program& program, const TaskShape& shape)
      : shape_(shape),
        latency_(pipeline_latency(program, shape.kernel)),
        sends_between_loops_(converter_window(shape.kernel) > 0) {}

  std::vector<NetworkItem> items(const Nest& nest) const {
    std::vector<NetworkItem> made;
    for (const NestItem& item : nest) add(item, made);
    return made;
  }

 private:
  void add(const NestItem& item, std::vector<NetworkItem>& made) const {
    if (!item.is_loop()) {
      // What only computes is hidden behind what moves tokens.
      if (!has_firing(item)) return;
      made.push_back(firing({&item}, 1));
      made.back().drain = sends_between_loops_;
      return;
    }
    NetworkItem loop;
    loop.trips = item.trip.count;
    loop.trips_by_outer = item.trips_by_outer;
    if (item.flattened) {
      loop.items = flat(item.items, item.interval);
      if (item.stages >= 0) set_latency(loop, StreamStages + item.stages);
      loop.drain = true;
      made.push_back(std::move(loop));
      return;
    }
    loop.items = item.interval > 0 ? iteration(item) : items(item.items);
    if (loop.items.empty()) return;
    if (item.stages >= 0) set_latency(loop, StreamStages + item.stages);
    // A perfect nest is flattened, and drains at its outermost end.
    NetworkItem& inner = loop.items.back();
    const bool perfect = loop.items.size() == 1 && inner.is_loop() && inner.drain;
    loop.drain = item.interval > 0 || perfect;
    if (perfect) inner.drain = false;
    made.push_back(std::move(loop));
  }

  static void set_latency(NetworkItem& item, int64_t latency) {
    if (!item.is_loop()) item.latency = latency;
    for (NetworkItem& inner : item.items) set_latency(inner, latency);
  }

  /// An iteration of a pipelined loop. Where each port is used once it is one firing.
  std::vector<NetworkItem> iteration(const NestItem& loop) const {
    const bool plain = std::none_of(loop.items.begin(), loop.items.end(),
                                    [](const NestItem& item) { return item.is_loop(); });
    if (plain) {
      std::vector<const NestItem*> steps;
      for (const NestItem& step : loop.items) steps.push_back(&step);
      return {firing(steps, loop.interval)};
    }
    return loop.items.size() == 1 && loop.interval > 1 ? word(loop) : patterns(loop);
  }

  /// What is in a flattened loop: a firing for each step.
  std::vector<NetworkItem> flat(const Nest& nest, int64_t interval) const {
    std::vector<NetworkItem> made;
    for (const NestItem& item : nest) {
      if (!item.is_loop()) {
        made.push_back(firing({&item}, interval));
        continue;
      }
      NetworkItem loop;
      loop.trips = item.trip.count;
      loop.trips_by_outer = item.trips_by_outer;
      loop.items = flat(item.items, interval);
      made.push_back(std::move(loop));
    }
    return made;
  }

  /// Some steps run in some iterations only: a firing for each set of them that occurs.
  std::vector<NetworkItem> patterns(const NestItem& loop) const {
    std::map<std::vector<bool>, std::vector<int64_t>> when;
    size_t iterations = 0;
    for (const NestItem& item : loop.items)
      if (item.is_loop()) iterations = item.trips_by_outer->size();
    for (size_t n = 0; n < iterations; ++n) {
      std::vector<bool> runs;
      for (const NestItem& item : loop.items)
        runs.push_back(!item.is_loop() || (*item.trips_by_outer)[n] > 0);
      auto& table = when[runs];
      table.resize(iterations, 0);
      table[n] = 1;
    }
    std::vector<NetworkItem> made;
    for (auto& [runs, table] : when) {
      std::vector<const NestItem*> steps;
      for (size_t i = 0; i < runs.size(); ++i) {
        const NestItem& item = loop.items[i];
        if (runs[i]) steps.push_back(item.is_loop() ? &item.items[0] : &item);
      }
      NetworkItem item = firing(steps, loop.interval);
      if (when.size() == 1) return {item};
      add_times(std::move(table), std::move(item), made);
    }
    return made;
  }

  /// A loop by a table, if it ever runs.
  static void add_times(std::vector<int64_t> table, NetworkItem item,
                        std::vector<NetworkItem>& made) {
    if (std::all_of(table.begin(), table.end(), [](int64_t n) { return n == 0; })) return;
    NetworkItem loop;
    loop.trips_by_outer = std::make_shared<const std::vector<int64_t>>(std::move(table));
    loop.items = {std::move(item)};
    made.push_back(std::move(loop));
  }

  /// { for beats { move } }: beats of a word of device memory, one per cycle. Words that are filled
  /// in part have a firing that takes the rest of their time.
  std::vector<NetworkItem> word(const NestItem& loop) const {
    const NestItem& beats = loop.items[0];
    const std::vector<const NestItem*> move = {&beats.items[0]};
    if (beats.trips_by_outer == nullptr) {
      NetworkItem full;
      full.trips = beats.trip.count;
      full.items = {firing(move, 1)};
      return {full};
    }
    std::vector<int64_t> alone, with_rest;
    int64_t rest = 1;
    for (int64_t n : *beats.trips_by_outer) {
      with_rest.push_back(n < loop.interval ? 1 : 0);
      alone.push_back(n - with_rest.back());
      if (n < loop.interval) rest = loop.interval - n + 1;
    }
    std::vector<NetworkItem> made;
    add_times(std::move(alone), firing(move, 1), made);
    add_times(std::move(with_rest), firing(move, rest), made);
    return made;
  }

  NetworkItem firing(const std::vector<const NestItem*>& steps, int64_t interval) const {
    NetworkItem made;
    made.interval = std::max<int64_t>(1, interval);
    made.latency = latency_;
    for (const NestItem* step : steps) {
      for (int port : step->reads) made.reads.push_back(shape_.inputs[static_cast<size_t>(port)]);
      for (int port : step->writes)
        made.writes.push_back(shape_.outputs[static_cast<size_t>(port)]);
    }
    if (shape_.memory < 0) return made;
    const bool fetches = !made.writes.empty();
    const bool takes = !made.reads.empty() && shape_.kernel.kind != "gather_rows";
    const bool stores = !fetches && (takes || shape_.kernel.outputs.empty());
    if (fetches || stores) made.access = NetworkAccess{shape_.memory, shape_.beat_bytes, stores};
    return made;
  }

  const TaskShape& shape_;
  int64_t latency_;
  /// Of a live-range buffer: what it sends outside of pipelined loops stands between a loop that
  /// receives and the next one, and is over before that begins.
  bool sends_between_loops_;
};

}  // namespace

int64_t pipeline_latency(const Program& program, const Kernel& kernel) {
  return StreamStages + datapath_of(program, kernel).stages();
}

std::vector<NetworkItem> task_items(const Program& program, const TaskShape& shape,
                                    const Nest& nest) {
  return TaskMaker(program, shape).items(nest);
}

}  // namespace st
