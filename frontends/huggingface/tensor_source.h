// SPDX-License-Identifier: Apache-2.0
/// Where the tensors of a checkpoint come from: its files, or a generator.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/graph/tensor.h"

namespace st::huggingface {

/// A tensor as a checkpoint has it.
struct TensorInfo {
  std::string type_text;       ///< "BF16", for messages
  std::optional<DType> dtype;  ///< f32, f16 or bf16; nullopt for what weights cannot be
  std::vector<int64_t> shape;
};

class TensorSource {
 public:
  virtual ~TensorSource() = default;
  /// The tensor of that name, if there is one.
  [[nodiscard]] virtual std::optional<TensorInfo> find(const std::string& name) const = 0;
  /// Names of all tensors, sorted.
  [[nodiscard]] virtual std::vector<std::string> names() const = 0;
  /// Fills `out` with whole elements from number `first` on, little-endian. Precondition: the
  /// tensor is there, has a dtype, and that many elements.
  virtual void read(const std::string& name, int64_t first, std::span<std::byte> out) const = 0;
  /// Nobody will read that tensor for a while.
  virtual void forget(const std::string&) const {}
};

}  // namespace st::huggingface
