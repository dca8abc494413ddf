// SPDX-License-Identifier: Apache-2.0
/// References of Attention and RotaryEmbedding in all forms that ONNX gives them, and of our own
/// Attention, which has a window besides.
#pragma once

#include "core/ops/record.h"

namespace st {

/// The operand of our own Attention that no operator of ONNX has, i64[]: a causal query sees that
/// many positions, the last of them its own; 0: all. An operand, because folded layers may differ
/// in it as they do in their weights.
inline constexpr size_t AttentionWindow = 7;
/// Y, present_key, present_value and, where it is asked for, qk_matmul_output.
Result<std::vector<Tensor>> attention_reference(const Node& node, const Operands& in);
Result<std::vector<Tensor>> rotary_reference(const Node& node, const Operands& in);

}  // namespace st
