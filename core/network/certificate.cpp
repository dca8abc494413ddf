// SPDX-License-Identifier: Apache-2.0
#include "core/network/certificate.h"

#include <algorithm>
#include <set>

namespace st {
namespace {

Diagnostic refusal(const std::string& message, const std::string& where = "") {
  return {"E0334", message, where, {}, ""};
}

std::string quoted(const std::string& name) { return "'" + printable(name) + "'"; }

std::string text_of(const Bindings& launch) {
  std::string text = "launch";
  for (const auto& [symbol, value] : launch)
    text += " " + printable(symbol) + "=" + std::to_string(value);
  return text;
}

/// A firing of a task, and the turn that it belongs to.
struct Event {
  const NetworkItem* firing;
  int64_t iteration;  ///< of the outermost loop
};

/// All firings of a launch of a task, in order.
class Unrolling {
 public:
  explicit Unrolling(const Bindings& launch) : bindings_(launch) {}
  Status run(const NetworkTask& task) {
    if (!items(task.items, 0, 0))
      return refusal("task " + quoted(task.name) + " fires too often to be checked");
    return {};
  }
  std::vector<Event> events;

 private:
  bool items(const std::vector<NetworkItem>& body, int depth, int64_t outer) {
    for (const NetworkItem& item : body) {
      if (!item.is_loop()) {
        if (static_cast<int64_t>(events.size()) >= MostScheduledFirings) return false;
        events.push_back({&item, iteration_});
        continue;
      }
      const int64_t trips = item.trips_by_outer != nullptr
                                ? item.trips_by_outer->at(static_cast<size_t>(outer))
                                : item.trips.evaluate(bindings_).value();
      const std::string counter = "d" + std::to_string(depth);
      for (int64_t k = 0; k < trips; ++k) {
        if (depth == 0) iteration_ = k;
        bindings_[counter] = k;
        if (!items(item.items, depth + 1, k)) return false;
      }
      bindings_.erase(counter);
    }
    return true;
  }

  Bindings bindings_;
  int64_t iteration_ = 0;
};

/// Replays one launch on the fills of the channels.
class Replay {
 public:
  Replay(const Network& network, const std::vector<int64_t>& depths, const Bindings& launch)
      : network_(network), depths_(depths), where_(text_of(launch)) {
    for (const NetworkInstance& instance : network.instances) turn_of_.push_back({&instance, {}});
  }

  Status run(const ScheduledLaunch& schedule, std::vector<int64_t>& held) {
    for (const NetworkTask& task : network_.tasks) {
      Unrolling unrolling(schedule.launch);
      ST_CHECK(unrolling.run(task));
      events_.push_back(std::move(unrolling.events));
    }
    done_.assign(events_.size(), 0);
    list_turns();
    for (const ScheduleStep& step : schedule.steps) {
      if (step.task < 0 || step.task >= static_cast<int>(events_.size()) || step.firings < 1)
        return refusal("the schedule has a step that is none", where_);
      for (int64_t i = 0; i < step.firings; ++i)
        ST_CHECK(fire(static_cast<size_t>(step.task), held));
    }
    for (size_t t = 0; t < events_.size(); ++t) {
      if (done_[t] < events_[t].size())
        return refusal("the schedule ends when task " + quoted(network_.tasks[t].name) + " has " +
                           std::to_string(events_[t].size() - done_[t]) + " firings left",
                       where_);
    }
    return {};
  }

 private:
  struct Turn {
    int64_t iteration;
    size_t place;  ///< in the list of the instance
    friend bool operator<(const Turn& a, const Turn& b) {
      return std::pair(a.iteration, a.place) < std::pair(b.iteration, b.place);
    }
  };
  struct Turns {
    const NetworkInstance* instance;
    std::multiset<Turn> left;  ///< a turn for each firing that is left
  };

  void list_turns() {
    for (Turns& turns : turn_of_) {
      for (size_t place = 0; place < turns.instance->tasks.size(); ++place) {
        for (const Event& event : events_[static_cast<size_t>(turns.instance->tasks[place])])
          turns.left.insert({turns.instance->per_iteration ? event.iteration : 0, place});
      }
    }
  }

  Status fire(size_t t, std::vector<int64_t>& held) {
    const std::string who = "task " + quoted(network_.tasks[t].name);
    if (done_[t] == events_[t].size())
      return refusal("the schedule fires " + who + " too often", where_);
    const Event& event = events_[t][done_[t]++];
    const std::string firing = "firing " + std::to_string(done_[t]) + " of " + who;
    for (Turns& turns : turn_of_) {
      const auto& tasks = turns.instance->tasks;
      const auto place = std::find(tasks.begin(), tasks.end(), static_cast<int>(t));
      if (place == tasks.end()) continue;
      if (turns.left.begin()->place != static_cast<size_t>(place - tasks.begin()) ||
          (turns.instance->per_iteration && turns.left.begin()->iteration != event.iteration))
        return refusal(firing + " is not its turn on " + quoted(turns.instance->name), where_);
      turns.left.erase(turns.left.begin());
    }
    for (int c : event.firing->reads) {
      if (--held[static_cast<size_t>(c)] < 0)
        return refusal(firing + " finds channel " + name(c) + " empty", where_);
    }
    for (int c : event.firing->writes) {
      const int64_t depth = depths_[static_cast<size_t>(c)];
      if (++held[static_cast<size_t>(c)] > depth && depth > 0)
        return refusal(
            firing + " finds channel " + name(c) + " full, at depth " + std::to_string(depth),
            where_);
    }
    return {};
  }

