// SPDX-License-Identifier: Apache-2.0
/// Which knob to turn where a design does not fit its target: each one is tried by itself.
#pragma once

#include "core/compiler/pipeline.h"

namespace st {

/// Where a user turns the knobs of a design.
enum class KnobPlace { CommandLine, DesignFile };

/// `problems` with advice: where all of them are E0403, the help of the last one names up to three
/// changes of one knob each under which `start` compiles, as the user would write them:
/// "--parameter-ports 2"; or a line says that none was found. Of each knob it is the smallest
/// change that does, provided that a larger one helps whenever a smaller one does. Tried are
/// narrower rows, linear layers without their choices, fewer parameter files, the searched fusion,
/// bytes for floats, shorter launches, fewer positions, and other boards. `start` holds the graph
/// as read, the target and the options. Deterministic; up to 40 compilations, fewer for large
/// graphs.
Diagnostics with_knobs(Diagnostics problems, const Design& start, KnobPlace place);

}  // namespace st
