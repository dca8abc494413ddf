// SPDX-License-Identifier: Apache-2.0
/// Random decoders as the pipeline sees them, and all stages of their builds.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/compiler/stage.h"
#include "tests/core/random_decoder.h"

namespace st::test {

/// A random decoder that is to be compiled for a board, half of them for one with few ports, so
/// that there are several groups.
Design design_of(uint64_t seed, const std::string& precision);

/// The files of all stages; empty if the board is too small for the decoder.
std::vector<std::string> stages_of(uint64_t seed, const std::string& precision);

/// The stage that a pass left.
const std::string& stage_after(const std::vector<std::string>& stages, std::string_view pass);

}  // namespace st::test
