// SPDX-License-Identifier: Apache-2.0
/// References of operators that change a shape, for records that stand elsewhere.
#pragma once

#include "core/ops/record.h"

namespace st {

Result<std::vector<Tensor>> reshape_reference(const Node& node, const Operands& in);
Result<std::vector<Tensor>> identity_reference(const Node& node, const Operands& in);

}  // namespace st
