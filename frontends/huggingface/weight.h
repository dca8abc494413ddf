// SPDX-License-Identifier: Apache-2.0
/// A weight of an imported model: which part of which tensor of the checkpoint it is.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/graph/tensor.h"

namespace st::huggingface {

/// What a weight does, which says how a random one is distributed.
enum class WeightRole { Matrix, Bias, NormScale };

/// An extent of a tensor, and the fields of config.json that give it.
struct Dimension {
  int64_t size = 0;
  std::string meaning;  ///< "num_attention_heads * head_dim"
};

struct Weight {
  std::string name;                     ///< of the initializer and its dataset
  std::string tensor;                   ///< in the checkpoint; "" for a computed one
  std::vector<Dimension> tensor_shape;  ///< that the checkpoint has to have
  WeightRole role = WeightRole::Matrix;
  /// The part of the tensor's last dimension that this weight is: [begin, begin + size).
  int64_t begin = 0, size = 0;
  bool add_one = false;            ///< stored as f32, with 1 added
  std::optional<Tensor> computed;  ///< f32

  /// Extents of the dataset.
  [[nodiscard]] std::vector<int64_t> shape() const;
};

}  // namespace st::huggingface
