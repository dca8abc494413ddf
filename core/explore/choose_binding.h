// SPDX-License-Identifier: Apache-2.0
/// What nodes of a design share, chosen by the simulator: `--binding auto`.
#pragma once

#include <string>

#include "core/explore/evaluate.h"

namespace st {

/// The binding of which a workload takes fewer cycles, of those whose design fits the target; if
/// none does, of both.
struct BindingChoice {
  std::string binding;         ///< of bindings()
  int64_t spatial_cycles = 0;  ///< simulated, of the workload; 0: there is no such design
  int64_t shared_cycles = 0;
  std::string why;  ///< one line
};

/// Both designs are compiled up to their memories, with what else `start` asks for, and simulated.
/// `start` holds the graph as read. Errors: those of the spatial design, where there is no other.
Result<BindingChoice> choose_binding(const Design& start, const Workload& workload);

}  // namespace st
