// SPDX-License-Identifier: Apache-2.0
/// Numbers to integers by a scale and a zero point, as ONNX quantises.
#pragma once

#include <cstdint>
#include <vector>

#include "core/graph/tensor.h"

namespace st {

/// round(scaled) + zero, halves to even, as the nearest value of an integer type.
double quantised(double scaled, double zero, DType type);

/// A scale or zero point in a shape that broadcasts to that of matrices: a list has one value per
/// row, or per column.
Tensor parameter_for(const Tensor& parameter, const std::vector<int64_t>& shape, bool per_row);

}  // namespace st
