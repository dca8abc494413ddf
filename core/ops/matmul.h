// SPDX-License-Identifier: Apache-2.0
/// What the float and the quantised linear layer share.
#pragma once

#include "core/ops/lowering.h"

namespace st {

/// How a linear layer reads its rows of `depth`: once for each tile of the `width` results.
StreamType replayed_rows(const Lowering& lowering, int64_t depth, int64_t width, DType dtype);

/// Adds the kernel y[sequence, width] = x[sequence, depth] * weight[width, depth]^T.
void add_matmul_kernel(Lowering& lowering, const Node& node, const Port& x, TensorId weight,
                       const Port& y, int64_t depth, int64_t width);

}  // namespace st
