// SPDX-License-Identifier: Apache-2.0
/// Transforms of constants that round matrices to few bits, a part of transform_records().
#pragma once

#include <vector>

#include "core/graph/constant.h"

namespace st {

std::vector<TransformRecord> quantised_transforms();

/// Those of them that round to int8 in groups, a scale for each.
std::vector<TransformRecord> byte_group_transforms();

}  // namespace st
