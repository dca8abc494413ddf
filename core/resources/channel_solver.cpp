// SPDX-License-Identifier: Apache-2.0
/// Longest processing time first (Graham 1969), within capacities, then moves and swaps that
/// relieve the busiest channel. Where capacities are so tight that this order leaves a memory out,
/// the largest memories go first instead.
#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>

#include "core/resources/channel_problem.h"
#include "core/support/shortfall.h"

namespace st {
namespace {

/// An assignment in the making.
class Channels {
 public:
  explicit Channels(const ChannelProblem& problem)
      : problem_(&problem),
        channel_(problem.memories.size(), -1),
        held_(static_cast<size_t>(problem.channels)),
        bytes_(held_.size(), 0),
        load_(held_.size(), 0),
        ports_(held_.size(), 0),
        left_(problem.all_bytes()) {}

  /// Puts memories in `order` onto the channel with the least of `load` (or of bytes) that has
  /// room. Returns the first that fits none, or -1.
  int place(const std::vector<int>& order, bool by_load) {
    for (const int m : order) {
      int best = -1;
      for (int c = 0; c < problem_->channels; ++c) {
        if (!fits(m, c)) continue;
        if (best < 0 || rank(c, by_load) < rank(best, by_load)) best = c;
      }
      if (best < 0) return m;
      put(m, best);
    }
    return -1;
  }

  /// Relieves the busiest channel as long as a move or a swap does.
  void improve() {
    while (relieve(busiest())) {
    }
  }

  [[nodiscard]] int64_t load() const { return load_[busiest()]; }
  [[nodiscard]] const std::vector<int>& channel() const { return channel_; }
  [[nodiscard]] int emptiest() const {
    return static_cast<int>(std::min_element(bytes_.begin(), bytes_.end()) - bytes_.begin());
  }
  [[nodiscard]] int64_t left(int c) const {
    return std::min(problem_->channel_bytes - bytes_[c], left_);
  }

 private:
  [[nodiscard]] bool fits(int m, int c) const {
    return problem_->memories[m].bytes <= left(c) && ports_of(m) <= ports_left(c);
  }
  [[nodiscard]] int ports_of(int m) const {
    return static_cast<int>(problem_->memories[m].groups.size());
  }
  [[nodiscard]] int ports_left(int c) const { return problem_->channel_ports - ports_[c]; }
  [[nodiscard]] std::tuple<int64_t, size_t, int64_t> rank(int c, bool by_load) const {
    return {by_load ? load_[c] : bytes_[c], held_[c].size(), by_load ? bytes_[c] : load_[c]};
  }
  [[nodiscard]] int busiest() const {
    return static_cast<int>(std::max_element(load_.begin(), load_.end()) - load_.begin());
  }

  void put(int m, int c) {
    channel_[m] = c;
    held_[c].push_back(m);
    bytes_[c] += problem_->memories[m].bytes;
    load_[c] += problem_->memories[m].traffic;
    ports_[c] += ports_of(m);
    left_ -= problem_->memories[m].bytes;
  }
  void take(int m) {
    const int c = channel_[m];
    held_[c].erase(std::find(held_[c].begin(), held_[c].end(), m));
    bytes_[c] -= problem_->memories[m].bytes;
    load_[c] -= problem_->memories[m].traffic;
    ports_[c] -= ports_of(m);
    left_ += problem_->memories[m].bytes;
    channel_[m] = -1;
  }

  /// The move or swap after which the busier of the two channels has least; false if none is below
  /// what `from` has now.
  bool relieve(int from) {
    int64_t least = load_[from];
    int moved = -1, against = -1, to = -1;
    const auto consider = [&](int m, int other, int c) {
      const ChannelProblem::Memory nothing;
      const ChannelProblem::Memory& a = problem_->memories[m];
      const ChannelProblem::Memory& b = other < 0 ? nothing : problem_->memories[other];
      const int64_t after =
          std::max(load_[from] - a.traffic + b.traffic, load_[c] + a.traffic - b.traffic);
      const auto room = [&](int d) { return problem_->channel_bytes - bytes_[d]; };
      if (after >= least || b.bytes - a.bytes > room(from) || a.bytes - b.bytes > room(c)) return;
      const int more = static_cast<int>(std::ssize(a.groups) - std::ssize(b.groups));
      if (-more > ports_left(from) || more > ports_left(c)) return;
      least = after;
      moved = m;
      against = other;
      to = c;
    };
    for (int c = 0; c < problem_->channels; ++c) {
      if (c == from) continue;
      for (const int m : held_[from]) {
        consider(m, -1, c);
        for (const int other : held_[c]) consider(m, other, c);
      }
    }
    if (moved < 0) return false;
    take(moved);
    if (against >= 0) {
      take(against);
      put(against, from);
    }
    put(moved, to);
    return true;
  }

