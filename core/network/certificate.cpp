// SPDX-License-Identifier: Apache-2.0
#include "core/network/certificate.h"

#include <algorithm>
#include <set>

namespace st {
namespace {

Diagnostic refusal(const std::string& message, const std::string& where = "") {
  return {"E0334", message, where, {}, ""};
}

std::string in_quotes(const std::string& name) { return "'" + printable(name) + "'"; }

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

/// Whether trip counts inside depend on a symbol or on the counter of the outermost loop.
bool depends_on_launch(const std::vector<NetworkItem>& items) {
  return std::any_of(items.begin(), items.end(), [](const NetworkItem& item) {
    for (const auto& [symbol, factor] : item.trips.terms()) {
      const bool inner = symbol.size() > 1 && symbol[0] == 'd' && symbol != "d0" &&
                         symbol.find_first_not_of("0123456789", 1) == std::string::npos;
      if (!inner) return true;
    }
    return depends_on_launch(item.items);
  });
}

/// All firings of a launch of a task, in order.
class Unrolling {
 public:
  Unrolling(const Bindings& launch, std::vector<Event>& events)
      : launch_(launch), events_(events) {}
  Status run(const NetworkTask& task) {
    if (!walk(planned(task.items), 0))
      return refusal("task " + in_quotes(task.name) + " fires too often to be checked");
    return {};
  }

 private:
  /// An item whose symbols are looked up: there are millions of turns.
  struct Planned {
    const NetworkItem* item;
    int64_t trips = 0;                                 ///< without what the counters add
    std::vector<std::pair<size_t, int64_t>> counters;  ///< depth of a loop outside, factor
    std::vector<Planned> items;
  };

  [[nodiscard]] std::vector<Planned> planned(const std::vector<NetworkItem>& body) const {
    std::vector<Planned> plan;
    for (const NetworkItem& item : body) {
      Planned& entry = plan.emplace_back(Planned{&item, item.trips.offset(), {}, {}});
      for (const auto& [symbol, factor] : item.trips.terms()) {
        const auto value = launch_.find(symbol);
        if (value != launch_.end()) {
          entry.trips += factor * value->second;
        } else {  // d0, d1, ...
          entry.counters.emplace_back(std::stoul(symbol.substr(1)), factor);
        }
      }
      entry.items = planned(item.items);
    }
    return plan;
  }

  [[nodiscard]] int64_t trips_of(const Planned& loop) const {
    if (loop.item->trips_by_outer != nullptr)
      return loop.item->trips_by_outer->at(
          static_cast<size_t>(counters_.empty() ? 0 : counters_.back()));
    int64_t trips = loop.trips;
    for (const auto& [depth, factor] : loop.counters) trips += factor * counters_[depth];
    return trips;
  }

  /// False if there are too many firings.
  bool walk(const std::vector<Planned>& body, size_t depth) {
    for (const Planned& entry : body) {
      if (!entry.item->is_loop()) {
        if (static_cast<int64_t>(events_.size()) >= MostScheduledFirings) return false;
        events_.push_back({entry.item, iteration_});
        continue;
      }
      const int64_t trips = trips_of(entry);
      counters_.push_back(0);
      for (int64_t k = 0; k < trips; ++k) {
        counters_[depth] = k;
        if (depth == 0) iteration_ = k;
        if (!walk(entry.items, depth + 1)) return false;
      }
      counters_.pop_back();
    }
    return true;
  }

  const Bindings& launch_;
  std::vector<Event>& events_;
  std::vector<int64_t> counters_;  ///< of the loops around, the outermost first
  int64_t iteration_ = 0;
};

/// Replays launches on the fills of the channels.
class Replay {
 public:
  Replay(const Network& network, const std::vector<int64_t>& depths)
      : network_(network), depths_(depths), events_(network.tasks.size()) {
    for (const NetworkTask& task : network.tasks) {
      // Rows of one task differ only where it looks at their position.
      const bool row = task.items.size() == 1 && task.items[0].is_loop();
      same_each_row_.push_back(row && !depends_on_launch(task.items[0].items));
    }
  }

