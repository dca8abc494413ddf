// SPDX-License-Identifier: Apache-2.0
#include "tests/simulate/naive_simulator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "tests/simulate/unrolled.h"

namespace st::test {
namespace {

int64_t largest_in_flight(const std::vector<NetworkItem>& items) {
  int64_t most = 1;
  for (const NetworkItem& item : items) {
    most = std::max(most, item.is_loop() ? largest_in_flight(item.items)
                                         : (item.latency + item.interval - 1) / item.interval);
  }
  return most;
}

struct Task {
  std::vector<Firing> firings;
  std::vector<int64_t> data;   ///< by firing, of those that issued: when its data came
  std::vector<int64_t> ready;  ///< by firing, of those that issued
  int issued = 0, completed = 0;
  int64_t in_flight = 1;  ///< at most
  int64_t last_issue = 0;
  int instance = -1;
  // Of the next firing to issue, and of the next to complete.
  int64_t starved = 0, blocked = 0;
  std::map<int, int64_t> empty, full;  ///< cycles by channel
  // Decisions of this cycle.
  bool completes = false, issues = false;
  bool at_once = false;  ///< completes in the cycle in which it issues
  CycleAccount since;    ///< the cycles since any task last issued or completed
};

/// Times are in units of 1 / NetworkMemory::bytes cycle.
struct Service {
  int64_t begin, transfer, end;
};
struct Memory {
  int64_t free = 0;
  int64_t busy = 0;
  int last_task = -1;
  int64_t left = 0;  ///< bytes of the burst
  std::vector<Service> services;
};

class Naive {
 public:
  Naive(const Network& network, const std::vector<int64_t>& depths, const CycleRange& range)
      : network_(network),
        depths_(depths),
        range_(range),
        launches_(static_cast<int>(network.launches_or_largest().size())),
        tasks_(network.tasks.size()),
        memories_(network.memories.size()) {
    for (size_t t = 0; t < tasks_.size(); ++t) {
      tasks_[t].firings = unrolled(network.tasks[t], network.launches_or_largest());
      tasks_[t].in_flight = network.tasks[t].in_flight > 0
                                ? network.tasks[t].in_flight
                                : largest_in_flight(network.tasks[t].items);
    }
    for (const NetworkInstance& instance : network.instances) add_turns(instance);
    for (const NetworkChannel& channel : network.channels) fill_.push_back(channel.initial);
    result_.launch_begin.assign(launches_, -1);
    result_.launch_end.assign(launches_, -1);
    result_.tasks.resize(network.tasks.size());
    result_.channels.resize(network.channels.size());
    result_.memories.resize(network.memories.size());
  }

  SimulationResult run(int64_t most_cycles) {
    if (!network_.overlap) result_.launch_begin[0] = 0;
    end_launches(-1);
    for (int64_t t = 0;; ++t) {
      for (size_t c = 0; c < fill_.size(); ++c) {
        result_.channels[c].peak = std::max(result_.channels[c].peak, fill_[c]);
      }
      if (all_done()) {
        result_.completed = true;
        break;
      }
      if (!anything_can_happen()) {
        explain_deadlock();
        break;
      }
      if (t > most_cycles) {
        result_.cut_short = true;
        break;
      }
      cycle(t);
    }
    if (!network_.overlap) {
      result_.launch_begin.resize(
          std::find(result_.launch_begin.begin(), result_.launch_begin.end(), -1) -
          result_.launch_begin.begin());
      result_.launch_end.resize(std::find(ended_.begin(), ended_.end(), false) - ended_.begin());
    }
    for (size_t m = 0; m < memories_.size(); ++m) {
      result_.memories[m].account = account_of(memories_[m], network_.memories[m].bytes);
      result_.memories[m].busy =
          static_cast<double>(memories_[m].busy) / static_cast<double>(network_.memories[m].bytes);
    }
    return result_;
  }

 private:
  // --- Turns and launches.

  void add_turns(const NetworkInstance& instance) {
    const int index = static_cast<int>(turns_.size());
    std::vector<int> turns;  // whose
    for (const int t : instance.tasks) tasks_[t].instance = index;
    for (int launch = 0; launch < launches_; ++launch) {
      int64_t rounds = 1;
      for (const int t : instance.tasks) {
        for (const Firing& f : tasks_[t].firings) {
          if (instance.per_iteration && f.launch == launch) {
            rounds = std::max(rounds, f.iteration + 1);
          }
        }
      }
      for (int64_t round = 0; round < rounds; ++round) {
        for (const int t : instance.tasks) {
          bool any = false;
          for (Firing& f : tasks_[t].firings) {
            if (f.launch != launch || (instance.per_iteration && f.iteration != round)) continue;
            f.turn = static_cast<int>(turns.size());
            any = true;
          }
          if (any) turns.push_back(t);
        }
      }
    }
    turns_.push_back(turns);
    turn_.push_back(0);
  }

