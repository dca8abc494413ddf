// SPDX-License-Identifier: Apache-2.0
/// A task's items as a flat list of instructions, and the walk over them from firing to firing.
#pragma once

#include <cstdint>
#include <vector>

#include "core/network/network.h"

namespace st {

/// A firing, its channels as ranges of one list.
struct FlatFiring {
  int reads_begin = 0, reads_end = 0;
  int writes_begin = 0, writes_end = 0;
  int64_t interval = 1;
  int64_t latency = 1;
  int memory = -1;
  int64_t bytes = 0;
  bool write = false;
};

/// constant + sum of factor * value; values are those of symbols, then of counters.
struct FlatExtent {
  int64_t constant = 0;
  std::vector<std::pair<int, int64_t>> terms;  ///< index of the value, factor
};

struct FlatInstruction {
  enum class Kind { Loop, End, Fire, Stop };
  Kind kind = Kind::Stop;
  int depth = 0;       ///< of Loop and End: index of the counter
  int partner = 0;     ///< Loop: the instruction behind its End; End: the first of its body
  int firing = -1;     ///< of Fire
  bool drain = false;  ///< of End and Fire
  FlatExtent trips;    ///< of Loop
  std::shared_ptr<const std::vector<int64_t>> table;  ///< of Loop, instead of trips
};

/// All tasks of a network, ready to be walked.
struct FlatNetwork {
  explicit FlatNetwork(const Network& network);

  std::vector<FlatFiring> firings;
  std::vector<int> accesses;  ///< channels of firings
  std::vector<std::vector<FlatInstruction>> tasks;
  std::vector<std::string> symbols;  ///< in the order of their values
};

/// Where a task is: always at a firing, or at the end of a launch.
class TaskWalk {
 public:
  /// To the first firing of a launch. `symbols`: their values, in order.
  void begin(const std::vector<FlatInstruction>& code, const std::vector<int64_t>& symbols);
  /// Past the firing at hand.
  void next() {
    ++at_;
    settle();
  }

  [[nodiscard]] bool done() const { return code_[at_].kind == FlatInstruction::Kind::Stop; }
  /// The firing at hand.
  [[nodiscard]] int firing() const { return code_[at_].firing; }
  /// True if the pipeline runs empty after the firing at hand.
  [[nodiscard]] bool firing_drains() const { return code_[at_].drain; }
  /// True if a loop with a drain ended on the way to the firing at hand.
  [[nodiscard]] bool drained() const { return drained_; }
  /// Iteration of the outermost loop.
  [[nodiscard]] int64_t iteration() const { return counters_.empty() ? 0 : counters_[0]; }

 private:
  /// Goes on to the next firing, if it is not at one.
  void settle();
  [[nodiscard]] int64_t trips_of(const FlatInstruction& loop) const;

  const FlatInstruction* code_ = nullptr;
  const int64_t* symbols_ = nullptr;
  size_t symbol_count_ = 0;
  size_t at_ = 0;
  bool drained_ = false;
  std::vector<int64_t> counters_, trips_;
};

}  // namespace st
