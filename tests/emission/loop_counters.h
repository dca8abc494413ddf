// SPDX-License-Identifier: Apache-2.0
/// Counters for a copy of emitted code, whose pragmas a test has replaced (loop_counts.h). Included
/// before everything else there; C++17, and no part of the product.
///
/// When the program ends, the file that STREAMTENSOR_LOOP_COUNTS names gets a line for each fact,
/// by the serial number of the task, which is its order of start over all launches:
///   task <serial> <name>
///   loop <serial> <interval> <iterations> <line> <file>
///   stream <serial> <reads|writes> <tokens> <name>
#ifndef ST_TEST_LOOP_COUNTERS_H
#define ST_TEST_LOOP_COUNTERS_H

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "streamtensor_csim/scheduler.h"

namespace loop_counters {

/// A number for each task that was started, by serial number.
using PerTask = std::vector<std::uint64_t>;

inline void count(PerTask& counts) {
  const std::uint64_t serial = hls::csim::Scheduler::instance().current().serial;
  if (counts.size() <= serial) counts.resize(serial + 1);
  ++counts[serial];
}

/// A pipelined loop, once for each instantiation of its function.
struct Site {
  const char* file;
  int line;
  std::int64_t interval;
  PerTask iterations;
};

/// What is known of the whole process.
struct Counters {
  std::vector<std::unique_ptr<Site>> loops;
  std::map<std::pair<std::string, bool>, PerTask> streams;  ///< by name; true: writes
  std::map<std::uint64_t, std::string> tasks;

  Counters() {
    if (std::atexit(dump) != 0) std::abort();
  }
  /// Never destroyed: the end of the process is when it is asked.
  static Counters& instance() {
    static Counters& counters = *new Counters;
    return counters;
  }
  static void dump();
};

/// What stands, static, in the body of a pipelined loop.
class Loop {
 public:
  Loop(const char* file, int line, std::int64_t interval) {
    auto& loops = Counters::instance().loops;
    loops.push_back(std::make_unique<Site>(Site{file, line, interval, {}}));
    site_ = loops.back().get();
  }

  void iteration() { count(site_->iterations); }

 private:
  Site* site_;
};

/// A token of the stream `name` was written, or taken, by the task that runs.
inline void moved(const std::string& name, bool write) {
  Counters& counters = Counters::instance();
  const hls::csim::Task& task = hls::csim::Scheduler::instance().current();
  counters.tasks.emplace(task.serial, task.name);
  count(counters.streams[{name, write}]);
}

inline void Counters::dump() {
  const char* path = std::getenv("STREAMTENSOR_LOOP_COUNTS");
  std::FILE* out = path == nullptr ? nullptr : std::fopen(path, "w");
  if (out == nullptr) std::abort();
  const Counters& counters = instance();
  for (const auto& [serial, name] : counters.tasks)
    std::fprintf(out, "task %llu %s\n", static_cast<unsigned long long>(serial), name.c_str());
  for (const auto& loop : counters.loops) {
    for (std::size_t serial = 0; serial < loop->iterations.size(); ++serial) {
      if (loop->iterations[serial] == 0) continue;
      std::fprintf(
          out, "loop %zu %lld %llu %d %s\n", serial, static_cast<long long>(loop->interval),
          static_cast<unsigned long long>(loop->iterations[serial]), loop->line, loop->file);
    }
  }
  for (const auto& [key, tokens] : counters.streams) {
    for (std::size_t serial = 0; serial < tokens.size(); ++serial) {
      if (tokens[serial] == 0) continue;
      std::fprintf(out, "stream %zu %s %llu %s\n", serial, key.second ? "writes" : "reads",
                   static_cast<unsigned long long>(tokens[serial]), key.first.c_str());
    }
  }
  if (std::fclose(out) != 0) std::abort();
}

}  // namespace loop_counters

#endif