  [[nodiscard]] std::string name(int c) const {
    return quoted(network_.channels[static_cast<size_t>(c)].name);
  }

  const Network& network_;
  const std::vector<int64_t>& depths_;
  std::string where_;
  std::vector<std::vector<Event>> events_;
  std::vector<size_t> done_;
  std::vector<Turns> turn_of_;
};

/// Whether what is inside the outermost loop knows the symbol only as part of position + d0.
bool by_position_alone(const std::vector<NetworkItem>& items, const std::string& symbol,
                       const std::string& position, bool first) {
  return std::all_of(items.begin(), items.end(), [&](const NetworkItem& item) {
    if (first && item.trips_by_outer != nullptr) return false;  // a table by row
    const auto& terms = item.trips.terms();
    const auto factor = [&](const std::string& name) {
      const auto found = terms.find(name);
      return found == terms.end() ? int64_t{0} : found->second;
    };
    if (factor(symbol) != 0) return false;
    if (factor("d0") != (position.empty() ? 0 : factor(position))) return false;
    return by_position_alone(item.items, symbol, position, false);
  });
}

/// The values that the rows of all launches have: least and most.
std::pair<int64_t, int64_t> positions(const Network& network, const std::string& symbol,
                                      const std::string& position) {
  int64_t least = 0, most = 0, rows = 1;
  for (const NetworkSymbol& s : network.symbols) {
    if (s.name == symbol) rows = s.most;
    if (s.name == position) least = s.least, most = s.most;
  }
  return {least, most + std::max<int64_t>(0, rows - 1)};
}

Status check_covered(const Network& network, const DeadlockCertificate& certificate) {
  std::set<Bindings> given;
  for (const ScheduledLaunch& launch : certificate.launches) {
    Bindings others = launch.launch;
    const auto row = others.find(certificate.row_symbol);
    if (row == others.end() || row->second != 1)
      return refusal("the schedule of a row does not bind " + quoted(certificate.row_symbol) +
                     " to 1");
    given.insert(launch.launch);
  }
  // Symbols beside the two would need a product of their ranges.
  for (const NetworkSymbol& s : network.symbols) {
    if (s.name != certificate.row_symbol && s.name != certificate.position_symbol)
      return refusal("symbol " + quoted(s.name) + " is neither that of rows nor of positions");
  }
  const auto [least, most] =
      positions(network, certificate.row_symbol, certificate.position_symbol);
  if (certificate.position_symbol.empty()) {
    if (given.empty()) return refusal("no row has a schedule");
    return {};
  }
  for (int64_t p = least; p <= most; ++p) {
    if (given.count({{certificate.row_symbol, 1}, {certificate.position_symbol, p}}) == 0)
      return refusal("the row at position " + std::to_string(p) + " has no schedule");
  }
  return {};
}

}  // namespace

Status check_rows(const Network& network, const std::string& symbol, const std::string& position) {
  for (const NetworkTask& task : network.tasks) {
    const bool loops = task.items.size() == 1 && task.items[0].is_loop() &&
                       task.items[0].trips_by_outer == nullptr &&
                       task.items[0].trips == Extent::symbol(symbol);
    if (!loops)
      return refusal("task " + quoted(task.name) + " is not one loop over " + quoted(symbol));
    if (!by_position_alone(task.items[0].items, symbol, position, true))
      return refusal("a row of task " + quoted(task.name) + " depends on more than its position " +
                     quoted(position));
  }
  for (const NetworkInstance& instance : network.instances) {
    if (!instance.per_iteration)
      return refusal("tasks take turns by launch on " + quoted(instance.name) + ", not by row");
  }
  return {};
}

Status verify(const Network& network, const DeadlockCertificate& certificate) {
  if (certificate.depths.size() != network.channels.size())
    return refusal("the certificate is of another network: it has " +
                   std::to_string(certificate.depths.size()) + " depths, for " +
                   std::to_string(network.channels.size()) + " channels");
  std::vector<int64_t> held;
  for (size_t c = 0; c < network.channels.size(); ++c) {
    const NetworkChannel& channel = network.channels[c];
    held.push_back(channel.initial);
    if (certificate.depths[c] > 0 && channel.initial > certificate.depths[c])
      return refusal("channel " + quoted(channel.name) + " begins with more tokens than it holds");
  }
  const std::vector<int64_t> initial = held;
  const bool rows = !certificate.row_symbol.empty();
  if (rows) {
    ST_CHECK(check_rows(network, certificate.row_symbol, certificate.position_symbol));
    ST_CHECK(check_covered(network, certificate));
  } else {
    const std::vector<Bindings> launches = network.launches_or_largest();
    const bool same = std::equal(
        launches.begin(), launches.end(), certificate.launches.begin(), certificate.launches.end(),
        [](const Bindings& a, const ScheduledLaunch& b) { return a == b.launch; });
    if (!same) return refusal("the schedules are not those of the network's launches");
  }
  for (const ScheduledLaunch& launch : certificate.launches) {
    ST_CHECK(Replay(network, certificate.depths, launch.launch).run(launch, held));
    for (size_t c = 0; rows && c < held.size(); ++c) {
      if (held[c] != initial[c])
        return refusal("the row leaves " + std::to_string(held[c]) + " tokens in channel " +
                           quoted(network.channels[c].name) + ", which held " +
                           std::to_string(initial[c]),
                       text_of(launch.launch));
    }
  }
  return {};
}

}  // namespace st
