// SPDX-License-Identifier: Apache-2.0
#include "core/explore/token_lanes.h"

#include "core/explore/evaluate.h"
#include "core/resources/kernel_resources.h"

namespace st {
namespace {

/// From the fastest to the slowest. Wide rows are worth more than a further tile.
constexpr int Lanes[] = {8, 4, 2, 1};

/// What a token of decode may take of the time that it takes with wide rows.
constexpr double MostLonger = 1.03;

bool is_engine(const Kernel& kernel) {
  return kernel.kind == "multiply_stripes" || kernel.kind == "attend";
}

/// Whether multipliers fit: a bound from below, which needs no compilation. Rows of half the width
/// have half of those that are not the engine's.
bool multipliers_fit(const Design& fitting, int token_lanes, bool narrower) {
  Program program = fitting.program;
  std::vector<KernelId> others;
  for (KernelId k = 0; k < static_cast<KernelId>(program.kernels.size()); ++k) {
    Kernel& kernel = program.kernels[static_cast<size_t>(k)];
    if (const auto lanes = kernel.sizes.find("TokenLanes"); lanes != kernel.sizes.end())
      lanes->second = token_lanes;
    if (!is_engine(kernel)) others.push_back(k);
  }
  const int64_t less = narrower ? resources_of(program, others).dsp / 2 : 0;
  return resources_of(program).dsp - less <= fitting.target.budget().dsp;
}

bool hardly_slower(const Design& design, const Design& than) {
  return static_cast<double>(token_cycles(design)) <=
         MostLonger * static_cast<double>(token_cycles(than));
}

}  // namespace

void apply(const TokenLanes& choice, Design& design) {
  design.options.token_lanes = choice.lanes;
  design.options.token_tiles = choice.tiles;
  design.options.tiling.row_lanes = choice.row_lanes;
}

std::optional<TokenLanes> most_token_lanes(const Design& start, const Design& fitting) {
  const int64_t rows = start.graph.symbols.at(fitting.decoder.sequence).high;
  const int given = start.options.tiling.row_lanes;
  for (const int lanes : Lanes) {
    for (const int row_lanes : {given, WidestRow / 2}) {
      const bool narrower = row_lanes != given;
      if (narrower && (given > 0 || lanes == 1)) continue;
      if (!multipliers_fit(fitting, lanes, narrower)) continue;
      for (int tiles = MostTokenTiles; tiles >= 1; --tiles) {
        if (lanes * tiles == 1 || lanes * tiles > rows) continue;
        TokenLanes choice;
        choice.lanes = lanes;
        choice.tiles = tiles;
        choice.row_lanes = row_lanes;
        Design design = start;
        apply(choice, design);
        design.options.fifo = "lp";
        if (!compile_up_to("place-kernels", design).ok()) continue;
        if (!narrower || hardly_slower(design, fitting)) return choice;
      }
    }
  }
  return std::nullopt;
}

}  // namespace st
