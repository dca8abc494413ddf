// SPDX-License-Identifier: Apache-2.0
#include "core/fusion/partition_search.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <queue>
#include <unordered_map>

#include "core/fusion/partition_bound.h"

namespace st {
namespace {

using Bits = std::vector<uint64_t>;

/// The table is only asked for sets, never walked.
struct Hash {
  size_t operator()(const Bits& set) const {
    uint64_t hash = 0;
    for (const uint64_t word : set) {  // splitmix64's finish
      hash = (hash ^ word) + 0x9E3779B97F4A7C15;
      hash = (hash ^ (hash >> 30)) * 0xBF58476D1CE4E5B9;
      hash = (hash ^ (hash >> 27)) * 0x94D049BB133111EB;
      hash ^= hash >> 31;
    }
    return static_cast<size_t>(hash);
  }
};

class Search {
 public:
  Search(const PartitionModel& model, const std::optional<PartitionCost>& known, int states,
         int64_t steps)
      : model_(model),
        most_states_(states),
        most_steps_(steps),
        rest_(model),
        open_(model),
        done_(model.nodes.size(), 0),
        waits_(model.nodes.size(), 0),
        ready_((model.nodes.size() + 63) / 64, 0),
        inside_(ready_.size(), 0) {
    constexpr int64_t Infinite = std::numeric_limits<int64_t>::max();
    best_ = known.value_or(PartitionCost{Infinite, Infinite, Infinite});
  }

  IdealSearch run() {
    IdealSearch result;
    reach(inside_, {}, -1, rest_.after(done_));
    while (!queue_.empty() && !exhausted_) {
      const Entry next = queue_.top();
      if (next.key >= best_) break;
      proven_ = next.key.cycles >= best_.cycles;
      if (spent()) break;
      queue_.pop();
      if (next.cost != states_[next.state].cost) continue;  // it was reached for less since
      least_cycles_ = next.key.cycles;
      expand(next.state);
    }
    result.ended = !exhausted_ && (queue_.empty() || queue_.top().key >= best_);
    result.bound = best_.cycles;
    if (!result.ended) {
      if (exhausted_) result.bound = std::min(result.bound, least_cycles_);
      if (!queue_.empty()) result.bound = std::min(result.bound, queue_.top().key.cycles);
    }
    result.found = found_;
    result.steps = steps_;
    return result;
  }

 private:
  struct State {
    Bits set;
    PartitionCost cost;  ///< of the groups that make it, so far the least
    int from = -1;       ///< the state before the last group
  };
  struct Entry {
    PartitionCost key;   ///< with the bound for the rest
    PartitionCost cost;  ///< of the state when it was entered
    int state = -1;
    /// The priority queue gives its largest: the cheapest, and the earliest state of those.
    bool operator<(const Entry& other) const {
      return key != other.key ? key > other.key : state > other.state;
    }
  };

  /// Once cycles are proven, what is left to win is worth a tenth of the effort.
  [[nodiscard]] bool spent() const {
    const int share = proven_ ? 10 : 1;
    return static_cast<int>(states_.size()) >= most_states_ / share ||
           steps_ >= most_steps_ / share;
  }

  void reach(const Bits& set, const PartitionCost& cost, int from, const PartitionCost& rest) {
    const auto [place, fresh] = index_.emplace(set, static_cast<int>(states_.size()));
    if (fresh) {
      states_.push_back({set, cost, from});
    } else {
      State& state = states_[place->second];
      if (cost >= state.cost) return;
      state.cost = cost;
      state.from = from;
    }
    queue_.push({cost + rest, cost, place->second});
  }

  void expand(int state) {
    inside_ = states_[state].set;
    std::fill(ready_.begin(), ready_.end(), 0);
    left_ = 0;
    for (int n = 0; n < model_.size(); ++n) {
      done_[n] = static_cast<char>(inside_[n / 64] >> (n % 64) & 1);
      left_ += done_[n] == 0 ? 1 : 0;
    }
    for (int n = 0; n < model_.size(); ++n) {
      waits_[n] = 0;
      for (const int source : model_.nodes[n].before) waits_[n] += done_[source] == 0 ? 1 : 0;
      if (done_[n] == 0 && waits_[n] == 0) ready_[n / 64] |= uint64_t{1} << (n % 64);
    }
    base_ = state;
    grow(-1);
    open_.clear();
  }

