// SPDX-License-Identifier: Apache-2.0
/// Loop orders of kernels that do not care about theirs.
#pragma once

#include "core/dataflow/program.h"

namespace st {

/// Permutes the loops of elementwise kernels to those of a neighbour where that leaves less to hold
/// in converters and adapters around them: any order of elements is legal, as long as all streams
/// of the kernel have it.
void reorder_elementwise(Program& program);

}  // namespace st
