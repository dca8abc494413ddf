// SPDX-License-Identifier: Apache-2.0
/// The three views of tensor<8x8xf32> in Figure 5 of the paper.
#pragma once

#include "core/itensor/itensor.h"

namespace st::test {

inline ItensorType view_a() { return {{2, 2}, DType::F32, {4, 4}, {2, 2}, {0, 1}}; }
inline ItensorType view_b() { return {{4, 2}, DType::F32, {4, 2}, {2, 4}, {1, 0}}; }
inline ItensorType view_c() { return {{4, 2}, DType::F32, {4, 2, 2}, {2, 1, 4}, {2, 0}}; }

}  // namespace st::test
