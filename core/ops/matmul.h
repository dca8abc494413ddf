// SPDX-License-Identifier: Apache-2.0
/// What the float and the quantised linear layer share.
#pragma once

#include "core/ops/lowering.h"
#include "core/ops/tiling.h"

namespace st {

/// Adds the kernel y[sequence, width] = x[sequence, depth] * weights[width, depth]^T, cut as the
/// tiling says. `role`, `steps`: of the weights, as Lowering::parameter() takes them; zeroes are
/// put behind rows and columns that are carried wider than they are. Errors: E0314.
Status add_matmul_kernel(Lowering& lowering, const Node& node, const LinearLayer& layer,
                         const std::string& role, std::vector<Lowering::Step> steps);

}  // namespace st
