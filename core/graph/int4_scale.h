// SPDX-License-Identifier: Apache-2.0
/// The scale of weights that are rounded to four bits.
#pragma once

#include <cstdint>

#include "core/graph/tensor.h"

namespace st {

/// The scale of `count` weights in four bits: of those from their largest magnitude / 7 down to
/// half of it, as `type` (F32 or BF16) holds them, the one with the least square error. Clipping a
/// few weights costs less than coarse steps for all. 0 where no magnitude can be told from 0.
float int4_scale(const float* weights, int64_t count, DType type);
/// What a weight is multiplied with to be rounded; 0 for a scale of 0.
float inverse_of_scale(float scale);

}  // namespace st