  /// The least node above `last` that may be added, or -1.
  [[nodiscard]] int next_ready(int last) const {
    const size_t first = static_cast<size_t>(last) + 1;  // 0 after -1
    for (size_t w = first / 64; w < ready_.size(); ++w) {
      const uint64_t above = w == first / 64 ? ~uint64_t{0} << (first % 64) : ~uint64_t{0};
      if (const uint64_t word = ready_[w] & above; word != 0)
        return static_cast<int>(w * 64) + std::countr_zero(word);
    }
    return -1;
  }

  /// Visits each group that adds to the open one nodes above `last`, once: nodes of a group are
  /// added in ascending order, in which what a node reads from comes before it.
  void grow(int last) {
    for (int node = next_ready(last); node >= 0 && !exhausted_; node = next_ready(node)) {
      if (spent()) {
        exhausted_ = true;
        return;
      }
      ++steps_;
      enter(node);
      const PartitionCost before = states_[base_].cost;
      if (open_.may_grow() && before + open_.floor() < best_ &&
          before + open_.floor() + rest_.beside(open_, done_) < best_) {
        if (open_.fits()) settle(before + open_.cost());
        grow(node);
      }
      leave(node);
    }
  }

  /// The open group as it is.
  void settle(const PartitionCost& cost) {
    if (cost >= best_) return;
    if (left_ == 0) {
      best_ = cost;
      proven_ = least_cycles_ >= best_.cycles;
      // Kept at once: its states may be reached on other ways later.
      found_ = NodePartition{groups_of_path(), cost};
      return;
    }
    const PartitionCost rest = rest_.after(done_);
    if (cost + rest < best_) reach(inside_, cost, base_, rest);
  }

  void enter(int node) {
    open_.add(node);
    done_[node] = 1;
    --left_;
    inside_[node / 64] |= uint64_t{1} << (node % 64);
    ready_[node / 64] &= ~(uint64_t{1} << (node % 64));
    for (const int reader : model_.nodes[node].after) {
      if (--waits_[reader] == 0) ready_[reader / 64] |= uint64_t{1} << (reader % 64);
    }
  }

  void leave(int node) {
    for (const int reader : model_.nodes[node].after) {
      if (waits_[reader]++ == 0) ready_[reader / 64] &= ~(uint64_t{1} << (reader % 64));
    }
    ready_[node / 64] |= uint64_t{1} << (node % 64);
    inside_[node / 64] &= ~(uint64_t{1} << (node % 64));
    ++left_;
    done_[node] = 0;
    open_.remove_last();
  }

  /// Groups as the states up to the one that is expanded, and the open group, follow each other.
  [[nodiscard]] std::vector<int> groups_of_path() const {
    std::vector<const Bits*> sets = {&inside_};
    for (int state = base_; state >= 0; state = states_[state].from)
      sets.push_back(&states_[state].set);
    std::reverse(sets.begin(), sets.end());
    std::vector<int> group(model_.nodes.size(), -1);
    for (size_t s = 1; s < sets.size(); ++s) {
      for (size_t n = 0; n < group.size(); ++n) {
        const uint64_t added = (*sets[s])[n / 64] & ~(*sets[s - 1])[n / 64];
        if ((added >> (n % 64) & 1) != 0) group[n] = static_cast<int>(s) - 1;
      }
    }
    return group;
  }

  const PartitionModel& model_;
  int most_states_;
  int64_t most_steps_;
  RestBound rest_;
  PartitionCost best_;

  std::vector<State> states_;
  std::unordered_map<Bits, int, Hash> index_;
  std::priority_queue<Entry> queue_;
  int64_t steps_ = 0;
  int64_t least_cycles_ = 0;  ///< of the entry that is expanded, or was last
  bool exhausted_ = false;    ///< within an entry
  bool proven_ = false;       ///< that no partition takes fewer cycles than the best one

  // The group that grows from a state.
  int base_ = -1;
  OpenGroup open_;
  std::vector<char> done_;  ///< per node: in the state or the group
  std::vector<int> waits_;  ///< per node: how many that it reads from are not done
  Bits ready_, inside_;     ///< nodes that wait for none; nodes that are done
  int left_ = 0;

  std::optional<NodePartition> found_;
};

}  // namespace

IdealSearch search_ideals(const PartitionModel& model, const std::optional<PartitionCost>& known,
                          int states, int64_t steps) {
  if (model.nodes.empty()) return {std::nullopt, 0, true, 0};
  return Search(model, known, states, steps).run();
}

}  // namespace st
