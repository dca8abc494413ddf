// SPDX-License-Identifier: Apache-2.0
/// A checkpoint of random weights: what a config asks for, at full size, without files.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "frontends/huggingface/tensor_source.h"
#include "frontends/huggingface/weight.h"

namespace st::huggingface {

/// Matrices and biases are normal with mean 0, scales of norms with the mean that leaves values as
/// they are. Each element is a function of seed, name of the tensor and index alone: 16 bits of a
/// hash choose one of 65,536 quantiles, whose outermost are 4.3 deviations from the mean.
class RandomWeights : public TensorSource {
 public:
  /// The tensors that `weights` are parts of, as `dtype` (f32, f16 or bf16).
  RandomWeights(const std::vector<Weight>& weights, DType dtype, double deviation, uint64_t seed);

  [[nodiscard]] std::optional<TensorInfo> find(const std::string& name) const override;
  [[nodiscard]] std::vector<std::string> names() const override;
  void read(const std::string& name, int64_t first, std::span<std::byte> out) const override;

 private:
  struct Made {
    std::vector<int64_t> shape;
    bool around_one;
  };
  /// The quantiles as elements of the dtype, whatever it is: in the low bits.
  std::vector<uint32_t> around_zero_, around_one_;
  std::map<std::string, Made> tensors_;
  DType dtype_;
  uint64_t seed_;
};

}  // namespace st::huggingface