  bool is_turn(const Task& task, const Firing& firing) const {
    return task.instance < 0 || firing.turn == turn_[task.instance];
  }

  /// Turns that ended are followed by the next.
  void end_turns() {
    for (size_t i = 0; i < turns_.size(); ++i) {
      if (turn_[i] == static_cast<int>(turns_[i].size())) continue;
      const Task& task = tasks_[turns_[i][turn_[i]]];
      if (task.completed == static_cast<int>(task.firings.size()) ||
          task.firings[task.completed].turn != turn_[i]) {
        ++turn_[i];
      }
    }
  }

  bool is_done(const Task& task, int launch) const {
    return task.completed == static_cast<int>(task.firings.size()) ||
           task.firings[task.completed].launch > launch;
  }

  /// Without overlap: launches that ended in cycle t, or had begun and have no firings, are
  /// followed by the next.
  void end_launches(int64_t t) {
    if (network_.overlap) return;
    for (int l = 0; l < launches_; ++l) {
      const bool done = std::all_of(tasks_.begin(), tasks_.end(),
                                    [&](const Task& task) { return is_done(task, l); });
      if (result_.launch_begin[l] < 0 || !done || ended_[l]) continue;
      ended_[l] = true;
      result_.launch_end[l] = std::max(t, result_.launch_begin[l] - 1);
      if (l + 1 < launches_) {
        result_.launch_begin[l + 1] = result_.launch_end[l] + 1 + network_.gap;
      }
    }
  }

  bool all_done() const {
    return std::all_of(tasks_.begin(), tasks_.end(), [&](const Task& task) {
      return task.completed == static_cast<int>(task.firings.size());
    });
  }

  // --- A cycle.

  /// The fill is that of the start of the cycle until apply().
  bool is_full(int channel) const {
    return depths_[channel] > 0 && fill_[channel] >= depths_[channel];
  }
  bool is_empty(int channel) const { return fill_[channel] == 0; }

  void cycle(int64_t t) {
    for (Task& task : tasks_) decide_completion(task, t);
    for (Task& task : tasks_) decide_issue(task, t);
    for (Task& task : tasks_) decide_completion_at_once(task);
    account(t);
    for (size_t i = 0; i < tasks_.size(); ++i) {
      if (tasks_[i].completes) complete(static_cast<int>(i), t);
    }
    for (size_t i = 0; i < tasks_.size(); ++i) {
      if (tasks_[i].issues) issue(static_cast<int>(i), t);
    }
    for (size_t i = 0; i < tasks_.size(); ++i) {
      if (tasks_[i].at_once) complete(static_cast<int>(i), t);
    }
    end_turns();
    end_launches(t);
  }

  void decide_completion(Task& task, int64_t t) {
    task.completes = false;
    if (task.completed == task.issued || task.ready[task.completed] > t) return;
    // The firing before it completed before t, as a task completes one firing in a cycle.
    task.completes = true;
    for (const int c : task.firings[task.completed].item->writes) {
      if (!is_full(c)) continue;
      task.completes = false;
      ++task.full[c];
    }
    if (!task.completes) ++task.blocked;
  }

  /// All conditions but the channels.
  bool may_issue(const Task& task, int64_t t) const {
    if (task.issued == static_cast<int>(task.firings.size())) return false;
    const Firing& firing = task.firings[task.issued];
    if (task.issued > 0 && t < task.last_issue + task.firings[task.issued - 1].item->interval) {
      return false;
    }
    const int64_t begin = result_.launch_begin[firing.launch];
    if (!network_.overlap && (begin < 0 || t < begin)) return false;
    if (task.issued - task.completed - (task.completes ? 1 : 0) >= task.in_flight) return false;
    if (firing.after_drain && task.completed < task.issued) return false;
    return is_turn(task, firing);
  }

  void decide_issue(Task& task, int64_t t) {
    task.issues = false;
    if (!may_issue(task, t)) return;
    task.issues = true;
    for (const int c : task.firings[task.issued].item->reads) {
      if (!is_empty(c)) continue;
      task.issues = false;
      ++task.empty[c];
    }
    if (!task.issues) ++task.starved;
  }

  /// A firing of latency 0 that issues in this cycle is ready in it. If there are others before it,
  /// they complete in this cycle or later, and it after them.
  void decide_completion_at_once(Task& task) {
    task.at_once = false;
    if (!task.issues || task.completed < task.issued) return;
    const NetworkItem& item = *task.firings[task.issued].item;
    if (item.latency > 0 || item.access) return;
    task.at_once = true;
    for (const int c : item.writes) {
      if (!is_full(c)) continue;
      task.at_once = false;
      ++task.full[c];
    }
    if (!task.at_once) ++task.blocked;
  }

