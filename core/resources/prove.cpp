// SPDX-License-Identifier: Apache-2.0
#include "core/resources/prove.h"

#include <deque>
#include <optional>

#include "core/simulate/deadlock.h"
#include "core/simulate/simulator.h"
#include "core/simulate/walk.h"

namespace st {
namespace {

void forget_time(std::vector<NetworkItem>& items) {
  for (NetworkItem& item : items) {
    item.interval = item.latency = 1;
    item.access.reset();
    forget_time(item.items);
  }
}

/// Runs a launch, one task at a time.
class Scheduler {
 public:
  Scheduler(const Network& network, const FlatNetwork& flat, const std::vector<int64_t>& depths)
      : network_(network), flat_(flat), depths_(depths), ends_(ends_of(network)) {
    instance_of_.assign(network.tasks.size(), -1);
    for (size_t i = 0; i < network.instances.size(); ++i) {
      for (int t : network.instances[i].tasks)
        instance_of_[static_cast<size_t>(t)] = static_cast<int>(i);
    }
  }

  /// False if it gets stuck.
  bool run(const Bindings& launch, std::vector<int64_t>& held, std::vector<ScheduleStep>& steps) {
    std::vector<int64_t> symbols;
    for (const std::string& symbol : flat_.symbols) symbols.push_back(launch.at(symbol));
    walks_.resize(flat_.tasks.size());
    for (size_t t = 0; t < walks_.size(); ++t) walks_[t].begin(flat_.tasks[t], symbols);
    waits_.assign(walks_.size(), false);
    issued_.assign(walks_.size(), false);
    for (size_t t = 0; t < walks_.size(); ++t) wake(static_cast<int>(t));
    while (!ready_.empty()) {
      const int t = ready_.front();
      ready_.pop_front();
      waits_[static_cast<size_t>(t)] = false;
      int64_t events = 0;
      while (advance(t, held)) ++events;
      if (events > 0) steps.push_back({t, events});
    }
    for (const TaskWalk& walk : walks_) {
      if (!walk.done()) return false;
    }
    return true;
  }

 private:
  void wake(int t) {
    if (t < 0 || waits_[static_cast<size_t>(t)]) return;
    waits_[static_cast<size_t>(t)] = true;
    ready_.push_back(t);
  }

  /// The task whose turn it is.
  [[nodiscard]] int holder(const NetworkInstance& instance) const {
    int first = -1;
    int64_t earliest = 0;
    for (int t : instance.tasks) {
      const TaskWalk& walk = walks_[static_cast<size_t>(t)];
      if (walk.done()) continue;
      const int64_t iteration = instance.per_iteration ? walk.iteration() : 0;
      if (first >= 0 && earliest <= iteration) continue;
      first = t;
      earliest = iteration;
    }
    return first;
  }

  /// The next issue or completion of a task, if it is possible.
  bool advance(int t, std::vector<int64_t>& held) {
    TaskWalk& walk = walks_[static_cast<size_t>(t)];
    if (walk.done()) return false;
    const FlatFiring& firing = flat_.firings[static_cast<size_t>(walk.firing())];
    return issued_[static_cast<size_t>(t)] ? complete(t, walk, firing, held)
                                           : issue(t, firing, held);
  }

  [[nodiscard]] size_t channel(int access) const {
    return static_cast<size_t>(flat_.accesses[static_cast<size_t>(access)]);
  }

  bool issue(int t, const FlatFiring& firing, std::vector<int64_t>& held) {
    const int instance = instance_of_[static_cast<size_t>(t)];
    if (instance >= 0 && holder(network_.instances[static_cast<size_t>(instance)]) != t)
      return false;
    for (int r = firing.reads_begin; r < firing.reads_end; ++r) {
      if (held[channel(r)] == 0) return false;
    }
    for (int r = firing.reads_begin; r < firing.reads_end; ++r) {
      --held[channel(r)];
      wake(ends_[channel(r)].source);
    }
    issued_[static_cast<size_t>(t)] = true;
    return true;
  }

  bool complete(int t, TaskWalk& walk, const FlatFiring& firing, std::vector<int64_t>& held) {
    for (int w = firing.writes_begin; w < firing.writes_end; ++w) {
      const size_t c = channel(w);
      if (depths_[c] > 0 && held[c] >= depths_[c]) return false;
    }
    for (int w = firing.writes_begin; w < firing.writes_end; ++w) {
      ++held[channel(w)];
      wake(ends_[channel(w)].target);
    }
    issued_[static_cast<size_t>(t)] = false;
    walk.next();
    const int instance = instance_of_[static_cast<size_t>(t)];
    if (instance >= 0) wake(holder(network_.instances[static_cast<size_t>(instance)]));
    return true;
  }

