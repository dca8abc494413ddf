// SPDX-License-Identifier: Apache-2.0
#include "core/simulate/walk.h"

#include <algorithm>

namespace st {
namespace {

class Flattener {
 public:
  explicit Flattener(FlatNetwork& flat) : flat_(flat) {}

  void items(const std::vector<NetworkItem>& items_here, int depth,
             std::vector<FlatInstruction>& code) {
    for (const NetworkItem& item : items_here) {
      item.is_loop() ? loop(item, depth, code) : firing(item, code);
    }
  }

 private:
  void loop(const NetworkItem& item, int depth, std::vector<FlatInstruction>& code) {
    const size_t begin = code.size();
    FlatInstruction enter;
    enter.kind = FlatInstruction::Kind::Loop;
    enter.depth = depth;
    enter.trips = extent(item.trips);
    enter.table = item.trips_by_outer;
    code.push_back(enter);
    items(item.items, depth + 1, code);
    FlatInstruction end;
    end.kind = FlatInstruction::Kind::End;
    end.depth = depth;
    end.partner = static_cast<int>(begin) + 1;
    end.drain = item.drain;
    code.push_back(end);
    code[begin].partner = static_cast<int>(code.size());
  }

  void firing(const NetworkItem& item, std::vector<FlatInstruction>& code) {
    FlatFiring firing;
    firing.reads_begin = static_cast<int>(flat_.accesses.size());
    flat_.accesses.insert(flat_.accesses.end(), item.reads.begin(), item.reads.end());
    firing.reads_end = firing.writes_begin = static_cast<int>(flat_.accesses.size());
    flat_.accesses.insert(flat_.accesses.end(), item.writes.begin(), item.writes.end());
    firing.writes_end = static_cast<int>(flat_.accesses.size());
    firing.interval = item.interval;
    firing.latency = item.latency;
    if (item.access) {
      firing.memory = item.access->memory;
      firing.bytes = item.access->bytes;
      firing.write = item.access->write;
    }
    FlatInstruction fire;
    fire.kind = FlatInstruction::Kind::Fire;
    fire.firing = static_cast<int>(flat_.firings.size());
    fire.drain = item.drain;
    flat_.firings.push_back(firing);
    code.push_back(fire);
  }

  [[nodiscard]] FlatExtent extent(const Extent& extent) const {
    FlatExtent flat{extent.offset(), {}};
    for (const auto& [name, factor] : extent.terms()) {
      const auto symbol = std::find(flat_.symbols.begin(), flat_.symbols.end(), name);
      const int value = symbol != flat_.symbols.end()
                            ? static_cast<int>(symbol - flat_.symbols.begin())
                            : static_cast<int>(flat_.symbols.size()) + std::stoi(name.substr(1));
      flat.terms.emplace_back(value, factor);
    }
    return flat;
  }

  FlatNetwork& flat_;
};

}  // namespace

FlatNetwork::FlatNetwork(const Network& network) {
  for (const NetworkSymbol& symbol : network.symbols) symbols.push_back(symbol.name);
  for (const NetworkTask& task : network.tasks) {
    tasks.emplace_back();
    Flattener(*this).items(task.items, 0, tasks.back());
    tasks.back().emplace_back();  // Stop
  }
}

void TaskWalk::begin(const std::vector<FlatInstruction>& code,
                     const std::vector<int64_t>& symbols) {
  code_ = code.data();
  symbols_ = symbols.data();
  symbol_count_ = symbols.size();
  size_t depth = 0;
  for (const FlatInstruction& instruction : code)
    depth = std::max(depth, static_cast<size_t>(instruction.depth) + 1);
  counters_.assign(depth, 0);
  trips_.assign(depth, 0);
  at_ = 0;
  settle();
}

int64_t TaskWalk::trips_of(const FlatInstruction& loop) const {
  const auto depth = static_cast<size_t>(loop.depth);
  if (loop.table != nullptr) return (*loop.table)[static_cast<size_t>(counters_[depth - 1])];
  int64_t trips = loop.trips.constant;
  for (const auto& [value, factor] : loop.trips.terms) {
    const auto v = static_cast<size_t>(value);
    trips += factor * (v < symbol_count_ ? symbols_[v] : counters_[v - symbol_count_]);
  }
  return trips;
}

void TaskWalk::settle() {
  drained_ = false;
  for (;;) {
    const FlatInstruction& instruction = code_[at_];
    const auto depth = static_cast<size_t>(instruction.depth);
    switch (instruction.kind) {
      case FlatInstruction::Kind::Fire:
      case FlatInstruction::Kind::Stop:
        return;
      case FlatInstruction::Kind::Loop:
        trips_[depth] = trips_of(instruction);
        counters_[depth] = 0;
        at_ = trips_[depth] > 0 ? at_ + 1 : static_cast<size_t>(instruction.partner);
        break;
      case FlatInstruction::Kind::End:
        if (++counters_[depth] < trips_[depth]) {
          at_ = static_cast<size_t>(instruction.partner);
        } else {
          drained_ = drained_ || instruction.drain;
          ++at_;
        }
        break;
    }
  }
}

}  // namespace st