  /// `row`: the launch is a single row.
  Status run(const ScheduledLaunch& schedule, bool row, std::vector<int64_t>& held) {
    where_ = text_of(schedule.launch);
    for (size_t t = 0; t < events_.size(); ++t) {
      if (row && same_each_row_[t] && !events_[t].empty()) continue;
      events_[t].clear();
      ST_CHECK(Unrolling(schedule.launch, events_[t]).run(network_.tasks[t]));
    }
    done_.assign(events_.size(), 0);
    issued_.assign(events_.size(), false);
    list_turns();
    for (const ScheduleStep& step : schedule.steps) {
      if (step.task < 0 || step.task >= static_cast<int>(events_.size()) || step.events < 1)
        return refusal("the schedule has a step that is none", where_);
      for (int64_t i = 0; i < step.events; ++i) {
        if (!advance(static_cast<size_t>(step.task), held)) return std::move(problem_);
      }
    }
    for (size_t t = 0; t < events_.size(); ++t) {
      if (done_[t] < events_[t].size())
        return refusal("the schedule ends when task " + in_quotes(network_.tasks[t].name) +
                           " has " + std::to_string(events_[t].size() - done_[t]) + " firings left",
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
    std::map<Turn, int64_t> left;  ///< firings that are left of each turn
  };

  void list_turns() {
    turns_.clear();
    for (const NetworkInstance& instance : network_.instances) {
      turns_.push_back({&instance, {}});
      for (size_t place = 0; place < instance.tasks.size(); ++place) {
        for (const Event& event : events_[static_cast<size_t>(instance.tasks[place])])
          ++turns_.back().left[{instance.per_iteration ? event.iteration : 0, place}];
      }
    }
  }

  bool fail(const std::string& message) {
    problem_ = refusal(message, where_);
    return false;
  }

  [[nodiscard]] std::string who(size_t t) const {
    return "firing " + std::to_string(done_[t] + 1) + " of task " +
           in_quotes(network_.tasks[t].name);
  }

  /// The next event of a task.
  bool advance(size_t t, std::vector<int64_t>& held) {
    if (done_[t] == events_[t].size())
      return fail("the schedule fires task " + in_quotes(network_.tasks[t].name) + " too often");
    const Event& event = events_[t][done_[t]];
    return issued_[t] ? complete(t, event, held) : issue(t, event, held);
  }

  bool issue(size_t t, const Event& event, std::vector<int64_t>& held) {
    issued_[t] = true;
    if (!turns_.empty() && !has_turn(t, event)) return false;
    for (int c : event.firing->reads) {
      if (--held[static_cast<size_t>(c)] < 0)
        return fail(who(t) + " finds channel " + name(c) + " empty");
    }
    return true;
  }

  bool complete(size_t t, const Event& event, std::vector<int64_t>& held) {
    for (int c : event.firing->writes) {
      const int64_t depth = depths_[static_cast<size_t>(c)];
      if (++held[static_cast<size_t>(c)] > depth && depth > 0)
        return fail(who(t) + " finds channel " + name(c) + " full, at depth " +
                    std::to_string(depth));
    }
    issued_[t] = false;
    ++done_[t];
    // The turn goes on when its last firing has completed.
    for (Turns& turns : turns_) {
      const auto first = turns.left.begin();
      if (first == turns.left.end() ||
          turns.instance->tasks[first->first.place] != static_cast<int>(t))
        continue;
      if (--first->second == 0) turns.left.erase(first);
    }
    return true;
  }

  bool has_turn(size_t t, const Event& event) {
    for (const Turns& turns : turns_) {
      const auto& tasks = turns.instance->tasks;
      const auto place = std::find(tasks.begin(), tasks.end(), static_cast<int>(t));
      if (place == tasks.end()) continue;
      const Turn& first = turns.left.begin()->first;
      if (first.place != static_cast<size_t>(place - tasks.begin()) ||
          (turns.instance->per_iteration && first.iteration != event.iteration))
        return fail(who(t) + " is not its turn on " + in_quotes(turns.instance->name));
    }
    return true;
  }

  [[nodiscard]] std::string name(int c) const {
    return in_quotes(network_.channels[static_cast<size_t>(c)].name);
  }

  const Network& network_;
  const std::vector<int64_t>& depths_;
  std::string where_;
  std::vector<bool> same_each_row_;
  std::vector<std::vector<Event>> events_;  ///< by task
  std::vector<size_t> done_;                ///< firings that completed
  std::vector<bool> issued_;                ///< the next one has issued
  std::vector<Turns> turns_;
  Diagnostic problem_;
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

/// The range of a symbol.
std::pair<int64_t, int64_t> range_of(const Network& network, const std::string& name) {
  for (const NetworkSymbol& symbol : network.symbols) {
    if (symbol.name == name) return {symbol.least, symbol.most};
  }
  return {0, 0};
}

Status check_covered(const Network& network, const std::set<Bindings>& given,
                     const std::string& row_symbol, const std::string& position_symbol) {
  // Symbols beside the two would need a product of their ranges.
  for (const NetworkSymbol& s : network.symbols) {
    if (s.name != row_symbol && s.name != position_symbol)
      return refusal("symbol " + in_quotes(s.name) + " is neither that of rows nor of positions");
  }
  if (position_symbol.empty()) {
    if (given.empty()) return refusal("no row has a schedule");
    return {};
  }
  const auto [least, most] = range_of(network, position_symbol);
  for (int64_t p = least; p <= most; ++p) {
    if (given.count({{row_symbol, 1}, {position_symbol, p}}) == 0)
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
      return refusal("task " + in_quotes(task.name) + " is not one loop over " + in_quotes(symbol));
    if (!by_position_alone(task.items[0].items, symbol, position, true))
      return refusal("a row of task " + in_quotes(task.name) +
                     " depends on more than its position " + in_quotes(position));
  }
  for (const Bindings& launch : network.launches_or_largest()) {
    if (position.empty()) break;
    const int64_t last = launch.at(position) + launch.at(symbol) - 1;
    if (last > range_of(network, position).second)
      return refusal(text_of(launch) + " goes on to position " + std::to_string(last) +
                     ", which is beyond the range of " + in_quotes(position));
  }
  for (const NetworkInstance& instance : network.instances) {
    if (!instance.per_iteration)
      return refusal("tasks take turns by launch on " + in_quotes(instance.name) + ", not by row");
  }
  return {};
}

struct CertificateCheck::State {
  State(const Network& n, std::vector<int64_t> d)
      : network(n), depths(std::move(d)), replay(network, depths) {
    for (const NetworkChannel& channel : network.channels) held.push_back(channel.initial);
    initial = held;
  }
  const Network& network;
  std::vector<int64_t> depths;
  std::string row_symbol, position_symbol;
  std::vector<int64_t> held, initial;  ///< tokens by channel
  Replay replay;
  std::set<Bindings> rows;
  size_t launches = 0;
};

CertificateCheck::CertificateCheck(const Network& network, std::vector<int64_t> depths,
                                   std::string row_symbol, std::string position_symbol)
    : state_(std::make_unique<State>(network, std::move(depths))) {
  state_->row_symbol = std::move(row_symbol);
  state_->position_symbol = std::move(position_symbol);
}
CertificateCheck::~CertificateCheck() = default;

Status CertificateCheck::begin() {
  const Network& network = state_->network;
  if (state_->depths.size() != network.channels.size())
    return refusal("the certificate is of another network: it has " +
                   std::to_string(state_->depths.size()) + " depths, for " +
                   std::to_string(network.channels.size()) + " channels");
  for (size_t c = 0; c < network.channels.size(); ++c) {
    const NetworkChannel& channel = network.channels[c];
    if (state_->depths[c] > 0 && channel.initial > state_->depths[c])
      return refusal("channel " + in_quotes(channel.name) +
                     " begins with more tokens than it holds");
  }
  if (state_->row_symbol.empty()) return {};
  return check_rows(network, state_->row_symbol, state_->position_symbol);
}

Status CertificateCheck::add(const ScheduledLaunch& launch) {
  const Network& network = state_->network;
  const bool rows = !state_->row_symbol.empty();
  if (rows) {
    const auto row = launch.launch.find(state_->row_symbol);
    if (row == launch.launch.end() || row->second != 1)
      return refusal("the schedule of a row does not bind " + in_quotes(state_->row_symbol) +
                     " to 1");
    for (const NetworkSymbol& symbol : network.symbols) {
      if (launch.launch.count(symbol.name) == 0)
        return refusal("the schedule of a row does not bind " + in_quotes(symbol.name));
    }
    state_->rows.insert(launch.launch);
  } else {
    const std::vector<Bindings> launches = network.launches_or_largest();
    if (state_->launches >= launches.size() || launches[state_->launches] != launch.launch)
      return refusal("the schedules are not those of the network's launches");
  }
  ++state_->launches;
  ST_CHECK(state_->replay.run(launch, rows, state_->held));
  for (size_t c = 0; rows && c < state_->held.size(); ++c) {
    if (state_->held[c] != state_->initial[c])
      return refusal("the row leaves " + std::to_string(state_->held[c]) + " tokens in channel " +
                         in_quotes(network.channels[c].name) + ", which held " +
                         std::to_string(state_->initial[c]),
                     text_of(launch.launch));
  }
  return {};
}

Status CertificateCheck::finish() const {
  const Network& network = state_->network;
  if (!state_->row_symbol.empty())
    return check_covered(network, state_->rows, state_->row_symbol, state_->position_symbol);
  if (state_->launches != network.launches_or_largest().size())
    return refusal("the schedules are not those of the network's launches");
  return {};
}

Status verify(const Network& network, const DeadlockCertificate& certificate) {
  CertificateCheck check(network, certificate.depths, certificate.row_symbol,
                         certificate.position_symbol);
  ST_CHECK(check.begin());
  for (const ScheduledLaunch& launch : certificate.launches) ST_CHECK(check.add(launch));
  return check.finish();
}

}  // namespace st
