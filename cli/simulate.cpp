// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <memory>

#include "cli/build_directory.h"
#include "cli/commands.h"
#include "cli/simulation_tables.h"
#include "core/resources/program_network.h"
#include "core/simulate/deadlock.h"
#include "core/simulate/simulator.h"
#include "core/support/read_file.h"

namespace st::cli {
namespace {

struct SimulateOptions {
  std::string path;
  std::vector<std::string> launches;
  int64_t account = -1;  ///< launch whose account is shown; -1: that of the run
  bool brief = false;
};

std::string decimal(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", value);
  return text;
}

/// What is left in channels after the last launch, and was not there at the start.
void print_leftovers(const Network& network, const SimulationResult& result) {
  for (size_t c = 0; c < network.channels.size(); ++c) {
    const int64_t left =
        network.channels[c].initial + result.channels[c].pushes - result.channels[c].pulls;
    if (left == network.channels[c].initial) continue;
    std::cout << "  note: channel '" << printable(network.channels[c].name) << "' holds "
              << grouped(left) << " tokens at the end, " << grouped(network.channels[c].initial)
              << " at the start\n";
  }
}

/// The cycles from behind the end of the launch before `launch` to its own end. Errors: E0801.
Result<CycleRange> cycles_of(const SimulationResult& result, int64_t launch) {
  const auto l = static_cast<size_t>(launch);
  const size_t launches = result.launch_end.size();
  const int64_t begin = launch > 0 && l < launches ? result.launch_end[l - 1] + 1 : 0;
  if (l < launches && result.launch_end[l] >= begin)
    return CycleRange{begin, result.launch_end[l] + 1};
  return Diagnostic{"E0801",
                    "--account " + std::to_string(launch) + ": there is no such launch",
                    "",
                    {l < launches ? "nothing ends in it that did not end before"
                                  : "launches are 0 to " + std::to_string(launches - 1)},
                    ""};
}

/// The account of a launch takes a second run: that its end is known is no reason to keep one of
/// each in all runs.
Status print_tables(const Network& network, const SimulationResult& result, int64_t launch) {
  std::cout << activity_tables(network, result) << "\n";
  if (launch < 0) {
    std::cout << account_tables(network, result, "all of the run");
    return {};
  }
  ST_TRY(range, cycles_of(result, launch));
  std::cout << account_tables(network, Simulator(network).run(depths_of(network), INT64_MAX, range),
                              "launch " + std::to_string(launch) + ", cycles " +
                                  grouped(range.begin) + " to " + grouped(range.end - 1));
  return {};
}

/// The cycles of all launches.
Result<int64_t> simulate_network(Network& network, const std::vector<Bindings>& launches,
                                 const SimulateOptions& options) {
  if (!launches.empty()) {
    network.launches = launches;
    ST_CHECK(check(network, "--launch"));
  }
  const SimulationResult result = Simulator(network).run();
  if (!result.completed) return deadlock_problem(network, depths_of(network), result);
  if (options.account >= 0) ST_CHECK(cycles_of(result, options.account));
  std::cout << printable(network.name) << "  " << network.tasks.size() << " tasks  "
            << network.channels.size() << " channels  " << grouped(result.cycles)
            << " cycles (simulated)\n";
  for (size_t l = 0; l < result.launch_end.size() && result.launch_end.size() > 1; ++l)
    std::cout << "  launch " << l << ": cycles " << grouped(result.launch_begin[l]) << " to "
              << grouped(result.launch_end[l]) << "\n";
  if (!options.brief) ST_CHECK(print_tables(network, result, options.account));
  print_leftovers(network, result);
  return result.cycles;
}

/// One launch of all groups, one after another.
Status simulate_launch(const Design& design, const Bindings& launch,
                       const SimulateOptions& options) {
  const Program& program = design.program;
  int64_t cycles = 0;
  std::cout << "\nlaunch";
  for (const auto& [symbol, value] : launch) std::cout << " " << symbol << "=" << value;
  std::cout << "\n";
  for (int group = 0; group < program.groups; ++group) {
    Network network = network_of(program, group, design.target, {launch});
    ST_TRY(group_cycles, simulate_network(network, {}, options));
    const int64_t runs = runs_of(program, group);
    if (runs > 1) std::cout << "  " << runs << " layers: " << grouped(runs * group_cycles) << "\n";
    cycles += runs * group_cycles;
  }
  const double seconds = static_cast<double>(cycles) / (design.target.frequency_mhz() * 1e6);
  const auto rows = static_cast<double>(launch.at(Sequence));
  std::cout << "  " << grouped(cycles) << " cycles, " << decimal(seconds * 1e3) << " ms at "
            << design.target.frequency_mhz() << " MHz, " << decimal(rows / seconds)
            << " rows/s (simulated; without the host)\n";
  return {};
}

Status simulate_build(const SimulateOptions& options, const std::vector<Bindings>& given) {
  ST_TRY(build, BuildDirectory::open(options.path));
  ST_TRY(design, build.design());
  std::vector<Bindings> launches = given;
  // The time to the first token, and that of the last.
  if (launches.empty())
    launches = {{{Sequence, design.program.max_sequence}, {Past, 0}},
                {{Sequence, 1}, {Past, design.program.max_positions - 1}}};
  for (const Bindings& launch : launches) {
    const auto sequence = launch.find(Sequence), past = launch.find(Past);
    const auto results = launch.find(Results);
    const bool with_results = results != launch.end() && design.program.layers.streamed;
    if (launch.size() != (with_results ? 3 : 2) || sequence == launch.end() ||
        past == launch.end() || (with_results && results->second > 1) || sequence->second < 1 ||
        sequence->second > design.program.max_sequence || past->second < 0 ||
        past->second + sequence->second > design.program.max_positions)
      return Diagnostic{
          "E0801",
          "--launch is out of bounds",
          "",
          {"it binds sequence, from 1 to " + std::to_string(design.program.max_sequence),
           "and past; past + sequence is at most " + std::to_string(design.program.max_positions),
           "of a shared design also results, 0 or 1, if it likes: 0 only fills the caches"},
          "for example --launch sequence=1,past=0"};
  }
  for (const Bindings& launch : launches) ST_CHECK(simulate_launch(design, launch, options));
  return {};
}

/// "sequence=8,past=0".
Result<Bindings> parse_launch(const std::string& text) {
  Bindings launch;
  size_t at = 0;
  while (at <= text.size()) {
    const size_t end = std::min(text.find(',', at), text.size());
    const std::string part = text.substr(at, end - at);
    const size_t equals = part.find('=');
    const std::string value = equals == std::string::npos ? "" : part.substr(equals + 1);
    const bool number = !value.empty() && value.size() <= 12 &&
                        value.find_first_not_of("0123456789") == std::string::npos;
    if (equals == 0 || !number)
      return Diagnostic{"E0801",
                        "--launch '" + printable(text) + "' is not understood",
                        "",
                        {},
                        "give values of symbols: --launch sequence=8,past=0"};
    launch[part.substr(0, equals)] = std::stoll(value);
    at = end + 1;
  }
  return launch;
}

Status simulate(const SimulateOptions& options) {
  std::vector<Bindings> launches;
  for (const std::string& text : options.launches) {
    ST_TRY(launch, parse_launch(text));
    launches.push_back(launch);
  }
  if (std::filesystem::is_directory(options.path)) return simulate_build(options, launches);
  ST_TRY(text, read_file(options.path, MostNetworkBytes));
  ST_TRY(network, parse_network(text, options.path));
  ST_CHECK(simulate_network(network, launches, options));
  return {};
}

}  // namespace

Action add_simulate(CLI::App& app) {
  auto options = std::make_shared<SimulateOptions>();
  app.add_option("path", options->path, "build directory, or network file (docs/network.md)")
      ->required();
  app.add_option("--launch", options->launches,
                 "values of symbols, such as sequence=8,past=0; may be repeated. Default: those of "
                 "the file; of a build, the longest prefill and the last decode");
  app.add_option(
         "--account", options->account,
         "of a file with several launches: show where the cycles of this one went, from the "
         "end of the one before on; 0 is the first. Default: those of the whole run")
      ->check(CLI::Range(int64_t{0}, int64_t{1} << 31));
  app.add_flag("--brief", options->brief, "totals only, no tables");
  return [options] {
    const Status status = simulate(*options);
    return status.ok() ? 0 : fail(status.errors());
  };
}

}  // namespace st::cli
