// SPDX-License-Identifier: Apache-2.0
#include "cli/search.h"

#include <CLI/CLI.hpp>
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

Result<SearchResult> search(const Design& start, const Workload& workload, double seconds,
                            uint64_t seed, Progress& progress) {
  const InterruptGuard guard;
  SearchOptions options;
  options.workload = workload;
  options.seconds = seconds;
  options.seed = seed;
  options.stop = [] { return interrupted != 0; };
  options.progress = [&](int evaluations, int64_t best) {
    progress.step("searching: " + std::to_string(evaluations) + " designs, best " +
                  (best > 0 ? grouped(best) + " cycles" : "none that fits"));
  };
  return search_design(start, options);
}

void add_workload(CLI::App& app, Workload& workload) {
  app.add_option_function<std::string>(
         "--workload",
         [&workload](const std::string& text) {
           const size_t colon = text.find(':');
           if (colon == std::string::npos ||
               !CLI::detail::lexical_cast(text.substr(0, colon), workload.prompt) ||
               !CLI::detail::lexical_cast(text.substr(colon + 1), workload.generated) ||
               workload.prompt < 1 || workload.generated < 0)
             throw CLI::ValidationError("--workload", "takes PROMPT:GENERATED, such as 128:128");
         },
         "what a searched design is made for: rows of a prompt, and tokens generated behind it, as "
         "PROMPT:GENERATED; default: a prompt of as many rows as a launch takes")
      ->needs("--budget");
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
  const DesignCost& cost = result.cost;
  const int64_t prompt = cost.workload.prompt_rows(design.program);
  std::string text = "prefill of " + std::to_string(prompt) +
                     " rows: " + grouped(cost.prefill_cycles) + " cycles (simulated)";
  if (cost.workload.generated > 0) {
    const double seconds =
        static_cast<double>(cost.decode_cycles) / (design.target.frequency_mhz() * 1e6);
    char speed[32];
    std::snprintf(speed, sizeof speed, "%.4g token/s", 1 / seconds);
    text += "; " + std::to_string(cost.workload.generated) +
            " tokens behind it: " + grouped(cost.decode_cycles) + " cycles each, " + speed +
            " (simulated)";
  }
  if (result.first_cost.cycles() > 0) {
    char ratio[32];
    std::snprintf(
        ratio, sizeof ratio, "%.2f",
        static_cast<double>(result.first_cost.cycles()) / static_cast<double>(cost.cycles()));
    text += ", " + std::string(ratio) + " times as fast as without choices";
  }
  return text + "; " + std::to_string(result.evaluations) + " designs tried";
}

}  // namespace st::cli
