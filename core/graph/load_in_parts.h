// SPDX-License-Identifier: Apache-2.0
/// Loading of large constants.
#pragma once

#include <cstdint>
#include <vector>

#include "core/graph/constant.h"

namespace st {

/// The constant of a layer, as load_layer() gives it. A large matrix of that shape which has blocks
/// comes in parts, by several threads, so that no step on the way to it is in memory as a whole.
/// Errors: those of load_layer().
Result<Tensor> load_in_parts(const ConstantSource& source, int64_t layer,
                             const std::vector<int64_t>& shape);

}  // namespace st
