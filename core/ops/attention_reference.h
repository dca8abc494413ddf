// SPDX-License-Identifier: Apache-2.0
/// References of Attention and RotaryEmbedding in all forms that ONNX gives them, and of our own
/// Attention, which has a window besides, and may keep keys and values in int8.
#pragma once

#include "core/graph/attention.h"
#include "core/ops/record.h"

namespace st {

Result<std::vector<Tensor>> attention_reference(const Node& node, const Operands& in);
/// The same of a node that has_int8_cache(): bit for bit what designs compute.
Result<std::vector<Tensor>> int8_attention_reference(const Node& node, const Operands& in);
Result<std::vector<Tensor>> rotary_reference(const Node& node, const Operands& in);

}  // namespace st
