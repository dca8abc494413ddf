// SPDX-License-Identifier: Apache-2.0
/// References of operators that move elements, for records that stand elsewhere.
#pragma once

#include "core/ops/record.h"

namespace st {

Result<std::vector<Tensor>> transpose_reference(const Node& node, const Operands& in);
Result<std::vector<Tensor>> split_reference(const Node& node, const Operands& in);
Result<std::vector<Tensor>> concat_reference(const Node& node, const Operands& in);
Result<std::vector<Tensor>> gather_reference(const Node& node, const Operands& in);

}  // namespace st
