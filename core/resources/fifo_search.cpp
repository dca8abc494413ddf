// SPDX-License-Identifier: Apache-2.0
#include "core/resources/fifo_search.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "core/resources/cover_program.h"
#include "core/resources/memory.h"
#include "core/resources/prove.h"
#include "core/simulate/deadlock.h"
#include "core/simulate/simulator.h"

namespace st {

double held_bits(int64_t width_bits, int64_t depth) {
  return static_cast<double>(width_bits) * static_cast<double>(depth);
}

double memory_luts(int64_t width_bits, int64_t depth) {
  // Of the U280, csynth's column Available: 1,303,680 LUT, 4,032 BRAM18, 960 URAM.
  constexpr int64_t Bram18Luts = 323, UramLuts = 1'358;
  int64_t least = std::numeric_limits<int64_t>::max();
  for (MemoryKind kind : AllMemoryKinds) {
    const MemoryCost cost = cost_of(kind, width_bits, depth);
    least = std::min(least, cost.lut + Bram18Luts * cost.bram18 + UramLuts * cost.uram);
  }
  return static_cast<double>(least);
}

namespace {

using Depths = std::vector<int64_t>;  ///< of the channels that are sized, in order

class Search {
 public:
  Search(const Network& network, const FifoSearchOptions& options)
      : network_(network),
        options_(options),
        simulator_(network),
        bare_(without_time(network)),
        bare_simulator_(bare_) {
    for (size_t c = 0; c < network.channels.size(); ++c) {
      all_.push_back(network.channels[c].depth);
      if (!network.channels[c].fixed) sized_.push_back(c);
    }
  }

  Result<FifoSearchResult> run() {
    for (size_t c : sized_) all_[c] = options_.start.empty() ? 0 : options_.start[c];
    const std::vector<int64_t> start = all_;
    const SimulationResult unbounded = simulator_.run(all_);
    if (!unbounded.completed) {
      Diagnostic problem = deadlock_problem(network_, all_, unbounded);
      problem.code = "E0332";
      problem.message = "the network does not run to its end, however deep its FIFOs are";
      return problem;
    }
    const SimulationResult bare = bare_simulator_.run(all_);
    note(unbounded);
    note(bare);
    result_.start_cycles = unbounded.cycles;
    // Exact for whole tolerances of small networks: no cycle is lost to rounding.
    limit_ = unbounded.cycles + static_cast<int64_t>(std::floor(
                                    static_cast<double>(unbounded.cycles) * options_.tolerance));
    bound(start, unbounded, bare);
    ST_TRY(solved, cover());
    if (solved) {
      drop_free_slots();
    } else {
      improve();
    }
    if (!monotone()) try_all();
    return finish();
  }

 private:
  [[nodiscard]] double cost(size_t i, int64_t depth) const {
    return options_.cost(network_.channels[sized_[i]].width_bits, depth);
  }
  [[nodiscard]] double cost(const Depths& depths) const {
    double total = 0;
    for (size_t i = 0; i < depths.size(); ++i) total += cost(i, depths[i]);
    return total;
  }

  void note(const SimulationResult& result) {
    events_ += result.token_events;
    ++result_.simulations;
  }
  /// False where deeper FIFOs may change who is served first at a memory.
  [[nodiscard]] bool monotone() const {
    std::map<int, size_t> user;
    for (size_t t = 0; t < network_.tasks.size(); ++t) {
      for (int m : memories_of(network_.tasks[t])) {
        if (user.try_emplace(m, t).first->second != t) return false;
      }
    }
    return true;
  }

  [[nodiscard]] bool spent() const { return events_ > options_.most_events; }

  /// Whether the network runs in time, and to its end whatever its latencies are.
  bool enough(const Depths& depths) {
    const auto known = known_.find(depths);
    if (known != known_.end()) return known->second;
    for (size_t i = 0; i < depths.size(); ++i) all_[sized_[i]] = depths[i];
    const SimulationResult result = simulator_.run(all_, limit_);
    note(result);
    if (!result.completed) return known_[depths] = false;
    const SimulationResult bare = bare_simulator_.run(all_);
    note(bare);
    return known_[depths] = bare.completed;
  }

