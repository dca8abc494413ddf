// SPDX-License-Identifier: Apache-2.0
/// The simulator against the naive one on random networks.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "core/simulate/simulator.h"
#include "tests/common/random.h"
#include "tests/common/random_networks.h"
#include "tests/simulate/compare_results.h"
#include "tests/simulate/naive_simulator.h"

namespace st::test {
namespace {

#ifdef ST_TEST_SANITIZED
constexpr uint64_t Networks = 500;
#else
constexpr uint64_t Networks = 2000;
#endif

constexpr int64_t Never = INT64_MAX;

const std::pair<const char*, int64_t CycleAccount::*> Classes[] = {
    {"useful", &CycleAccount::useful},
    {"memory", &CycleAccount::memory},
    {"latency", &CycleAccount::latency},
    {"room", &CycleAccount::room},
    {"idle", &CycleAccount::idle},
    {"turn", &CycleAccount::turn},
    {"dependency", &CycleAccount::dependency}};

/// Everything, or a range that may be empty or go beyond the end.
CycleRange random_range(Random& random) {
  if (random.chance(0.3)) return {};
  const int64_t begin = random.below(150);
  return {begin, begin + random.below(200)};
}

/// How many networks have each feature.
using Features = std::map<std::string, int64_t>;

bool any_item(const std::vector<NetworkItem>& items, bool (*what)(const NetworkItem&)) {
  return std::any_of(items.begin(), items.end(), [&](const NetworkItem& item) {
    return what(item) || any_item(item.items, what);
  });
}
bool any_item(const Network& network, bool (*what)(const NetworkItem&)) {
  return std::any_of(network.tasks.begin(), network.tasks.end(),
                     [&](const NetworkTask& task) { return any_item(task.items, what); });
}

/// Tasks with no channel at one end: readers (writers) of nothing.
int64_t ends_without(const Network& network, int ChannelEnds::*end) {
  std::vector<bool> has(network.tasks.size(), false);
  for (const ChannelEnds& ends : ends_of(network)) has[ends.*end] = true;
  return std::count(has.begin(), has.end(), false);
}

void note_shape(const Network& network, Features& features) {
  const auto note = [&](const char* name, bool has) { features[name] += has ? 1 : 0; };
  const auto any_channel = [&](auto what) {
    return std::any_of(network.channels.begin(), network.channels.end(), what);
  };
  const std::vector<ChannelEnds> ends = ends_of(network);
  note("several roots", ends_without(network, &ChannelEnds::target) > 1);
  note("several sinks", ends_without(network, &ChannelEnds::source) > 1);
  note("ten tasks", network.tasks.size() >= 10);
  note("back", std::any_of(ends.begin(), ends.end(),
                           [](const ChannelEnds& e) { return e.source > e.target; }));
  note("to itself", std::any_of(ends.begin(), ends.end(),
                                [](const ChannelEnds& e) { return e.source == e.target; }));
  note("depth 1", any_channel([](const NetworkChannel& c) { return c.depth == 1; }));
  note("no limit", any_channel([](const NetworkChannel& c) { return c.depth == 0; }));
  note("initial", any_channel([](const NetworkChannel& c) { return c.initial > 0; }));
  note("drain", any_item(network, [](const NetworkItem& i) { return i.drain; }));
  note("table",
       any_item(network, [](const NetworkItem& i) { return i.trips_by_outer != nullptr; }));
  note("triangle",
       any_item(network, [](const NetworkItem& i) { return i.trips.terms().count("d0") != 0; }));
  note("slow to answer",
       any_item(network, [](const NetworkItem& i) { return i.latency > i.interval; }));
  note("in_flight", std::any_of(network.tasks.begin(), network.tasks.end(),
                                [](const NetworkTask& t) { return t.in_flight > 0; }));
  note("memory", any_item(network, [](const NetworkItem& i) { return i.access.has_value(); }));
  note("turns by launch", std::any_of(network.instances.begin(), network.instances.end(),
                                      [](const NetworkInstance& i) { return !i.per_iteration; }));
  note("turns by iteration", std::any_of(network.instances.begin(), network.instances.end(),
                                         [](const NetworkInstance& i) { return i.per_iteration; }));
  note("launches", network.launches.size() > 1 && !network.overlap);
  note("launches that overlap", network.launches.size() > 1 && network.overlap);
  note("gap", network.launches.size() > 1 && !network.overlap && network.gap > 0);
}

void note_run(const Network& network, const SimulationResult& result, Features& features) {
  const auto note = [&](const char* name, bool has) { features[name] += has ? 1 : 0; };
  const auto blocked_by = [&](BlockedTask::Cause cause) {
    return std::any_of(result.blocked.begin(), result.blocked.end(),
                       [&](const BlockedTask& b) { return b.cause == cause; });
  };
  bool left = false, rates = false;
  for (size_t c = 0; c < network.channels.size(); ++c) {
    const ChannelActivity& activity = result.channels[c];
    left = left || network.channels[c].initial + activity.pushes > activity.pulls;
    rates = rates || activity.pushes != result.channels[0].pushes;
  }
  for (const auto& [name, part] : Classes) {
    note((std::string("account: ") + name).c_str(),
         std::any_of(result.tasks.begin(), result.tasks.end(),
                     [part = part](const TaskActivity& a) { return a.account.*part > 0; }));
  }
  note("completed", result.completed);
  note("deadlock", !result.blocked.empty());
  note("deadlock with a full channel", blocked_by(BlockedTask::Cause::Full));
  note("deadlock with a turn", blocked_by(BlockedTask::Cause::Turn));
  note("tokens left", result.completed && left);
  note("several rates", rates);
  note("hundreds of cycles", result.cycles >= 200);
  note("bursts", std::any_of(result.memories.begin(), result.memories.end(),
                             [](const MemoryActivity& m) { return m.bursts > 1; }));
}

TEST(RandomSimulation, EveryFieldIsThatOfTheNaiveOne) {
  for (uint64_t seed = 0; seed < Networks && !HasFailure(); ++seed) {
    const Network network = random_network(seed);
    const Simulator simulator(network);
    EXPECT_EQ(differences(simulator.run(), simulate_naively(network, depths_of(network))), "")
        << "seed " << seed;
    // The same simulator again, with other depths, and cut short.
    Random random(seed);
    std::vector<int64_t> depths = depths_of(network);
    for (size_t c = 0; c < depths.size(); ++c) {
      if (random.chance(0.3))
        depths[c] = std::max(random.between(1, 30), network.channels[c].initial);
    }
    EXPECT_EQ(differences(simulator.run(depths), simulate_naively(network, depths)), "")
        << "seed " << seed << ", other depths";
    const int64_t most = random.below(400);
    const CycleRange range = random_range(random);
    const SimulationResult cut = simulator.run(depths, most, range);
    SimulationResult naive = simulate_naively(network, depths, most, range);
    // A task may wait for its interval to pass behind the last cycle, and do so in vain: the naive
    // simulator knows.
    if (cut.cut_short && !naive.blocked.empty()) {
      naive.cut_short = true;
      naive.blocked.clear();
    }
    EXPECT_EQ(differences(cut, naive), "")
        << "seed " << seed << ", " << most << " cycles, account from " << range.begin << " to "
        << range.end;
  }
}

TEST(RandomSimulation, AccountsAddUp) {
  for (uint64_t seed = 0; seed < Networks && !HasFailure(); ++seed) {
    const Network network = random_network(seed);
    const Simulator simulator(network);
    const SimulationResult whole = simulator.run();
    if (whole.completed && whole.token_events > 0) {
      EXPECT_EQ(whole.accounted, whole.cycles + 1) << "seed " << seed;
    }
    // What is said of a range and of the rest is what is said of all.
    const int64_t middle = static_cast<int64_t>(seed) % 400;
    const std::vector<int64_t> depths = depths_of(network);
    const SimulationResult first = simulator.run(depths, Never, {0, middle});
    const SimulationResult rest = simulator.run(depths, Never, {middle, Never});
    for (size_t t = 0; t < network.tasks.size(); ++t) {
      const CycleAccount &a = first.tasks[t].account, &b = rest.tasks[t].account;
      const CycleAccount& sum = whole.tasks[t].account;
      EXPECT_EQ(sum.total(), whole.accounted) << "seed " << seed << ", task " << t;
      EXPECT_EQ(a.total(), first.accounted) << "seed " << seed << ", task " << t;
      for (const auto& [name, part] : Classes)
        EXPECT_EQ(a.*part + b.*part, sum.*part) << "seed " << seed << ", task " << t << " " << name;
    }
    for (size_t m = 0; m < network.memories.size(); ++m) {
      EXPECT_EQ(whole.memories[m].account.total(), whole.accounted * network.memories[m].bytes);
      EXPECT_EQ(rest.memories[m].account.total(), rest.accounted * network.memories[m].bytes);
    }
  }
}

TEST(RandomSimulation, NetworksCoverEveryFeature) {
  Features features;
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    const Network network = random_network(seed);
    const Status status = check(network);
    ASSERT_TRUE(status.ok()) << "seed " << seed << ": " << status.errors()[0].message << " @ "
                             << status.errors()[0].where;
    const SimulationResult result = simulate_naively(network, depths_of(network));
    ASSERT_EQ(result.completed, result.blocked.empty()) << "seed " << seed;
    note_shape(network, features);
    note_run(network, result, features);
  }
  for (const auto& [name, networks] : features) {
    EXPECT_GE(networks, 20) << name;
  }
}

}  // namespace
}  // namespace st::test
