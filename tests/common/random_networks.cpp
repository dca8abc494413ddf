// SPDX-License-Identifier: Apache-2.0
#include "tests/common/random_networks.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "tests/common/random.h"

namespace st::test {
namespace {

using Items = std::vector<NetworkItem>;

/// All tasks of a network run through the same rounds, loops around their bodies; in a round each
/// channel carries a number of tokens of its own, which its two ends take apart as they like.
class NetworkMaker {
 public:
  explicit NetworkMaker(uint64_t seed) : random_(seed) {
    network_.name = "random " + std::to_string(seed);
  }

  Network make() {
    choose_rounds();
    const int64_t nodes = random_.between(1, 9);
    for (int64_t n = 0; n < nodes; ++n) add_node();
    if (random_.chance(0.3)) feed_back();
    if (random_.chance(0.06)) unbalance();
    for (Plan& plan : plans_) network_.tasks.push_back(task(plan));
    add_memories();
    if (random_.chance(0.3)) share();
    choose_depths();
    choose_launches();
    return network_;
  }

 private:
  struct Port {
    int channel;
    int64_t count;  ///< tokens in a round
  };
  struct Plan {
    std::string name;
    std::vector<Port> in, out;
    Items body;  ///< of a round, where it is given
  };

  // --- What tasks have in common.

  void choose_rounds() {
    const Extent sequence = Extent::symbol("sequence"), past = Extent::symbol("past");
    const Extent d0 = Extent::symbol("d0"), some = random_.between(2, 6);
    const int64_t form = random_.below(10);
    if (form < 3) rounds_ = {random_.between(2, 16)};
    if (form == 3) rounds_ = {random_.between(2, 4), some};
    if (form == 4) rounds_ = {sequence};
    if (form == 5) rounds_ = {sequence, some};
    if (form == 6) rounds_ = {sequence, d0 + Extent(1)};
    if (form == 7) rounds_ = {sequence, past + d0 + Extent(1)};
    if (form == 8) rounds_ = {past, some};
    if (form == 9) rounds_ = {some, d0, random_.between(1, 3)};
    if (form >= 4 && form < 9) {
      network_.symbols = {{"past", 0, 3}, {"sequence", 1, random_.between(2, 5)}};
    }
    period_ = rounds_.back().constant().value_or(0);
  }
  int64_t count() { return random_.pick<int64_t>({1, 1, 1, 2, 2, 3, 4, 6}); }

  int channel(int64_t initial = 0) {
    NetworkChannel channel;
    channel.name = "c" + std::to_string(network_.channels.size());
    channel.width_bits = random_.pick<int64_t>({1, 8, 32, 512});
    channel.initial = initial;
    network_.channels.push_back(channel);
    return static_cast<int>(network_.channels.size()) - 1;
  }

  // --- Who reads from whom.

  Plan& plan() {
    plans_.push_back({"t" + std::to_string(plans_.size()), {}, {}, {}});
    natural_.push_back(count());
    return plans_.back();
  }
  void connect(size_t from, size_t to, int64_t initial = 0) {
    const int64_t tokens = random_.chance(0.5) ? natural_[from] : natural_[to];
    const int made = channel(initial);
    plans_[from].out.push_back({made, tokens});
    plans_[to].in.push_back({made, tokens});
  }
  /// A newer one more often.
  size_t any_writer(size_t below) {
    const auto n = static_cast<int64_t>(below);
    size_t found = static_cast<size_t>(std::max(random_.below(n), random_.below(n)));
    while (!plans_[found].body.empty()) --found;  // the first task has none
    return found;
  }
  void add_node() {
    plan();
    const size_t here = plans_.size() - 1;
    if (here == 0 || random_.chance(0.12)) return;
    if (random_.chance(0.12) && plans_.size() < MostTasks) {
      ping_pong(any_writer(here), here);
      return;
    }
    for (int64_t n = random_.pick<int64_t>({1, 1, 2, 2, 3}); n > 0; --n) {
      connect(any_writer(here), here);
    }
  }
  /// A channel back, or to the task itself.
  void feed_back() {
    size_t from = any_writer(plans_.size());
    size_t to = any_writer(plans_.size());
    if (from < to) std::swap(from, to);
    connect(from, to, random_.between(0, 8));
  }
  void unbalance() {
    Plan& plan = plans_[random_.below(std::ssize(plans_))];
    auto& ports = random_.chance(0.5) || plan.in.empty() ? plan.out : plan.in;
    if (!ports.empty()) ++ports[random_.below(std::ssize(ports))].count;
  }

