// SPDX-License-Identifier: Apache-2.0
/// Operators of com.microsoft as those of ONNX. One function per file microsoft_*.cpp.
#pragma once

#include <initializer_list>
#include <string_view>
#include <vector>

#include "core/passes/raise/rewriter.h"

namespace st {

/// Rewrites node number `n`, which is such an operator. Errors: E0306, E0309 where the operator has
/// no form here with these operands or attributes.
using MicrosoftRewrite = Status (*)(Rewriter&, size_t n);

struct MicrosoftRecord {
  std::string_view op;
  std::string_view becomes;  ///< the operators of ONNX that it is rewritten to
  MicrosoftRewrite rewrite;
};

/// All records, sorted by operator.
const std::vector<MicrosoftRecord>& microsoft_records();
/// The record of a node's operator, or nullptr.
const MicrosoftRecord* find_microsoft(const Node& node);

Status raise_microsoft_activation(Rewriter& rewriter, size_t n);
Status raise_microsoft_norm(Rewriter& rewriter, size_t n);
Status raise_microsoft_embedding(Rewriter& rewriter, size_t n);
Status raise_microsoft_matmul(Rewriter& rewriter, size_t n);
Status raise_microsoft_rotary(Rewriter& rewriter, size_t n);
Status raise_microsoft_attention(Rewriter& rewriter, size_t n);

/// Checks that the node has from `least` to `most` inputs, the first `least` of them there, none
/// that is numbered in `unused`, and no other attributes than these. Errors: E0306, E0309.
Status check_form(const Node& node, size_t least, size_t most,
                  std::initializer_list<std::string_view> attributes,
                  std::initializer_list<size_t> unused = {});

/// Output `i` of the node, or NoValue.
ValueId output_of(const Node& node, size_t i);

}  // namespace st
