// SPDX-License-Identifier: Apache-2.0
/// References of elementwise operators, for records that stand elsewhere.
#pragma once

#include "core/ops/record.h"

namespace st {

/// Add, Sub, Mul, Div and their like, by the node's operator.
Result<std::vector<Tensor>> arithmetic_reference(const Node& node, const Operands& in);
/// Relu, Gelu, Sigmoid and their like, by the node's operator.
Result<std::vector<Tensor>> unary_reference(const Node& node, const Operands& in);

}  // namespace st
