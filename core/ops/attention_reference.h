// SPDX-License-Identifier: Apache-2.0
/// References of Attention and RotaryEmbedding in all forms that ONNX gives them, and of our own
/// Attention, which has a window besides.
#pragma once

#include "core/ops/record.h"

namespace st {

/// The attribute `window` of our own Attention: a causal query sees that many positions, the last
/// of them its own; 0, and in ONNX's operator, all.
int64_t attention_window(const Node& node);
/// Y, present_key, present_value and, where it is asked for, qk_matmul_output.
Result<std::vector<Tensor>> attention_reference(const Node& node, const Operands& in);
Result<std::vector<Tensor>> rotary_reference(const Node& node, const Operands& in);

}  // namespace st
