// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "core/network/network.h"

namespace st {
namespace {

/// Limits that keep all sums of a simulation within 63 bits, and a hostile file from taking all
/// memory. Far above what hardware has.
constexpr int64_t MostTokens = int64_t{1} << 40;  // of a depth, of a loop, of all firings
constexpr int64_t MostTime = int64_t{1} << 32;    // an interval, a latency, a gap
constexpr int64_t MostInFlight = int64_t{1} << 20;
constexpr int64_t MostBits = int64_t{1} << 20;   // width of a token
constexpr int64_t MostBytes = int64_t{1} << 20;  // per cycle, per request
constexpr size_t DeepestNest = 32;

struct Interval {
  int64_t least = 0, most = 0;
};

class Checker {
 public:
  Checker(const Network& network, const std::string& where)
      : network_(network),
        where_(where.empty() ? "" : where + ", "),
        ends_(network.channels.size()) {}

  Diagnostics run() {
    symbols();
    channels();
    memories();
    for (size_t t = 0; t < network_.tasks.size(); ++t) task(t);
    if (network_.tasks.empty()) report("/tasks", "there are no tasks");
    for (size_t c = 0; c < ends_.size(); ++c) connected(c);
    instances();
    launches();
    return std::move(problems_);
  }

 private:
  void report(const std::string& pointer, const std::string& message,
              const std::string& help = "") {
    problems_.push_back({"E0330", message, where_ + pointer, {}, help});
  }

  void range(const std::string& pointer, const char* what, int64_t value, int64_t least,
             int64_t most) {
    if (value >= least && value <= most) return;
    report(pointer, std::string(what) + " is " + std::to_string(value) + ", but must be from " +
                        std::to_string(least) + " to " + std::to_string(most));
  }

  /// Notes a name; empty ones and repeated ones are problems.
  void name(const std::string& pointer, const std::string& text, std::set<std::string>& seen) {
    if (text.empty()) report(pointer, "the name is empty");
    if (!seen.insert(text).second) report(pointer, "the name '" + printable(text) + "' is taken");
  }

  void symbols() {
    std::set<std::string> names;
    for (const NetworkSymbol& symbol : network_.symbols) {
      const std::string here = "/symbols/" + printable(symbol.name);
      name(here, symbol.name, names);
      range(here, "the least value", symbol.least, 0, MostTokens);
      range(here, "the largest value", symbol.most, symbol.least, MostTokens);
      const bool counter = symbol.name.size() > 1 && symbol.name[0] == 'd' &&
                           symbol.name.find_first_not_of("0123456789", 1) == std::string::npos;
      if (counter) report(here, "d0, d1, ... are the counters of loops", "choose another name");
      ranges_[symbol.name] = {symbol.least, symbol.most};
    }
  }

  void channels() {
    std::set<std::string> names;
    for (size_t c = 0; c < network_.channels.size(); ++c) {
      const NetworkChannel& channel = network_.channels[c];
      const std::string here = "/channels/" + std::to_string(c);
      name(here + "/name", channel.name, names);
      range(here + "/width", "the width in bits", channel.width_bits, 1, MostBits);
      range(here + "/depth", "the depth in tokens", channel.depth, 0, MostTokens);
      range(here + "/initial", "the number of initial tokens", channel.initial, 0,
            channel.depth > 0 ? channel.depth : MostTokens);
    }
  }

  void memories() {
    std::set<std::string> names;
    for (size_t m = 0; m < network_.memories.size(); ++m) {
      const NetworkMemory& memory = network_.memories[m];
      const std::string here = "/memories/" + std::to_string(m);
      name(here + "/name", memory.name, names);
      range(here + "/bandwidth", "the number of bytes", memory.bytes, 1, MostBytes);
      range(here + "/bandwidth", "the number of cycles", memory.cycles, 1, MostBytes);
      range(here + "/latency", "the latency", memory.latency, 0, MostTime);
      range(here + "/burst_bytes", "the length of a burst", memory.burst_bytes, 0, MostTokens);
      range(here + "/burst_cycles", "the start of a burst", memory.burst_cycles, 0, MostBytes);
    }
  }

