// SPDX-License-Identifier: Apache-2.0
/// Choices of a design as a file, schema "streamtensor.design/1": what a search found, and what an
/// outside tuner may write. `build --design FILE` builds exactly that.
///
///   {"schema": "streamtensor.design/1",
///    "parameter_ports": 20,
///    "row_lanes": 8,
///    "linear": {"h.0.mlp.c_fc/MatMul": {"depth_lanes": 16, "rows": 4, "streams": 5, "steps": 1}},
///    "result": {...}}
///
/// `result` is what was found of it; it is not read.
#pragma once

#include <string>

#include "core/compiler/pipeline.h"
#include "core/explore/evaluate.h"
#include "core/support/result.h"

namespace st {

/// What a file chooses.
struct DesignChoice {
  int parameter_ports = 0;  ///< most parameter files of one group
  Tiling tiling;
  friend bool operator==(const DesignChoice&, const DesignChoice&) = default;
};

/// Errors: E0102 for what is no JSON; E0314 with JSON pointers, all at once.
Result<DesignChoice> parse_design(const std::string& text, const std::string& file);

/// The text of a choice, with what it costs where that is known. Deterministic; parse_design reads
/// it back.
std::string text_of(const DesignChoice& choice, const DesignCost* cost = nullptr);

}  // namespace st
