// SPDX-License-Identifier: Apache-2.0
#include "core/explore/token_lanes.h"

#include <algorithm>

#include "core/resources/kernel_resources.h"

namespace st {
namespace {

/// From the fastest to the slowest; beside these one lane in one tile.
constexpr TokenLanes Choices[] = {{8, 2}, {8, 1}, {4, 2}, {4, 1}, {2, 2}, {2, 1}, {1, 2}};
/// Of so many ports one may be given up.
constexpr int64_t ManyPorts = 16;

/// Whether operators fit: a bound from below, which needs no compilation.
bool operators_fit(const Design& fitting, const TokenLanes& choice) {
  Program program = fitting.program;
  for (Kernel& kernel : program.kernels) {
    if (const auto lanes = kernel.sizes.find("TokenLanes"); lanes != kernel.sizes.end())
      lanes->second = choice.lanes;
  }
  const ResourceCounts needs = resources_of(program), budget = fitting.target.budget();
  return needs.dsp <= budget.dsp && needs.lut <= budget.lut;
}

int64_t engine_ports(const Program& program) {
  const auto collect =
      std::find_if(program.kernels.begin(), program.kernels.end(),
                   [](const Kernel& kernel) { return kernel.kind == "collect_rows"; });
  return collect == program.kernels.end() ? 1 : collect->sizes.at("Ports");
}

}  // namespace

std::optional<TokenLanes> most_token_lanes(const Design& start, const Design& fitting,
                                           bool open_ports) {
  const int64_t rows = start.graph.symbols.at(fitting.decoder.sequence).high;
  const int64_t ports = engine_ports(fitting.program);
  const int64_t least = open_ports && ports >= ManyPorts ? ports - 1 : ports;
  for (TokenLanes choice : Choices) {
    if (choice.lanes * choice.tiles > rows || !operators_fit(fitting, choice)) continue;
    for (choice.ports = ports; choice.ports >= least; --choice.ports) {
      if (choice.lanes == 1 && choice.ports < ports) continue;
      Design design = start;
      design.options.token_lanes = choice.lanes;
      design.options.token_tiles = choice.tiles;
      design.options.engine_ports = choice.ports;
      design.options.fifo = "lp";
      if (compile_up_to("place-kernels", design).ok()) return choice;
    }
  }
  return std::nullopt;
}

}  // namespace st
