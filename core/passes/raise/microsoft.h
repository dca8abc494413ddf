// SPDX-License-Identifier: Apache-2.0
/// Operators of com.microsoft as those of ONNX. One function per file microsoft_*.cpp.
#pragma once

#include <initializer_list>
#include <string_view>

#include "core/passes/raise/rewriter.h"

namespace st {

/// Rewrites node number `n` if it is an operator that the function knows. Errors: E0306, E0309 for
/// one that it knows, but not with these operands or attributes.
using MicrosoftRewrite = Status (*)(Rewriter&, size_t n);

Status raise_microsoft_activation(Rewriter& rewriter, size_t n);
Status raise_microsoft_norm(Rewriter& rewriter, size_t n);
Status raise_microsoft_embedding(Rewriter& rewriter, size_t n);
Status raise_microsoft_matmul(Rewriter& rewriter, size_t n);
Status raise_microsoft_rotary(Rewriter& rewriter, size_t n);
Status raise_microsoft_attention(Rewriter& rewriter, size_t n);

/// Whether a node is `op` of com.microsoft.
bool is_microsoft(const Node& node, std::string_view op);

/// Checks that the node has from `least` to `most` inputs, the first `least` of them there, none
/// that is numbered in `unused`, and no other attributes than these. Errors: E0306, E0309.
Status check_form(const Node& node, size_t least, size_t most,
                  std::initializer_list<std::string_view> attributes,
                  std::initializer_list<size_t> unused = {});

/// Output `i` of the node, or NoValue.
ValueId output_of(const Node& node, size_t i);

}  // namespace st
