// SPDX-License-Identifier: Apache-2.0
#include "cli/search.h"

#include <csignal>
#include <cstdio>

#include "core/support/read_file.h"

namespace st::cli {
namespace {

volatile std::sig_atomic_t interrupted = 0;

extern "C" void note_interrupt(int) { interrupted = 1; }

/// SIGINT ends the search while one of these lives; a second one ends the program.
class InterruptGuard {
 public:
  InterruptGuard() {
    interrupted = 0;
    struct sigaction action = {};
    action.sa_handler = note_interrupt;
    action.sa_flags = SA_RESETHAND;
    sigaction(SIGINT, &action, &before_);
  }
  ~InterruptGuard() { sigaction(SIGINT, &before_, nullptr); }
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

 private:
  struct sigaction before_ = {};
};

/// Of a design file.
constexpr size_t LargestDesign = size_t{16} << 20;

}  // namespace

Result<std::string> apply_design(const std::string& path, CompileOptions& options) {
  ST_TRY(text, read_file(path, LargestDesign));
  ST_TRY(choice, parse_design(text, path));
  options.tiling = choice.tiling;
  if (choice.parameter_ports > 0) options.parameter_ports = choice.parameter_ports;
  return text;
}

Result<SearchResult> search(const Design& start, double seconds, uint64_t seed,
                            Progress& progress) {
  const InterruptGuard guard;
  SearchOptions options;
  options.seconds = seconds;
  options.seed = seed;
  options.stop = [] { return interrupted != 0; };
  options.progress = [&](int evaluations, int64_t best) {
    progress.step("searching: " + std::to_string(evaluations) + " designs, best prefill " +
                  (best > 0 ? grouped(best) + " cycles" : "none that fits"));
  };
  return search_design(start, options);
}

Diagnostics advised(const Diagnostics& problems, const Design& start, const std::string& design,
                    Progress& progress) {
  progress.step("looking for a knob with which it fits");
  Diagnostics all =
      with_knobs(problems, start, design.empty() ? KnobPlace::CommandLine : KnobPlace::DesignFile);
  progress.finish();
  return all;
}

std::string text_of(const SearchResult& result, const Design& design) {
  std::string text = "prefill of " + std::to_string(design.program.max_sequence) +
                     " rows: " + grouped(result.cost.prefill_cycles) + " cycles (simulated)";
  if (result.first_cost.prefill_cycles > 0) {
    char ratio[32];
    std::snprintf(ratio, sizeof ratio, "%.2f",
                  static_cast<double>(result.first_cost.prefill_cycles) /
                      static_cast<double>(result.cost.prefill_cycles));
    text += ", " + std::string(ratio) + " times as fast as without choices";
  }
  return text + "; " + std::to_string(result.evaluations) + " designs tried";
}

}  // namespace st::cli