  // --- Accounts.

  /// Cycles count once it is known that something happens in them or behind them.
  void account(int64_t t) {
    const bool counts = t >= range_.begin && t < range_.end;
    bool acts = false;
    for (Task& task : tasks_) {
      if (counts) ++(task.since.*class_of(task, t));
      acts = acts || task.completes || task.issues;
    }
    if (counts) ++quiet_;
    if (!acts) return;
    for (size_t i = 0; i < tasks_.size(); ++i) add(result_.tasks[i].account, tasks_[i].since);
    result_.accounted += quiet_;
    quiet_ = 0;
    end_ = t + 1;
  }

  static void add(CycleAccount& sum, CycleAccount& part) {
    sum.useful += part.useful;
    sum.memory += part.memory;
    sum.latency += part.latency;
    sum.room += part.room;
    sum.idle += part.idle;
    sum.turn += part.turn;
    sum.dependency += part.dependency;
    part = {};
  }

  /// What cycle t is for a task. Decisions are made, and not acted on.
  int64_t CycleAccount::*class_of(const Task& task, int64_t t) const {
    if (task.issues) return &CycleAccount::useful;
    if (task.issued > 0 && t < task.last_issue + task.firings[task.issued - 1].item->interval) {
      return &CycleAccount::useful;
    }
    const Firing* next =
        task.issued < static_cast<int>(task.firings.size()) ? &task.firings[task.issued] : nullptr;
    if (next != nullptr && !network_.overlap) {
      const int64_t begin = result_.launch_begin[next->launch];
      if (begin < 0 || t < begin) next = nullptr;
    }
    const int under_way = task.issued - task.completed;
    if (under_way > 0) {
      const bool full = under_way - (task.completes ? 1 : 0) >= task.in_flight;
      const bool new_turn =
          next != nullptr && task.instance >= 0 && next->turn != task.firings[task.issued - 1].turn;
      if (full || next == nullptr || next->after_drain || new_turn) return lack_of_oldest(task, t);
    }
    if (next == nullptr) return &CycleAccount::idle;
    if (!is_turn(task, *next)) return &CycleAccount::turn;
    const auto& reads = next->item->reads;
    EXPECT_TRUE(std::any_of(reads.begin(), reads.end(), [&](int c) { return is_empty(c); }));
    return &CycleAccount::dependency;
  }

  int64_t CycleAccount::*lack_of_oldest(const Task& task, int64_t t) const {
    if (t < task.data[task.completed]) return &CycleAccount::memory;
    if (t < task.ready[task.completed] || task.completes) return &CycleAccount::latency;
    const auto& writes = task.firings[task.completed].item->writes;
    EXPECT_TRUE(std::any_of(writes.begin(), writes.end(), [&](int c) { return is_full(c); }));
    return &CycleAccount::room;
  }

  /// Services, and what is between them, as far as they lie in the range and before the end.
  MemoryAccount account_of(const Memory& memory, int64_t bytes) const {
    const int64_t last = std::min(range_.end, end_) * bytes;
    const int64_t first = std::min(range_.begin * bytes, last);
    const auto part = [&](int64_t from, int64_t to) {
      return std::max<int64_t>(0, std::min(to, last) - std::max(from, first));
    };
    MemoryAccount account;
    int64_t at = 0;
    for (const Service& service : memory.services) {
      account.idle += part(at, service.begin);
      account.starts += part(service.begin, service.transfer);
      account.transfer += part(service.transfer, service.end);
      at = service.end;
    }
    account.idle += part(at, last);
    return account;
  }

  // --- What happens.

  static void note(int64_t& first, int64_t& last, int64_t t) {
    if (first < 0) first = t;
    last = t;
  }

  void complete(int index, int64_t t) {
    Task& task = tasks_[index];
    TaskActivity& activity = result_.tasks[index];
    for (const int c : task.firings[task.completed].item->writes) {
      ++fill_[c];
      note(result_.channels[c].first_push, result_.channels[c].last_push, t);
      ++result_.channels[c].pushes;
      ++result_.token_events;
    }
    activity.blocked += task.blocked;
    activity.last_completion = t;
    for (const auto& [c, cycles] : task.full) result_.channels[c].full_stall += cycles;
    task.blocked = 0;
    task.full.clear();
    if (network_.overlap) result_.launch_end[task.firings[task.completed].launch] = t;
    ++task.completed;
    result_.cycles = t;
  }

