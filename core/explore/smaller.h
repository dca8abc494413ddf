// SPDX-License-Identifier: Apache-2.0
/// Defaults that follow the board: where a design with the defaults does not fit, what a user left
/// open is made smaller. Results stay the same; prefill and decode take longer.
#pragma once

#include <optional>
#include <string>

#include "core/compiler/pipeline.h"

namespace st {

/// What a user left open.
struct OpenChoices {
  bool fold_layers = false;
  bool parameter_ports = false;
  bool linear_layers = false;  ///< how they are cut: there is no design file
  bool engine_ports = false;   ///< of a shared engine
};

/// A smaller design, not compiled.
struct SmallerDesign {
  Design design;
  std::string how;       ///< "--fold-layers, --parameter-ports 1": what was changed
  Diagnostics problems;  ///< why it does not fit either; empty if it fits
};

/// The least change of what is open with which `start` fits its target: layers are folded, then
/// parameters have as few ports as they can, then linear layers take fewer values of x at once. If
/// nothing fits, the last change and its problems (E0403), which say what is missing at least.
/// Nothing if nothing is open, or if a change brings problems of another kind. `start` holds the
/// graph as read, the target and the options. Deterministic; at most seven compilations, or ten of
/// a shared design, whose engine has fewer ports, as many as fit.
std::optional<SmallerDesign> smaller_design(const Design& start, const OpenChoices& open);

}  // namespace st