  /// The least depth of channel i from `low` to `high` at which `depths` are enough; they are at
  /// `high`. Most are near `low`, so steps grow from there.
  int64_t least(Depths depths, size_t i, int64_t low, int64_t high) {
    for (int64_t step = 1; low < high; step *= 2) {
      const int64_t next = std::min(low + step - 1, high - 1);
      depths[i] = next;
      if (enough(depths)) {
        high = next;
        break;
      }
      low = next + 1;
    }
    while (low < high) {
      const int64_t middle = low + (high - low) / 2;
      depths[i] = middle;
      if (enough(depths)) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return high;
  }

  /// Upper and lower bounds of each depth.
  void bound(const std::vector<int64_t>& start, const SimulationResult& unbounded,
             const SimulationResult& bare) {
    for (size_t c : sized_) {
      // A FIFO with a slot beyond its peak is never full at the start of a cycle.
      const int64_t peak = std::max(unbounded.channels[c].peak, bare.channels[c].peak);
      const int64_t most = std::max({options_.least_depth, network_.channels[c].initial, peak + 1});
      most_.push_back(start[c] > 0 ? std::min(most, start[c]) : most);
    }
    least_ = most_;
    for (size_t i = 0; i < sized_.size() && !spent(); ++i) {
      const int64_t low = std::max(options_.least_depth, network_.channels[sized_[i]].initial);
      least_[i] = least(most_, i, low, most_[i]);
      examined_ = i + 1;
    }
    // Where the budget ended, nothing is known but what every FIFO needs.
    for (size_t i = examined_; i < sized_.size(); ++i)
      least_[i] = std::max(options_.least_depth, network_.channels[sized_[i]].initial);
    best_ = most_;
    result_.least_cost = cost(least_);
  }

  /// Adds statements until the cheapest depths that satisfy all are enough. False if the budget or
  /// the solver gave out before.
  Result<bool> cover() {
    CoverProgram program;
    for (size_t i = 0; i < sized_.size(); ++i)
      program.add_level(least_[i], [this, i](int64_t depth) { return cost(i, depth); });
    for (int64_t statements = 0; statements < options_.most_statements && !spent(); ++statements) {
      ST_TRY(cheapest, program.solve());
      if (!cheapest) return false;
      result_.least_cost = std::max(result_.least_cost, cost(*cheapest));
      if (enough(*cheapest)) {
        best_ = *cheapest;
        result_.optimal = monotone();
        return true;
      }
      candidate_ = *cheapest;
      program.add_statement(strongest_failure(*cheapest), most_);
    }
    return false;
  }

  /// Raises depths that are not enough as far as they stay so, the dearest channels first: what is
  /// left to raise is then cheap, and few statements rule out much.
  Depths strongest_failure(Depths depths) {
    std::vector<size_t> order(depths.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      return cost(a, most_[a]) - cost(a, depths[a]) > cost(b, most_[b]) - cost(b, depths[b]);
    });
    for (size_t i : order) {
      if (depths[i] >= most_[i]) continue;
      Depths raised = depths;
      raised[i] = most_[i];
      depths[i] = enough(raised) ? least(raised, i, depths[i] + 1, most_[i]) - 1 : most_[i];
    }
    return depths;
  }

  /// Without a proven optimum: each depth of two starts lowered as far as it goes, dearest first.
  void improve() {
    events_ = std::min(events_, options_.most_events / 2);
    Depths lowered = lower(most_);
    if (cost(lowered) < cost(best_)) best_ = lowered;
    if (candidate_.empty()) return;
    // Near the cheapest depths that statements left open: raise what is not enough.
    Depths near = candidate_;
    while (!enough(near)) {
      const Depths failure = strongest_failure(near);
      size_t cheapest = near.size();
      double least_more = 0;
      for (size_t i = 0; i < near.size(); ++i) {
        if (failure[i] >= most_[i]) continue;
        const double more = cost(i, failure[i] + 1) - cost(i, near[i]);
        if (cheapest < near.size() && more >= least_more) continue;
        cheapest = i;
        least_more = more;
      }
      if (cheapest == near.size() || spent()) return;
      near[cheapest] = failure[cheapest] + 1;
    }
    lowered = lower(near);
    if (cost(lowered) < cost(best_)) best_ = lowered;
  }

  /// Where a depth says nothing of deeper ones: all combinations, if there are few.
  void try_all() {
    constexpr int64_t MostCombinations = 1000;
    int64_t combinations = 1;
    Depths low;
    for (size_t i = 0; i < sized_.size(); ++i) {
      low.push_back(std::max(options_.least_depth, network_.channels[sized_[i]].initial));
      combinations *= most_[i] - low[i] + 1;
      if (combinations > MostCombinations) return;
    }
    Depths depths = low;
    for (size_t i = 0; i < depths.size();) {
      if (spent()) return;
      if (cost(depths) < cost(best_) && enough(depths)) best_ = depths;
      for (i = 0; i < depths.size() && depths[i] == most_[i]; ++i) depths[i] = low[i];
      if (i < depths.size()) ++depths[i];
    }
    result_.optimal = true;
    result_.least_cost = cost(best_);
  }

  /// Slots that cost nothing, and that nothing needs.
  void drop_free_slots() {
    for (size_t i = 0; i < best_.size() && !spent(); ++i) {
      int64_t low = best_[i];
      while (low > least_[i] && cost(i, low - 1) == cost(i, best_[i])) --low;
      best_[i] = least(best_, i, low, best_[i]);
    }
  }

  Depths lower(Depths depths) {
    std::vector<size_t> order(depths.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      return cost(a, depths[a]) - cost(a, least_[a]) > cost(b, depths[b]) - cost(b, least_[b]);
    });
    for (size_t i : order) {
      if (spent()) break;
      depths[i] = least(depths, i, least_[i], depths[i]);
    }
    return depths;
  }

  Result<FifoSearchResult> finish() {
    for (size_t i = 0; i < sized_.size(); ++i) all_[sized_[i]] = best_[i];
    const SimulationResult last = simulator_.run(all_);
    note(last);
    result_.depths = all_;
    result_.cycles = last.cycles;
    result_.cost = cost(best_);
    if (!monotone() && !result_.optimal) result_.least_cost = 0;
    result_.least_alone.assign(network_.channels.size(), 0);
    for (size_t i = 0; i < examined_; ++i) result_.least_alone[sized_[i]] = least_[i];
    return std::move(result_);
  }

  const Network& network_;
  const FifoSearchOptions& options_;
  Simulator simulator_;
  Network bare_;  ///< without_time()
  Simulator bare_simulator_;
  std::vector<size_t> sized_;
  std::vector<int64_t> all_;  ///< depths by channel
  Depths least_, most_, best_, candidate_;
  size_t examined_ = 0;  ///< channels whose least depth is known
  int64_t limit_ = 0;    ///< cycles
  int64_t events_ = 0;
  std::map<Depths, bool> known_;
  FifoSearchResult result_;
};

}  // namespace

Result<FifoSearchResult> search_fifo_depths(const Network& network,
                                            const FifoSearchOptions& options) {
  return Search(network, options).run();
}

}  // namespace st
