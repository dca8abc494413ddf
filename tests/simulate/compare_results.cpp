// SPDX-License-Identifier: Apache-2.0
#include "tests/simulate/compare_results.h"

#include <gtest/gtest.h>

#include <sstream>

#include "tests/simulate/naive_simulator.h"

namespace st::test {
namespace {

class Comparison {
 public:
  template <typename T>
  void field(const std::string& name, const T& a, const T& b) {
    if (!(a == b)) out_ << name << ": " << a << ", " << b << "\n";
  }
  void account(const std::string& name, const CycleAccount& a, const CycleAccount& b) {
    field(name + ".useful", a.useful, b.useful);
    field(name + ".memory", a.memory, b.memory);
    field(name + ".latency", a.latency, b.latency);
    field(name + ".room", a.room, b.room);
    field(name + ".idle", a.idle, b.idle);
    field(name + ".turn", a.turn, b.turn);
    field(name + ".dependency", a.dependency, b.dependency);
  }
  void account(const std::string& name, const MemoryAccount& a, const MemoryAccount& b) {
    field(name + ".transfer", a.transfer, b.transfer);
    field(name + ".starts", a.starts, b.starts);
    field(name + ".idle", a.idle, b.idle);
  }
  /// Compares the elements, what(name, a, b) each, if there are as many.
  template <typename T, typename What>
  void list(const std::string& name, const std::vector<T>& a, const std::vector<T>& b,
            const What& what) {
    field(name + ".size()", a.size(), b.size());
    if (a.size() != b.size()) return;
    for (size_t i = 0; i < a.size(); ++i) what(name + "[" + std::to_string(i) + "]", a[i], b[i]);
  }
  [[nodiscard]] std::string text() const { return out_.str(); }

 private:
  std::ostringstream out_;
};

}  // namespace

std::string differences(const SimulationResult& a, const SimulationResult& b) {
  Comparison compare;
  const auto number = [&](const std::string& name, int64_t x, int64_t y) {
    compare.field(name, x, y);
  };
  compare.field("completed", a.completed, b.completed);
  compare.field("cut_short", a.cut_short, b.cut_short);
  compare.field("cycles", a.cycles, b.cycles);
  compare.field("accounted", a.accounted, b.accounted);
  compare.list("launch_begin", a.launch_begin, b.launch_begin, number);
  compare.list("launch_end", a.launch_end, b.launch_end, number);
  compare.field("token_events", a.token_events, b.token_events);
  compare.list("tasks", a.tasks, b.tasks,
               [&](const std::string& name, const TaskActivity& x, const TaskActivity& y) {
                 compare.field(name + ".firings", x.firings, y.firings);
                 compare.field(name + ".busy", x.busy, y.busy);
                 compare.field(name + ".starved", x.starved, y.starved);
                 compare.field(name + ".blocked", x.blocked, y.blocked);
                 compare.field(name + ".first_issue", x.first_issue, y.first_issue);
                 compare.field(name + ".last_completion", x.last_completion, y.last_completion);
                 compare.account(name + ".account", x.account, y.account);
               });
  compare.list("channels", a.channels, b.channels,
               [&](const std::string& name, const ChannelActivity& x, const ChannelActivity& y) {
                 compare.field(name + ".pushes", x.pushes, y.pushes);
                 compare.field(name + ".pulls", x.pulls, y.pulls);
                 compare.field(name + ".peak", x.peak, y.peak);
                 compare.field(name + ".first_push", x.first_push, y.first_push);
                 compare.field(name + ".last_push", x.last_push, y.last_push);
                 compare.field(name + ".first_pull", x.first_pull, y.first_pull);
                 compare.field(name + ".last_pull", x.last_pull, y.last_pull);
                 compare.field(name + ".empty_stall", x.empty_stall, y.empty_stall);
                 compare.field(name + ".full_stall", x.full_stall, y.full_stall);
               });
  compare.list("memories", a.memories, b.memories,
               [&](const std::string& name, const MemoryActivity& x, const MemoryActivity& y) {
                 compare.field(name + ".bytes_read", x.bytes_read, y.bytes_read);
                 compare.field(name + ".bytes_written", x.bytes_written, y.bytes_written);
                 compare.field(name + ".bursts", x.bursts, y.bursts);
                 compare.field(name + ".busy", x.busy, y.busy);
                 compare.account(name + ".account", x.account, y.account);
               });
  compare.list("blocked", a.blocked, b.blocked,
               [&](const std::string& name, const BlockedTask& x, const BlockedTask& y) {
                 compare.field(name + ".task", x.task, y.task);
                 compare.field(name + ".cause", static_cast<int>(x.cause),
                               static_cast<int>(y.cause));
                 compare.field(name + ".channel", x.channel, y.channel);
                 compare.field(name + ".waits_for", x.waits_for, y.waits_for);
               });
  return compare.text();
}

SimulationResult simulated(const Network& network, int64_t most_cycles, const CycleRange& range) {
  EXPECT_TRUE(check(network).ok());
  const SimulationResult result = Simulator(network).run(depths_of(network), most_cycles, range);
  EXPECT_EQ(differences(result, simulate_naively(network, depths_of(network), most_cycles, range)),
            "");
  return result;
}

}  // namespace st::test
