// SPDX-License-Identifier: Apache-2.0
/// Functions on single elements, by the kind of the kernel that applies them.
#pragma once

#include <string_view>
#include <vector>

#include "core/dataflow/datapath.h"

namespace st {

/// One function; its text in C++ is st::op::<kind> of hls_templates/streamtensor/elementwise.h.
struct ElementwiseOp {
  std::string_view kind;
  std::string_view summary;
  float (*binary)(float, float);    ///< null for functions of one operand
  float (*unary)(float);            ///< null for functions of two
  std::vector<Operator> operators;  ///< one after another, for one value
};

/// The function of that kind, or null.
const ElementwiseOp* find_elementwise(std::string_view kind);

}  // namespace st
