// SPDX-License-Identifier: Apache-2.0
/// Names of the operators that the quantise pass makes (domain `streamtensor`).
#pragma once

#include "core/graph/graph.h"

namespace st {

inline constexpr const char* OwnDomain = "streamtensor";

/// Symmetric scale of each row of a weight matrix [n, k]: largest magnitude / 127, 0 for a row of
/// zeroes.
Tensor row_scales(const Tensor& weight);
/// The matrix in i8, each row divided by its scale and rounded half away from zero.
Tensor quantised_rows(const Tensor& weight);

}  // namespace st
