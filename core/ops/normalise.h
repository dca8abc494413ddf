// SPDX-License-Identifier: Apache-2.0
/// References of normalisations, for records that stand elsewhere.
#pragma once

#include "core/ops/record.h"

namespace st {

/// LayerNormalization over all dimensions from `axis` on, with its outputs for training.
Result<std::vector<Tensor>> layer_norm_reference(const Node& node, const Operands& in);
/// RMSNormalization over all dimensions from `axis` on.
Result<std::vector<Tensor>> rms_norm_reference(const Node& node, const Operands& in);

}  // namespace st
