// SPDX-License-Identifier: Apache-2.0
/// Transforms of constants that round matrices to few bits, a part of transform_records().
#pragma once

#include <vector>

#include "core/graph/constant.h"

namespace st {

std::vector<TransformRecord> quantised_transforms();

}  // namespace st
