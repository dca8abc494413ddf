// SPDX-License-Identifier: Apache-2.0
/// Between whole tensors and what a stream carries of them.
#pragma once

#include <cstdint>
#include <vector>

#include "core/dataflow/program.h"
#include "core/graph/tensor.h"
#include "core/support/result.h"

namespace st {

/// The shape of a tensor in a launch.
std::vector<int64_t> shape_in_launch(const DataTensor& tensor, int64_t tokens, int64_t past);

/// The tokens of a stream that carries `tensor`: elements in stream order, as the bytes of beats.
std::vector<uint8_t> stream_bytes(const Tensor& tensor, const StreamType& type, int64_t tokens,
                                  int64_t past);

/// The tensor of shape `shape` whose stream is `bytes`; elements that the stream never carries are
/// 0. Errors: E0701 if the length is wrong, or a re-accessed element changes its value.
Result<Tensor> tensor_from_stream(const std::vector<uint8_t>& bytes, const StreamType& type,
                                  const std::vector<int64_t>& shape, int64_t tokens, int64_t past);

/// The bytes of a tensor's elements, row-major.
uint8_t* bytes_of(Tensor& tensor);
const uint8_t* bytes_of(const Tensor& tensor);

}  // namespace st