  void issue(int index, int64_t t) {
    Task& task = tasks_[index];
    TaskActivity& activity = result_.tasks[index];
    const Firing& firing = task.firings[task.issued];
    const NetworkItem& item = *firing.item;
    for (const int c : item.reads) {
      --fill_[c];
      note(result_.channels[c].first_pull, result_.channels[c].last_pull, t);
      ++result_.channels[c].pulls;
      ++result_.token_events;
    }
    task.data.push_back(item.access ? serve(index, *item.access, t) : t);
    task.ready.push_back(task.data.back() + item.latency);
    task.last_issue = t;
    ++task.issued;
    ++activity.firings;
    activity.busy += item.interval;
    activity.starved += task.starved;
    if (activity.first_issue < 0) activity.first_issue = t;
    for (const auto& [c, cycles] : task.empty) result_.channels[c].empty_stall += cycles;
    task.starved = 0;
    task.empty.clear();
    // It has begun already if launches do not overlap.
    if (result_.launch_begin[firing.launch] < 0) result_.launch_begin[firing.launch] = t;
  }

  /// The cycle in which the data come.
  int64_t serve(int index, const NetworkAccess& access, int64_t t) {
    const NetworkMemory& memory = network_.memories[access.memory];
    Memory& state = memories_[access.memory];
    MemoryActivity& activity = result_.memories[access.memory];
    int64_t start = 0;
    if (state.last_task == index && access.bytes <= state.left) {
      state.left -= access.bytes;
    } else {
      state.left = memory.burst_bytes - access.bytes;
      start = memory.burst_cycles * memory.bytes;
      ++activity.bursts;
    }
    state.last_task = index;
    const int64_t begin = std::max(state.free, t * memory.bytes);
    state.free = begin + start + access.bytes * memory.cycles;
    state.busy += state.free - begin;
    state.services.push_back({begin, begin + start, state.free});
    (access.write ? activity.bytes_written : activity.bytes_read) += access.bytes;
    return (state.free + memory.bytes - 1) / memory.bytes + memory.latency;
  }

  // --- The end.

  /// Whether time alone will let a task complete or issue.
  bool anything_can_happen() const {
    for (const Task& task : tasks_) {
      if (task.completed < task.issued) {
        const auto& writes = task.firings[task.completed].item->writes;
        if (std::none_of(writes.begin(), writes.end(), [&](int c) { return is_full(c); })) {
          return true;
        }
      }
      if (task.issued == static_cast<int>(task.firings.size())) continue;
      const Firing& firing = task.firings[task.issued];
      const auto& reads = firing.item->reads;
      if (task.issued - task.completed < task.in_flight &&
          (!firing.after_drain || task.completed == task.issued) && is_turn(task, firing) &&
          (network_.overlap || result_.launch_begin[firing.launch] >= 0) &&
          std::none_of(reads.begin(), reads.end(), [&](int c) { return is_empty(c); })) {
        return true;
      }
    }
    return false;
  }

  void explain_deadlock() {
    using Cause = BlockedTask::Cause;
    const std::vector<ChannelEnds> ends = ends_of(network_);
    for (size_t t = 0; t < tasks_.size(); ++t) {
      const Task& task = tasks_[t];
      if (task.completed == static_cast<int>(task.firings.size())) continue;
      const Firing& oldest = task.firings[task.completed];
      if (!network_.overlap && result_.launch_begin[oldest.launch] < 0) continue;
      BlockedTask blocked;
      blocked.task = static_cast<int>(t);
      if (task.completed < task.issued) {
        blocked.cause = Cause::Full;
        const auto& writes = oldest.item->writes;
        blocked.channel =
            *std::find_if(writes.begin(), writes.end(), [&](int c) { return is_full(c); });
        blocked.waits_for = ends[blocked.channel].target;
      } else if (!is_turn(task, oldest)) {
        blocked.cause = Cause::Turn;
        blocked.waits_for = turns_[task.instance][turn_[task.instance]];
      } else {
        blocked.cause = Cause::Empty;
        const auto& reads = oldest.item->reads;
        blocked.channel =
            *std::find_if(reads.begin(), reads.end(), [&](int c) { return is_empty(c); });
        blocked.waits_for = ends[blocked.channel].source;
      }
      result_.blocked.push_back(blocked);
    }
  }

  const Network& network_;
  const std::vector<int64_t>& depths_;
  CycleRange range_;   ///< of the accounts
  int64_t end_ = 0;    ///< the cycle behind the last one in which a firing issued or completed
  int64_t quiet_ = 0;  ///< cycles of the range since then
  int launches_;
  std::vector<Task> tasks_;
  std::vector<Memory> memories_;
  std::vector<int64_t> fill_;            ///< tokens by channel
  std::vector<std::vector<int>> turns_;  ///< by instance: whose
  std::vector<int> turn_;                ///< by instance: the turn it is
  std::vector<bool> ended_ = std::vector<bool>(launches_, false);
  SimulationResult result_;
};

}  // namespace

SimulationResult simulate_naively(const Network& network, const std::vector<int64_t>& depths,
                                  int64_t most_cycles, const CycleRange& range) {
  return Naive(network, depths, range).run(most_cycles);
}

}  // namespace st::test
