// SPDX-License-Identifier: Apache-2.0
#include "core/simulate/run.h"

#include <algorithm>

namespace st {

NetworkImage::NetworkImage(const Network& n) : network(n), flat(n), ends(ends_of(n)) {
  instance_of.assign(n.tasks.size(), -1);
  for (size_t i = 0; i < n.instances.size(); ++i) {
    for (int t : n.instances[i].tasks) instance_of[static_cast<size_t>(t)] = static_cast<int>(i);
  }
  for (const NetworkTask& task : n.tasks) in_flight.push_back(in_flight_of(task));
  for (const Bindings& launch : n.launches_or_largest()) {
    launches.emplace_back();
    for (const std::string& symbol : flat.symbols) launches.back().push_back(launch.at(symbol));
  }
}

SimulationRun::SimulationRun(const NetworkImage& image, const std::vector<int64_t>& depths,
                             const CycleRange& range)
    : network_(image.network),
      flat_(image.flat),
      launches_(image.launches),
      range_(range),
      agenda_(image.network.tasks.size()) {
  fifos_.resize(network_.channels.size());
  for (size_t c = 0; c < fifos_.size(); ++c) {
    if (depths[c] > 0) fifos_[c].depth = depths[c];
    fifos_[c].held = network_.channels[c].initial;
    fifos_[c].writer = image.ends[c].source;
    fifos_[c].reader = image.ends[c].target;
  }
  tasks_.resize(network_.tasks.size());
  for (size_t t = 0; t < tasks_.size(); ++t) {
    tasks_[t].ledger = TaskLedger(range);
    tasks_[t].most_in_flight = image.in_flight[t];
    // Rings grow to what is used: a limit far above that costs nothing.
    tasks_[t].flights.resize(8);
    tasks_[t].instance = image.instance_of[t];
  }
  for (const NetworkInstance& instance : network_.instances) turns_.push_back({&instance});
  for (const NetworkMemory& memory : network_.memories)
    memories_.push_back({MemoryServer(memory, range), {}});
}

SimulationResult SimulationRun::run(int64_t most_cycles) {
  begin_launch(0);
  for (;;) {
    const int64_t cycle = agenda_.advance();
    if (cycle == Never) {
      if (unfinished_ > 0) break;
      if (network_.overlap || launch_ + 1 >= static_cast<int>(launches_.size())) {
        result_.completed = true;
        break;
      }
      end_launch();
      begin_launch(launch_ + 1);
      continue;
    }
    if (cycle > most_cycles) {
      result_.cut_short = true;
      break;
    }
    for (int task = agenda_.take(); task != Agenda::None; task = agenda_.take()) visit(task, cycle);
    for (int m : asked_) serve(m, cycle);
    asked_.clear();
  }
  return finish();
}

void SimulationRun::begin_launch(int launch) {
  launch_ = launch;
  const int64_t begin = launch == 0 ? 0 : result_.launch_end.back() + 1 + network_.gap;
  if (network_.overlap) {
    result_.launch_begin.assign(launches_.size(), -1);
    result_.launch_end.assign(launches_.size(), -1);
  } else {
    result_.launch_begin.push_back(begin);
  }
  begin_ = begin;
  unfinished_ = 0;
  for (size_t t = 0; t < tasks_.size(); ++t) {
    Task& k = tasks_[t];
    k.launch = launch;
    k.walk.begin(flat_.tasks[t], launches_[static_cast<size_t>(launch)]);
    k.drain = false;
    if (network_.overlap) skip_empty_launches(t);
    k.pending = !k.walk.done();
    if (!k.pending) continue;
    ++unfinished_;
    agenda_.wake(static_cast<int>(t), std::max(begin, k.next_issue));
  }
  for (Turns& turns : turns_) choose(turns, begin);
}

void SimulationRun::end_launch() {
  int64_t end = begin_ - 1;
  for (const Task& k : tasks_) end = std::max(end, k.last_completion);
  result_.launch_end.push_back(end);
}

void SimulationRun::skip_empty_launches(size_t t) {
  Task& k = tasks_[t];
  while (k.walk.done() && k.launch + 1 < static_cast<int>(launches_.size())) {
    ++k.launch;
    k.walk.begin(flat_.tasks[t], launches_[static_cast<size_t>(k.launch)]);
  }
}

void SimulationRun::visit(int t, int64_t cycle) {
  Task& k = task(t);
  int64_t next = Never;
  if (k.in_flight > 0) next = complete(t, k, cycle);
  if (k.pending) next = std::min(next, issue(t, k, cycle));
  if (k.in_flight > 0 && k.flights[k.head].ready == cycle && k.last_completion < cycle) {
    // Issued with latency 0. What waited for its completion may go on.
    next = std::min(next, complete(t, k, cycle));
    if (k.pending) next = std::min(next, std::max(k.next_issue, cycle + 1));
  }
  if (k.in_flight > 0) {
    const int64_t ready = std::max(k.flights[k.head].ready, k.last_completion + 1);
    if (ready > cycle && ready != Never) next = std::min(next, ready);
  }
  if (next != Never) agenda_.wake(t, next);
}

void SimulationRun::wait_to_complete(Task& k, int64_t cycle) {
  if (!pipeline_waits(k)) return;
  const Flight& oldest = k.flights[k.head];
  k.ledger.stall(data_of(oldest), oldest.ready, cycle);
  if (drains(k)) k.ledger.until(cycle + 1, &CycleAccount::latency);
}

int64_t SimulationRun::complete(int, Task& k, int64_t cycle) {
  const Flight flight = k.flights[k.head];
  const int64_t earliest = std::max(flight.ready, k.last_completion + 1);
  if (earliest > cycle) return Never;  // visit() sees to it
  const FlatFiring& firing = flat_.firings[static_cast<size_t>(flight.firing)];
  for (int w = firing.writes_begin; w < firing.writes_end; ++w) {
    FifoState& f = fifo(w);
    if (!f.full(cycle)) continue;
    if (f.last_pull == cycle) return cycle + 1;
    f.writer_waits = true;
    return Never;
  }
  for (int w = firing.writes_begin; w < firing.writes_end; ++w) {
    FifoState& f = fifo(w);
    f.activity.full_stall += std::max<int64_t>(0, std::min(cycle, f.free_since) - earliest);
    push(f, cycle);
  }
  if (k.ledger.end() < cycle || (k.ledger.end() == cycle && drains(k))) wait_to_complete(k, cycle);
  k.activity.blocked += cycle - earliest;
  k.activity.last_completion = k.last_completion = cycle;
  if (network_.overlap) {
    int64_t& end = result_.launch_end[static_cast<size_t>(flight.launch)];
    end = std::max(end, cycle);
  }
  if (k.in_flight == k.most_in_flight) k.slot_since = cycle;
  k.head = (k.head + 1) & (k.flights.size() - 1);
  --k.in_flight;
  if (k.instance >= 0 && k.in_flight == 0) {
    Turns& turns = turns_[static_cast<size_t>(k.instance)];
    if (turns.ending && &k == &task(turns.holder)) choose(turns, cycle + 1);
  }
  if (!k.pending && k.in_flight == 0) --unfinished_;
  return Never;
}

int64_t SimulationRun::issue(int t, Task& k, int64_t cycle) {
  int64_t earliest = std::max({k.next_issue, begin_, k.slot_since});
  if (k.in_flight >= k.most_in_flight) return Never;  // a completion comes first
  if (k.drain) {
    if (k.in_flight > 0) return Never;
    earliest = std::max(earliest, k.last_completion + 1);
  }
  if (k.instance >= 0) {
    const Turns& turns = turns_[static_cast<size_t>(k.instance)];
    if (turns.ending || &k != &task(turns.holder)) return Never;  // choose() wakes it
    earliest = std::max(earliest, turns.since);
  }
  if (earliest > cycle) return earliest;
  const int number = k.walk.firing();
  const FlatFiring& firing = flat_.firings[static_cast<size_t>(number)];
  for (int r = firing.reads_begin; r < firing.reads_end; ++r) {
    FifoState& f = fifo(r);
    if (!f.empty(cycle)) continue;
    if (f.last_push == cycle) return cycle + 1;
    f.reader_waits = true;
    return Never;
  }
  for (int r = firing.reads_begin; r < firing.reads_end; ++r) {
    FifoState& f = fifo(r);
    f.activity.empty_stall += std::max<int64_t>(0, std::min(cycle, f.filled_since) - earliest);
    pull(f, cycle);
  }
  if (k.ledger.end() < cycle) wait_to_issue(t, k, cycle);
  k.ledger.useful(cycle + firing.interval);
  last_issue_ = cycle;
  k.activity.busy += firing.interval;
  if (k.activity.firings++ == 0) k.activity.first_issue = cycle;
  if (network_.overlap) {
    int64_t& begin = result_.launch_begin[static_cast<size_t>(k.launch)];
    if (begin < 0 || begin > cycle) begin = cycle;
  }
  const size_t slot = take_slot(k);
  k.flights[slot] = {firing.memory < 0 ? cycle + firing.latency : Never, number, k.launch};
  if (firing.memory >= 0) ask(t, slot, firing);
  k.next_issue = cycle + firing.interval;
  advance(t, k);
  if (!k.pending || k.in_flight >= k.most_in_flight || k.drain) return Never;
  return k.next_issue;
}

void SimulationRun::wait_to_issue(int t, Task& k, int64_t end) {
  k.ledger.until(std::min(begin_, end), &CycleAccount::idle);
  if (k.instance >= 0) {
    const Turns& turns = turns_[static_cast<size_t>(k.instance)];
    const int64_t since = turns.holder == t ? turns.since : end;
    k.ledger.until(std::min(since, end), &CycleAccount::turn);
  }
  k.ledger.until(end, &CycleAccount::dependency);
}

void SimulationRun::advance(int t, Task& k) {
  const int64_t launch = k.launch, iteration = k.walk.iteration();
  k.drain = k.walk.firing_drains();
  k.walk.next();
  k.drain = k.drain || k.walk.drained();
  if (network_.overlap) skip_empty_launches(static_cast<size_t>(t));
  k.pending = !k.walk.done();
  if (k.instance < 0) return;
  Turns& turns = turns_[static_cast<size_t>(k.instance)];
  turns.ending = !k.pending || k.launch != launch ||
                 (turns.instance->per_iteration && k.walk.iteration() != iteration);
}

void SimulationRun::choose(Turns& turns, int64_t since) {
  turns.holder = -1;
  turns.ending = false;
  turns.since = since;
  for (int t : turns.instance->tasks) {
    const Task& k = task(t);
    if (!k.pending) continue;
    const int64_t iteration = turns.instance->per_iteration ? k.walk.iteration() : 0;
    if (turns.holder >= 0 &&
        std::pair(turns.launch, turns.iteration) <= std::pair(int64_t{k.launch}, iteration))
      continue;
    turns.holder = t;
    turns.launch = k.launch;
    turns.iteration = iteration;
  }
  if (turns.holder >= 0) agenda_.wake(turns.holder, std::max(since, task(turns.holder).next_issue));
}

void SimulationRun::push(FifoState& f, int64_t cycle) {
  f.push(cycle);
  if (!f.reader_waits) return;
  f.reader_waits = false;
  agenda_.wake(f.reader, cycle + 1);
}

void SimulationRun::pull(FifoState& f, int64_t cycle) {
  f.pull(cycle);
  if (!f.writer_waits) return;
  f.writer_waits = false;
  agenda_.wake(f.writer, cycle + 1);
}

size_t SimulationRun::take_slot(Task& k) {
  if (static_cast<size_t>(k.in_flight) == k.flights.size()) {
    std::rotate(k.flights.begin(), k.flights.begin() + static_cast<std::ptrdiff_t>(k.head),
                k.flights.end());
    k.head = 0;
    k.flights.resize(2 * k.flights.size());
  }
  const size_t slot = (k.head + static_cast<size_t>(k.in_flight)) & (k.flights.size() - 1);
  ++k.in_flight;
  return slot;
}

void SimulationRun::ask(int t, size_t slot, const FlatFiring& firing) {
  Memory& memory = memories_[static_cast<size_t>(firing.memory)];
  if (memory.requests.empty()) asked_.push_back(firing.memory);
  memory.requests.push_back({t, slot, firing.bytes, firing.write});
}

void SimulationRun::serve(int m, int64_t cycle) {
  Memory& memory = memories_[static_cast<size_t>(m)];
  std::sort(memory.requests.begin(), memory.requests.end(),
            [](const Request& a, const Request& b) { return a.task < b.task; });
  for (const Request& request : memory.requests) {
    Task& k = task(request.task);
    Flight& flight = k.flights[request.flight];
    flight.ready = memory.server.serve(request.task, request.bytes, request.write, cycle) +
                   flat_.firings[static_cast<size_t>(flight.firing)].latency;
    if (request.flight == k.head)
      agenda_.wake(request.task, std::max(flight.ready, k.last_completion + 1));
  }
  memory.requests.clear();
}

}  // namespace st