  const ChannelProblem* problem_;
  std::vector<int> channel_;
  std::vector<std::vector<int>> held_;
  std::vector<int64_t> bytes_, load_;
  std::vector<int> ports_;
  int64_t left_;  ///< of what all channels have together
};

/// The largest of: what one memory moves, an even share, and, where there are more memories than
/// channels, the two that some channel must have at least.
int64_t least_load(const ChannelProblem& problem) {
  std::vector<int64_t> traffic;
  for (const ChannelProblem::Memory& memory : problem.memories) traffic.push_back(memory.traffic);
  std::sort(traffic.rbegin(), traffic.rend());
  const int64_t total = std::accumulate(traffic.begin(), traffic.end(), int64_t{0});
  int64_t bound = (total + problem.channels - 1) / problem.channels;
  if (!traffic.empty()) bound = std::max(bound, traffic[0]);
  const auto channels = static_cast<size_t>(problem.channels);
  if (traffic.size() > channels) bound = std::max(bound, traffic[channels - 1] + traffic[channels]);
  return bound;
}

Status check_sizes(const ChannelProblem& problem) {
  Diagnostics problems;
  std::map<int, int> ports;
  int64_t total = 0;
  for (const ChannelProblem::Memory& memory : problem.memories) {
    total += memory.bytes;
    for (const int group : memory.groups) ++ports[group];
    if (memory.bytes <= problem.channel_bytes) continue;
    problems.push_back({"E0403",
                        "buffer '" + printable(memory.name) +
                            "' does not fit a memory channel of " + printable(problem.device),
                        "",
                        {shortfall("bytes", memory.bytes, problem.channel_bytes, "a channel has")},
                        LargerTarget});
  }
  for (const auto& [group, count] : ports) {
    if (count <= problem.most_ports) continue;
    problems.push_back({"E0403",
                        "group " + std::to_string(group) + " has too many memory ports for " +
                            printable(problem.device),
                        "",
                        {shortfall("memory ports", count, problem.most_ports, "a group may have")},
                        LargerTarget});
  }
  int all_ports = 0;
  for (const auto& [group, count] : ports) all_ports += count;
  if (all_ports > problem.channel_ports * problem.channels) {
    problems.push_back(
        {"E0403",
         "all groups together have too many memory ports for " + printable(problem.device),
         "",
         {shortfall("memory ports", all_ports, int64_t{problem.channel_ports} * problem.channels,
                    "the channels take")},
         LargerTarget});
  }
  if (total > problem.all_bytes()) {
    problems.push_back({"E0403",
                        "the buffers do not fit the device memory of " + printable(problem.device),
                        "",
                        {shortfall("bytes", total, problem.all_bytes(), "all channels have")},
                        LargerTarget});
  }
  return problems;
}

}  // namespace

Result<ChannelSolution> assign_channels(const ChannelProblem& problem) {
  ST_CHECK(problem.check());
  ST_CHECK(check_sizes(problem));
  std::vector<int> order(problem.memories.size());
  std::iota(order.begin(), order.end(), 0);
  const auto bytes = [&](int m) { return problem.memories[m].bytes; };
  const auto traffic = [&](int m) { return problem.memories[m].traffic; };
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
    return std::pair(traffic(a), bytes(a)) > std::pair(traffic(b), bytes(b));
  });
  Channels channels(problem);
  if (channels.place(order, true) >= 0) {
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return bytes(a) > bytes(b); });
    channels = Channels(problem);
    if (const int left_out = channels.place(order, false); left_out >= 0) {
      const int emptiest = channels.emptiest();
      return Diagnostic{"E0403",
                        "buffer '" + printable(problem.memories[left_out].name) +
                            "' does not fit a memory channel of " + printable(problem.device),
                        "",
                        {shortfall("bytes", bytes(left_out), channels.left(emptiest),
                                   "channel " + std::to_string(emptiest) + " has most room,")},
                        LargerTarget};
    }
  }
  channels.improve();
  const ChannelSolution solution{channels.channel(), channels.load(), least_load(problem)};
  ST_CHECK(verify(problem, solution));
  return solution;
}

}  // namespace st