  void task(size_t t) {
    const NetworkTask& task = network_.tasks[t];
    const std::string here = "/tasks/" + std::to_string(t);
    name(here + "/name", task.name, task_names_);
    range(here + "/in_flight", "the number of firings in flight", task.in_flight, 0, MostInFlight);
    if (task.items.empty()) report(here + "/body", "the task does nothing");
    counters_.clear();
    firings_ = 0;
    const size_t before = problems_.size();
    items(task.items, here + "/body", static_cast<int>(t), 1);
    if (firings_ > MostTokens)
      report(here + "/body", "the task fires more than 2^40 times in a launch");
    // An interval of 0 has no such number.
    if (problems_.size() == before && in_flight_of(task) > MostInFlight)
      report(here + "/body", "the latency asks for more than 2^20 firings in flight",
             "set in_flight");
  }

  void items(const std::vector<NetworkItem>& items_here, const std::string& pointer, int task,
             int64_t times) {
    for (size_t i = 0; i < items_here.size(); ++i) {
      const NetworkItem& item = items_here[i];
      const std::string here = pointer + "/" + std::to_string(i);
      if (!item.is_loop()) {
        firing(item, here, task);
        firings_ = std::min(MostTokens + 1, firings_ + times);
        continue;
      }
      if (counters_.size() >= DeepestNest) {
        report(here, "loops are nested more than 32 deep");
        continue;
      }
      const Interval trips = trips_of(item, here + "/loop");
      counters_.push_back({0, std::max<int64_t>(0, trips.most - 1)});
      const int64_t most = std::max<int64_t>(0, trips.most);
      items(item.items, here + "/body", task,
            most == 0 || times <= (MostTokens + 1) / most ? times * most : MostTokens + 1);
      counters_.pop_back();
    }
  }

  /// The range of a trip count.
  Interval trips_of(const NetworkItem& item, const std::string& pointer) {
    if (item.trips_by_outer != nullptr) return table(*item.trips_by_outer, pointer);
    Interval total{item.trips.offset(), item.trips.offset()};
    for (const auto& [symbol, factor] : item.trips.terms()) {
      const Interval* range = find(symbol);
      if (range == nullptr) {
        report(pointer,
               "the trip count uses '" + printable(symbol) +
                   "', which is neither a symbol nor the counter of a loop around it",
               "declare it in symbols");
        return {};
      }
      if (std::abs(factor) > MostTokens || std::abs(item.trips.offset()) > MostTokens) {
        report(pointer, "a number of the trip count is out of range");
        return {};
      }
      const __int128 a = static_cast<__int128>(factor) * range->least;
      const __int128 b = static_cast<__int128>(factor) * range->most;
      const __int128 most = static_cast<__int128>(total.most) + std::max(a, b);
      const __int128 least = static_cast<__int128>(total.least) + std::min(a, b);
      if (most > MostTokens || least < -MostTokens) {
        report(pointer, "the trip count can exceed 2^40");
        return {};
      }
      total = {static_cast<int64_t>(least), static_cast<int64_t>(most)};
    }
    if (total.least < 0)
      report(pointer, "the trip count " + printable(item.trips.text()) + " can be " +
                          std::to_string(total.least));
    if (total.most > MostTokens) report(pointer, "the trip count can exceed 2^40");
    return total;
  }

  Interval table(const std::vector<int64_t>& trips, const std::string& pointer) {
    if (counters_.empty()) {
      report(pointer, "a table of trip counts needs a loop around it");
      return {};
    }
    if (static_cast<int64_t>(trips.size()) <= counters_.back().most)
      report(pointer, "the table has " + std::to_string(trips.size()) +
                          " trip counts, but the loop around it " +
                          std::to_string(counters_.back().most + 1) + " iterations");
    Interval total;
    for (int64_t n : trips) {
      total.most = std::max(total.most, n);
      if (n < 0 || n > MostTokens)
        report(pointer, "the trip count " + std::to_string(n) + " is out of range");
    }
    return total;
  }

  [[nodiscard]] const Interval* find(const std::string& symbol) const {
    for (size_t d = 0; d < counters_.size(); ++d) {
      if (symbol == "d" + std::to_string(d)) return &counters_[d];
    }
    const auto found = ranges_.find(symbol);
    return found == ranges_.end() ? nullptr : &found->second;
  }

