// SPDX-License-Identifier: Apache-2.0
/// How many tokens of a prompt the engine of a shared design works on at once, where a user left it
/// open: as many as fit beside what one token takes.
#pragma once

#include <optional>

#include "core/compiler/pipeline.h"

namespace st {

/// Token lanes of the engine, and tiles of a launch (CompileOptions::token_lanes, token_tiles).
struct TokenLanes {
  int64_t lanes = 1, tiles = 1;
  int row_lanes = 0;  ///< Tiling::row_lanes
};

/// The choice with which prompts take least time, of those that fit: weights stream once for all
/// lanes, and several tiles keep the engine busy while one of them is elsewhere. `start` holds the
/// graph as read, the target and the options; `fitting` is the same compiled, with one lane. Where
/// `start` leaves rows open, they may be half as wide, if a token of decode takes no more than 3 %
/// longer then (simulated). Nothing if one lane is all that fits, or what the model's bound on a
/// launch's rows leaves. Deterministic; at most 27 compilations without a search for FIFO depths,
/// fewer where multipliers alone do not fit.
std::optional<TokenLanes> most_token_lanes(const Design& start, const Design& fitting);

/// `design` with that choice.
void apply(const TokenLanes& choice, Design& design);

}  // namespace st