  /// A task that gathers blocks in one of two buffers, and one that sends them on; both between
  /// `from` and `to`.
  void ping_pong(size_t from, size_t to) {
    const int64_t in = natural_[from], out = natural_[to];
    const int before = channel(), behind = channel(), full = channel(),
              free = channel(random_.pick<int64_t>({1, 2, 2, 2}));
    plans_[from].out.push_back({before, in});
    plans_[to].in.push_back({behind, out});
    plan().body = block(in, {before}, {}, {free}, {full});
    plan().body = block(out, {}, {behind}, {full}, {free});
  }
  /// `count` firings that all read and write; the first takes something more, the last gives it.
  Items block(int64_t count, const std::vector<int>& reads, const std::vector<int>& writes,
              const std::vector<int>& first, const std::vector<int>& last) {
    Items items;
    for (int64_t k = 0; k < count; ++k) {
      NetworkItem item = firing(reads, writes);
      if (k == 0) item.reads.insert(item.reads.end(), first.begin(), first.end());
      if (k == count - 1) item.writes.insert(item.writes.end(), last.begin(), last.end());
      items.push_back(item);
    }
    return items;
  }

  // --- Bodies.

  NetworkItem firing(const std::vector<int>& reads, const std::vector<int>& writes) {
    NetworkItem item;
    item.reads = reads;
    item.writes = writes;
    item.interval = random_.pick<int64_t>({1, 1, 1, 1, 2, 3, 7});
    item.latency = random_.pick<int64_t>({0, 1, 1, 2, 3, 5, 9, 40});
    item.drain = random_.chance(0.04);
    return item;
  }
  NetworkItem loop(const Extent& trips, const Items& items) {
    NetworkItem item;
    item.trips = trips;
    item.items = items;
    item.drain = random_.chance(0.12);
    return item;
  }
  static std::vector<int> channels(const std::vector<Port>& ports) {
    std::vector<int> out;
    for (const Port& port : ports) out.push_back(port.channel);
    return out;
  }

  NetworkTask task(const Plan& plan) {
    NetworkTask task;
    task.name = plan.name;
    if (random_.chance(0.25)) task.in_flight = random_.between(1, 6);
    std::vector<Extent> loops = rounds_;
    Plan parts = plan;
    // The innermost rounds may be one with the loops of the body, or two loops.
    const bool joined = period_ > 1 && plan.body.empty() && random_.chance(0.3);
    if (joined) {
      loops.pop_back();
      for (Port& port : parts.in) port.count *= period_;
      for (Port& port : parts.out) port.count *= period_;
    }
    const bool split = !joined && period_ > 2 && period_ % 2 == 0 && random_.chance(0.2);
    if (split) {
      loops.back() = period_ / 2;
      loops.emplace_back(2);
    }
    task.items = plan.body.empty() ? body(parts, !joined && !split) : plan.body;
    for (size_t l = loops.size(); l-- > 0;) task.items = {loop(loops[l], task.items)};
    if (random_.chance(0.06)) task.items.insert(task.items.begin(), firing({}, {}));
    if (random_.chance(0.04)) task.items.push_back(firing({}, {}));
    return task;
  }

  /// `tables`: whether the loop around it is the innermost of the rounds.
  Items body(const Plan& plan, bool tables) {
    std::vector<Port> all = plan.in;
    all.insert(all.end(), plan.out.begin(), plan.out.end());
    if (all.empty()) return {firing({}, {})};
    const int64_t n = all[0].count;
    const bool equal =
        std::all_of(all.begin(), all.end(), [&](const Port& port) { return port.count == n; });
    if (equal && n == 1 && random_.chance(0.6)) {
      return {firing(channels(plan.in), channels(plan.out))};
    }
    if (equal && random_.chance(0.6)) {
      return {loop(n, {firing(channels(plan.in), channels(plan.out))})};
    }
    // Primed: writes run some firings behind reads.
    if (equal && n > 1 && random_.chance(0.4)) {
      const int64_t lead = random_.between(1, n - 1);
      return {loop(lead, {firing(channels(plan.in), {})}),
              loop(n - lead, {firing(channels(plan.in), channels(plan.out))}),
              loop(lead, {firing({}, channels(plan.out))})};
    }
    // One after the other: a block, or several smaller ones.
    int64_t blocks = 1;
    if (random_.chance(0.4)) {
      blocks = 0;
      for (const Port& port : all) blocks = std::gcd(blocks, port.count);
    }
    Items items;
    for (const bool reads : {true, false}) {
      std::map<int64_t, std::vector<int>> groups;  // by count
      for (const Port& port : reads ? plan.in : plan.out) {
        groups[port.count / blocks].push_back(port.channel);
      }
      for (const auto& [tokens, group] : groups) {
        NetworkItem made = loop(tokens, {reads ? firing(group, {}) : firing({}, group)});
        if (tables && period_ > 1 && blocks == 1 && random_.chance(0.25)) {
          made.trips = {};
          made.trips_by_outer = table(tokens * period_);
        }
        items.push_back(made);
      }
    }
    if (random_.chance(0.1)) std::rotate(items.begin(), items.begin() + 1, items.end());
    if (blocks > 1) return {loop(blocks, items)};
    return items;
  }
  std::shared_ptr<const std::vector<int64_t>> table(int64_t total) {
    std::vector<int64_t> trips(period_, 0);
    for (int64_t k = 0; k < total; ++k) ++trips[random_.below(period_)];
    return std::make_shared<const std::vector<int64_t>>(trips);
  }

