// SPDX-License-Identifier: Apache-2.0
/// Element types by the numbers that ONNX gives them.
#pragma once

#include <cstdint>
#include <optional>

#include "core/graph/tensor.h"

namespace st {

/// The type that TensorProto.DataType calls `code`, where tensors have it.
std::optional<DType> dtype_of_onnx(int64_t code);

}  // namespace st
