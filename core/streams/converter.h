// SPDX-License-Identifier: Apache-2.0
/// Kernels that stand between two types of one stream.
#pragma once

#include <vector>

#include "core/dataflow/program.h"

namespace st {

/// A converter from `source` to `wanted`, without tensors behind its outputs. It has a live-range
/// buffer, as far as trip counts allow, unless a ping-pong is asked for, which has one reader.
Kernel converter(const Program& program, const Port& source, const std::vector<StreamType>& wanted,
                 bool ping_pong);

/// A width adapter; both types carry the same elements in the same order.
Kernel adapter(const Program& program, const Port& source, const StreamType& wanted);

/// What stands between a stream and one reader of another type, before anything is shared: bits of
/// its buffer. 0 for equal types.
int64_t conversion_bits(const Program& program, const Port& source, const StreamType& wanted);

}  // namespace st
