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
  int64_t ports = 0;  ///< CompileOptions::engine_ports
};

/// The choice with which prompts take least time, of those that fit: weights stream once for all
/// lanes, and two tiles keep the engine busy while one of them is elsewhere. `start` holds the
/// graph as read, the target and the options; `fitting` is the same compiled, with one lane.
/// Where `open_ports` and it has many, the engine gives one of them up for more lanes: a token of
/// decode then takes some percent longer, and one of a prompt half the time. Nothing if one lane is
/// all that fits, or what the model's bound on a launch's rows leaves. Deterministic; at most
/// fourteen compilations without a search for FIFO depths, fewer where operators alone do not fit.
std::optional<TokenLanes> most_token_lanes(const Design& start, const Design& fitting,
                                           bool open_ports);

}  // namespace st
