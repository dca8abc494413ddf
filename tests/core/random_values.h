// SPDX-License-Identifier: Apache-2.0
/// Random shapes and tensors that are the same on every machine.
#pragma once

#include <cstdint>
#include <vector>

#include "core/graph/tensor.h"
#include "tests/common/random.h"

namespace st::test {

/// Values in [-scale, scale).
Tensor random_f32(Random& random, std::vector<int64_t> shape, float scale = 1.0f);
/// The whole range of i8.
Tensor random_i8(Random& random, std::vector<int64_t> shape);

/// A small shape of rank 0 to 4, now and then with an extent of 0.
std::vector<int64_t> any_shape(Random& random);
/// A tensor of that shape, or of part of it, or of any other; mostly f32. Integers are small.
Tensor any_tensor(Random& random, const std::vector<int64_t>& base);

}  // namespace st::test
