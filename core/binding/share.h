// SPDX-License-Identifier: Apache-2.0
/// Hardware that nodes over rows share: norms, and what makes integers of rows.
#pragma once

#include <string>

#include "core/dataflow/program.h"

namespace st {

/// Nodes of a unit that work over rows, one after another because the engine is between them or
/// because they read parts of one row: of one kind and equal sizes they take turns on one instance,
/// as long as the unit's instances are no cycle. So norms right behind one another, as before and
/// behind a residual sum, have two. In launches of several rows, rows of nodes that do not need
/// each other alternate (Kernel::alternates). Streams are not connected yet.
void share_rows(Program& program, const std::string& unit);

}  // namespace st
