// SPDX-License-Identifier: Apache-2.0
/// Narrower rows where operators are large and the shared engine is slower anyway.
#pragma once

#include "core/dataflow/program.h"

namespace st {

/// Halves the lanes of elementwise kernels with exponentials or divisions: results of the engine
/// come more slowly than a full row's width on average, and such lanes are large. Adapters are
/// needed around them (materialise_converters). Only where layers are streamed.
void narrow_costly_rows(Program& program);

}  // namespace st