  // --- Everything else.

  void add_memories() {
    for (int64_t n = random_.pick<int64_t>({0, 0, 0, 1, 1, 2}); n > 0; --n) {
      NetworkMemory memory;
      memory.name = "m" + std::to_string(network_.memories.size());
      memory.bytes = random_.pick<int64_t>({5, 23, 64, 115});
      memory.cycles = random_.pick<int64_t>({1, 1, 2, 3});
      memory.latency = random_.pick<int64_t>({0, 1, 5, 30});
      memory.burst_bytes = random_.pick<int64_t>({0, 64, 256, 1000});
      memory.burst_cycles = random_.pick<int64_t>({0, 1, 3, 10});
      network_.memories.push_back(memory);
    }
    if (network_.memories.empty()) return;
    for (NetworkTask& task : network_.tasks) {
      if (random_.chance(0.35)) access_memory(task.items, random_.chance(0.5));
    }
  }
  void access_memory(Items& items, bool write) {
    for (NetworkItem& item : items) {
      access_memory(item.items, write);
      if (item.is_loop() || random_.chance(0.3)) continue;
      const auto memory = random_.below(static_cast<int64_t>(network_.memories.size()));
      item.access = {static_cast<int>(memory), random_.pick<int64_t>({1, 16, 50, 64, 130}), write};
    }
  }

  void share() {
    std::vector<int> tasks(network_.tasks.size());
    std::iota(tasks.begin(), tasks.end(), 0);
    for (int64_t n = random_.between(1, 2); n > 0 && tasks.size() > 1; --n) {
      NetworkInstance instance;
      instance.name = "i" + std::to_string(n);
      const int64_t sharers = std::min<int64_t>(random_.between(2, 3), std::ssize(tasks));
      for (int64_t k = 0; k < sharers; ++k) {
        const auto chosen = tasks.begin() + random_.below(std::ssize(tasks));
        instance.tasks.push_back(*chosen);
        tasks.erase(chosen);
      }
      if (random_.chance(0.7)) std::sort(instance.tasks.begin(), instance.tasks.end());
      instance.per_iteration =
          random_.chance(0.6) &&
          std::all_of(instance.tasks.begin(), instance.tasks.end(), [&](int t) {
            return network_.tasks[t].items.size() == 1 && network_.tasks[t].items[0].is_loop();
          });
      network_.instances.push_back(instance);
    }
  }

  void choose_depths() {
    const int64_t form = random_.below(4);
    for (NetworkChannel& channel : network_.channels) {
      const int64_t mine = random_.chance(0.1) ? random_.below(4) : form;
      if (mine == 0) channel.depth = random_.between(1, 4);
      if (mine == 1) channel.depth = random_.between(2, 20);
      if (mine == 2) channel.depth = random_.pick<int64_t>({16, 64, 200});
      if (channel.depth > 0) channel.depth = std::max(channel.depth, channel.initial);
      channel.fixed = random_.chance(0.1);
    }
  }

  void choose_launches() {
    for (int64_t n = random_.pick<int64_t>({0, 0, 1, 2, 3}); n > 0; --n) {
      Bindings launch;
      for (const NetworkSymbol& symbol : network_.symbols) {
        launch[symbol.name] = random_.between(symbol.least, symbol.most);
      }
      network_.launches.push_back(launch);
    }
    network_.gap = random_.pick<int64_t>({0, 0, 1, 7, 40});
    network_.overlap = random_.chance(0.4);
  }

  static constexpr size_t MostTasks = 10;
  Random random_;
  Network network_;
  std::vector<Extent> rounds_;
  int64_t period_ = 0;  ///< of the innermost rounds, if it is a number
  std::vector<Plan> plans_;
  std::vector<int64_t> natural_;  ///< tokens in a round, by plan
};

}  // namespace

Network random_network(uint64_t seed) { return NetworkMaker(seed).make(); }

}  // namespace st::test
