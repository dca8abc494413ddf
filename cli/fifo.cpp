// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>
#include <memory>

#include "cli/commands.h"
#include "core/resources/fifo_search.h"
#include "core/resources/network_profile.h"
#include "core/resources/prove.h"
#include "core/simulate/deadlock.h"
#include "core/simulate/simulator.h"
#include "core/support/read_file.h"
#include "core/support/write_file.h"

namespace st::cli {
namespace {

struct FifoOptions {
  std::string path;
  std::string method = "exact";
  std::string objective = "bits";
  std::string output;
  double tolerance = FifoSearchOptions().tolerance;
  int64_t least = FifoSearchOptions().least_depth;
};

/// Depths, and what is known of them.
struct Sizing {
  std::vector<int64_t> depths;
  std::optional<FifoSearchResult> search;  ///< of the method "exact"
};

Result<Sizing> size(const Network& network, const FifoOptions& options) {
  if (options.method == "exact") {
    FifoSearchOptions search;
    search.tolerance = options.tolerance;
    search.least_depth = options.least;
    if (options.objective == "memory") search.cost = memory_luts;
    ST_TRY(found, search_fifo_depths(network, search));
    return Sizing{found.depths, found};
  }
  const Equalisation strategy =
      options.method == "paper" ? Equalisation::Normal : Equalisation::Conservative;
  ST_TRY(depths, paper_network_depths(network, strategy, options.least));
  return Sizing{depths, std::nullopt};
}

std::string why(const Network& network, const Sizing& sizing, size_t c) {
  if (network.channels[c].fixed) return "fixed";
  if (!sizing.search || sizing.search->least_alone[c] == 0) return "";
  if (sizing.depths[c] > sizing.search->least_alone[c]) return "instead of others";
  return "with one slot less too slow, or stuck, whatever the others hold";
}

void print_depths(const Network& network, const Sizing& sizing, const FifoOptions& options) {
  std::vector<std::vector<std::string>> rows = {{"  channel", "bits", "depth", "total bits", ""}};
  for (size_t c = 0; c < network.channels.size(); ++c) {
    const int64_t width = network.channels[c].width_bits;
    const bool least = !network.channels[c].fixed && sizing.depths[c] == options.least;
    rows.push_back({"  " + printable(network.channels[c].name, 40), grouped(width),
                    grouped(sizing.depths[c]), grouped(width * sizing.depths[c]),
                    least ? "the least" : why(network, sizing, c)});
  }
  std::cout << table(rows);
}

/// The simulated run time, and the proof.
Status judge(const Network& network, const Sizing& sizing, const std::string& unit) {
  std::vector<int64_t> unlimited;
  for (const NetworkChannel& channel : network.channels)
    unlimited.push_back(channel.fixed ? channel.depth : 0);
  const Simulator simulator(network);
  const SimulationResult run = simulator.run(sizing.depths), best = simulator.run(unlimited);
  if (!run.completed) return deadlock_problem(network, sizing.depths, run);
  std::cout << "  " << grouped(run.cycles) << " cycles, " << grouped(best.cycles)
            << " with unbounded FIFOs (simulated)\n";
  if (sizing.search) {
    std::cout << "  " << grouped(static_cast<int64_t>(sizing.search->cost)) << " " << unit << "; "
              << (sizing.search->optimal
                      ? "no depths with fewer are as fast (proven)"
                      : "at least " + grouped(static_cast<int64_t>(sizing.search->least_cost)) +
                            " are needed to be as fast (proven)")
              << "; " << grouped(sizing.search->simulations) << " simulations\n";
  }
  ST_TRY(proven, prove_and_check(network, sizing.depths));
  std::cout << "  no deadlock whatever the latencies: proven for "
            << (proven.positions > 0
                    ? "all lengths, by rows at " + grouped(proven.positions) + " positions"
                    : grouped(proven.launches) + (proven.launches == 1 ? " launch" : " launches"))
            << "\n";
  return {};
}

Status fifo(const FifoOptions& options) {
  ST_TRY(text, read_file(options.path, MostNetworkBytes));
  ST_TRY(network, parse_network(text, options.path));
  ST_TRY(sizing, size(network, options));
  print_depths(network, sizing, options);
  ST_CHECK(judge(network, sizing, options.objective == "memory" ? "LUTs of memory" : "bits"));
  if (options.output.empty()) return {};
  for (size_t c = 0; c < network.channels.size(); ++c) network.channels[c].depth = sizing.depths[c];
  return write_file(options.output, text_of(network));
}

}  // namespace

Action add_fifo(CLI::App& app) {
  auto options = std::make_shared<FifoOptions>();
  app.add_option("network", options->path, "network file (docs/network.md)")->required();
  app.add_option("--method", options->method,
                 "exact: least bits, searched against the simulator; paper, paper-conservative: as "
                 "published, and may deadlock")
      ->check(CLI::IsMember({"exact", "paper", "paper-conservative"}))
      ->capture_default_str();
  app.add_option("--objective", options->objective,
                 "what is least (exact): bits, or memory: what the memories behind the FIFOs take, "
                 "in LUTs")
      ->check(CLI::IsMember({"bits", "memory"}))
      ->capture_default_str();
  app.add_option("--tolerance", options->tolerance,
                 "run time beyond that with unbounded FIFOs, as a part of it (exact)")
      ->check(CLI::Range(0.0, 100.0))
      ->capture_default_str();
  app.add_option("--least", options->least, "least depth of a FIFO")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  app.add_option("-o,--output", options->output, "write the network with these depths");
  return [options] {
    const Status status = fifo(*options);
    return status.ok() ? 0 : fail(status.errors());
  };
}

}  // namespace st::cli
