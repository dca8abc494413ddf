// SPDX-License-Identifier: Apache-2.0
/// Narrower rows where operators are large and the shared engine is slower anyway.
#pragma once

#include "core/dataflow/program.h"

namespace st {

/// Halves the lanes of elementwise kernels with exponentials or divisions, which are large, where
/// they keep pace with the engine all the same: a row takes no longer than the engine takes for
/// one, with all of its token lanes in use. Adapters are needed around them
/// (materialise_converters). Only where layers are streamed.
void narrow_costly_rows(Program& program);

}  // namespace st
