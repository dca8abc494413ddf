// SPDX-License-Identifier: Apache-2.0
/// Runs a connected program on whole tensors, kernel by kernel, with the arithmetic of the emitted
/// templates.
#pragma once

#include <map>

#include "core/dataflow/kernel_record.h"
#include "core/dataflow/program.h"

namespace st {

/// A program and what its device memory holds.
class ProgramInterpreter {
 public:
  explicit ProgramInterpreter(const Program& program) : program_(program) {}

  /// Device memory between launches: write inputs before a launch, read outputs after it.
  DeviceState& state() { return state_; }

  /// Runs every group once. Errors: those of constants.
  Status launch(int64_t tokens, int64_t past);

  /// Runs one kernel on the given inputs. Errors: those of constants.
  Result<std::vector<Tensor>> evaluate(const Kernel& kernel,
                                       const std::vector<const Tensor*>& inputs, int64_t tokens,
                                       int64_t past);

  /// A parameter's value, loaded once.
  Result<const Tensor*> constant(TensorId id);

 private:
  const Program& program_;
  DeviceState state_;
  std::map<TensorId, Tensor> constants_;
};

/// The tokens of a stream that carries `tensor`: elements in stream order, as the bytes of beats.
std::vector<uint8_t> stream_bytes(const Tensor& tensor, const StreamType& type, int64_t tokens,
                                  int64_t past);

/// The tensor of shape `shape` whose stream is `bytes`; elements that the stream never carries are
/// 0. Errors: E0701 if the length is wrong, or a re-accessed element changes its value.
Result<Tensor> tensor_from_stream(const std::vector<uint8_t>& bytes, const StreamType& type,
                                  const std::vector<int64_t>& shape, int64_t tokens, int64_t past);

/// The shape of a tensor in a launch.
std::vector<int64_t> shape_in_launch(const DataTensor& tensor, int64_t tokens, int64_t past);

}  // namespace st
