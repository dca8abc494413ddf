// SPDX-License-Identifier: Apache-2.0
/// References of Attention and RotaryEmbedding in all forms that ONNX gives them.
#pragma once

#include "core/ops/record.h"

namespace st {

/// Y, present_key, present_value and, where it is asked for, qk_matmul_output.
Result<std::vector<Tensor>> attention_reference(const Node& node, const Operands& in);
Result<std::vector<Tensor>> rotary_reference(const Node& node, const Operands& in);

}  // namespace st
