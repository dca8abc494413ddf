// SPDX-License-Identifier: Apache-2.0
/// TensorProto's raw data: elements one after the other, little-endian.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/graph/constant.h"

namespace st {
class MappedFile;
}

namespace st::onnx_json {

/// The type of a tensor in memory that holds a model's `dtype`.
DType type_in_memory(DType dtype);
/// Puts an integer, which is a bit pattern for 16-bit floats, at element `i`.
void store_element(Tensor& tensor, size_t i, DType dtype, int64_t value);
/// The tensor of type_in_memory(dtype) that `bytes` hold; they are as many as the shape needs.
Tensor tensor_of_raw(std::span<const std::byte> bytes, DType dtype,
                     const std::vector<int64_t>& shape);

/// A part of a mapped file.
struct RawData {
  std::shared_ptr<const MappedFile> file;
  std::span<const std::byte> bytes;
  std::string description;  ///< what ConstantSource::describe gives
};

/// A constant whose elements stay in the file until it is loaded, which is an error E0205 where
/// they hold NaN. `name` and `where`: of the initializer, for messages.
std::shared_ptr<const ConstantSource> raw_constant(RawData data, DType dtype,
                                                   std::vector<int64_t> shape, std::string name,
                                                   std::string where);

}  // namespace st::onnx_json