  const Network& network_;
  const FlatNetwork& flat_;
  const std::vector<int64_t>& depths_;
  std::vector<ChannelEnds> ends_;
  std::vector<int> instance_of_;
  std::vector<TaskWalk> walks_;
  std::deque<int> ready_;
  std::vector<bool> waits_;   ///< is in ready_
  std::vector<bool> issued_;  ///< the firing at hand has issued
};

/// The symbols of rows and of positions, if launches are sequences of rows.
bool find_rows(const Network& network, DeadlockCertificate& certificate) {
  if (network.symbols.empty() || network.symbols.size() > 2) return false;
  for (const NetworkSymbol& row : network.symbols) {
    std::string position;
    for (const NetworkSymbol& other : network.symbols) {
      if (other.name != row.name) position = other.name;
    }
    if (row.most < 1 || !check_rows(network, row.name, position).ok()) continue;
    certificate.row_symbol = row.name;
    certificate.position_symbol = position;
    return true;
  }
  return false;
}

/// A launch for the row at each position.
std::vector<Bindings> rows_of(const Network& network, const DeadlockCertificate& certificate) {
  if (certificate.position_symbol.empty()) return {{{certificate.row_symbol, 1}}};
  std::vector<Bindings> all;
  for (const NetworkSymbol& symbol : network.symbols) {
    if (symbol.name != certificate.position_symbol) continue;
    for (int64_t p = symbol.least; p <= symbol.most; ++p)
      all.push_back({{certificate.row_symbol, 1}, {certificate.position_symbol, p}});
  }
  return all;
}

/// Why a launch got stuck, in words.
Diagnostic why_stuck(const Network& network, const std::vector<int64_t>& depths,
                     const std::vector<Bindings>& launches) {
  Network alone = without_time(network);
  alone.launches = launches;
  const SimulationResult result = Simulator(alone).run(depths);
  Diagnostic problem = deadlock_problem(alone, depths, result);
  problem.message = "the network deadlocks";
  for (const auto& [symbol, value] : launches.back())
    problem.where +=
        (problem.where.empty() ? "" : " ") + printable(symbol) + "=" + std::to_string(value);
  return problem;
}

}  // namespace

Network without_time(const Network& network) {
  Network bare = network;
  for (NetworkTask& task : bare.tasks) {
    task.in_flight = 1;
    forget_time(task.items);
  }
  bare.overlap = false;
  bare.gap = 0;
  return bare;
}

namespace {

/// Schedules every launch that a proof takes, and hands each to `take(launch)`, after
/// `start(certificate)` with its symbols.
template <typename Start, typename Take>
Status schedule_all(const Network& network, const std::vector<int64_t>& depths, const Start& start,
                    const Take& take) {
  DeadlockCertificate certificate;
  certificate.depths = depths;
  std::vector<Bindings> launches = network.launches_or_largest();
  const bool rows = find_rows(network, certificate);
  if (rows) launches = rows_of(network, certificate);
  ST_CHECK(start(certificate));
  const FlatNetwork flat(network);
  Scheduler scheduler(network, flat, depths);
  std::vector<int64_t> held;
  for (const NetworkChannel& channel : network.channels) held.push_back(channel.initial);
  for (size_t l = 0; l < launches.size(); ++l) {
    for (int64_t firings : firings_of(network, launches[l])) {
      if (firings <= MostScheduledFirings) continue;
      return Diagnostic{"E0334",
                        "a launch is too long to be proven free of deadlock",
                        "",
                        {"a task fires " + std::to_string(firings) + " times; at most " +
                         std::to_string(MostScheduledFirings) + " are checked"},
                        "choose smaller bounds"};
    }
    ScheduledLaunch scheduled{launches[l], {}};
    if (scheduler.run(launches[l], held, scheduled.steps)) {
      ST_CHECK(take(std::move(scheduled)));
      continue;
    }
    launches.resize(l + 1);
    if (rows) launches.erase(launches.begin(), launches.end() - 1);
    return why_stuck(network, depths, launches);
  }
  return {};
}

}  // namespace

Result<DeadlockCertificate> prove_free_of_deadlock(const Network& network,
                                                   const std::vector<int64_t>& depths) {
  DeadlockCertificate certificate;
  ST_CHECK(schedule_all(
      network, depths,
      [&](const DeadlockCertificate& head) -> Status {
        certificate = head;
        return {};
      },
      [&](ScheduledLaunch&& launch) -> Status {
        certificate.launches.push_back(std::move(launch));
        return {};
      }));
  return certificate;
}

Result<ProvenLengths> prove_and_check(const Network& network, const std::vector<int64_t>& depths) {
  ProvenLengths proven;
  std::optional<CertificateCheck> check;
  bool rows = false;
  ST_CHECK(schedule_all(
      network, depths,
      [&](const DeadlockCertificate& head) -> Status {
        rows = !head.row_symbol.empty();
        check.emplace(network, depths, head.row_symbol, head.position_symbol);
        return check->begin();
      },
      [&](ScheduledLaunch&& launch) -> Status {
        ++(rows ? proven.positions : proven.launches);
        return check->add(launch);
      }));
  ST_CHECK(check->finish());
  return proven;
}

}  // namespace st
