// SPDX-License-Identifier: Apache-2.0
/// What our own Attention has that no operator of ONNX has.
#pragma once

#include <cstddef>

namespace st {

/// The operand that says how many positions a causal query sees, i64[]: the last of them its own;
/// 0: all. An operand, because folded layers may differ in it as they do in their weights.
inline constexpr size_t AttentionWindow = 7;

}  // namespace st
