// SPDX-License-Identifier: Apache-2.0
/// Products of matrices, for records that stand elsewhere.
#pragma once

#include "core/ops/record.h"

namespace st {

Result<std::vector<Tensor>> matmul_reference(const Node& node, const Operands& in);

}  // namespace st