  void firing(const NetworkItem& item, const std::string& here, int task) {
    range(here + "/interval", "the interval", item.interval, 1, MostTime);
    range(here + "/latency", "the latency", item.latency, 0, MostTime);
    accesses(item.reads, here + "/reads", task, "reads", &ChannelEnds::target);
    accesses(item.writes, here + "/writes", task, "writes", &ChannelEnds::source);
    if (!item.access) return;
    const std::string access = here + (item.access->write ? "/write_memory" : "/read_memory");
    if (item.access->memory < 0 ||
        item.access->memory >= static_cast<int>(network_.memories.size()))
      report(access + "/memory", "there is no such memory");
    range(access + "/bytes", "the number of bytes", item.access->bytes, 1, MostBytes);
  }

  void accesses(const std::vector<int>& channels, const std::string& here, int task,
                const char* verb, int ChannelEnds::*end) {
    std::set<int> seen;
    for (int c : channels) {
      if (c < 0 || c >= static_cast<int>(ends_.size())) {
        report(here, "there is no such channel");
        continue;
      }
      const std::string& channel = network_.channels[static_cast<size_t>(c)].name;
      if (!seen.insert(c).second)
        report(here,
               "a firing " + std::string(verb) + " channel '" + printable(channel) +
                   "' twice, but a FIFO moves one token a cycle",
               "use a loop");
      int& other = ends_[static_cast<size_t>(c)].*end;
      if (other >= 0 && other != task)
        report(here,
               "channel '" + printable(channel) + "' has two tasks that " +
                   (verb[0] == 'r' ? "read" : "write") + " it: '" +
                   printable(network_.tasks[static_cast<size_t>(other)].name) + "' and '" +
                   printable(network_.tasks[static_cast<size_t>(task)].name) + "'",
               "add a task that forks or joins");
      other = task;
    }
  }

  void connected(size_t c) {
    const std::string here = "/channels/" + std::to_string(c);
    const std::string channel = "channel '" + printable(network_.channels[c].name) + "'";
    if (ends_[c].source < 0) report(here, "no task writes " + channel);
    if (ends_[c].target < 0) report(here, "no task reads " + channel);
  }

  void instances() {
    std::set<std::string> names;
    std::set<int> shared;
    for (size_t i = 0; i < network_.instances.size(); ++i) {
      const NetworkInstance& instance = network_.instances[i];
      const std::string here = "/instances/" + std::to_string(i);
      name(here + "/name", instance.name, names);
      if (instance.tasks.empty()) report(here + "/tasks", "no tasks share it");
      for (int t : instance.tasks) {
        if (t < 0 || t >= static_cast<int>(network_.tasks.size())) {
          report(here + "/tasks", "there is no such task");
          continue;
        }
        const NetworkTask& task = network_.tasks[static_cast<size_t>(t)];
        if (!shared.insert(t).second)
          report(here + "/tasks", "task '" + printable(task.name) + "' has an instance already");
        if (instance.per_iteration && (task.items.size() != 1 || !task.items[0].is_loop()))
          report(here + "/turn",
                 "task '" + printable(task.name) +
                     "' is not a single loop, so that it has no iterations",
                 "let turns be launches");
      }
    }
  }

  void launches() {
    range("/gap", "the gap", network_.gap, 0, MostTime);
    for (size_t l = 0; l < network_.launches.size(); ++l) {
      const std::string here = "/launches/" + std::to_string(l);
      const Bindings& launch = network_.launches[l];
      for (const NetworkSymbol& symbol : network_.symbols) {
        const auto bound = launch.find(symbol.name);
        if (bound == launch.end()) {
          report(here, "symbol '" + printable(symbol.name) + "' has no value");
        } else {
          range(here + "/" + printable(symbol.name), "the value", bound->second, symbol.least,
                symbol.most);
        }
      }
      for (const auto& [symbol, value] : launch) {
        if (ranges_.count(symbol) == 0)
          report(here + "/" + printable(symbol), "there is no such symbol");
      }
    }
  }

  const Network& network_;
  std::string where_;
  std::vector<ChannelEnds> ends_;
  std::map<std::string, Interval> ranges_;
  std::set<std::string> task_names_;
  std::vector<Interval> counters_;
  int64_t firings_ = 0;
  Diagnostics problems_;
};

}  // namespace

Status check(const Network& network, const std::string& where) {
  return Checker(network, where).run();
}

}  // namespace st
