// SPDX-License-Identifier: Apache-2.0
/// Constants that interpreters have loaded.
#pragma once

#include <map>
#include <utility>

#include "core/graph/constant.h"

namespace st {

/// Loads each constant once, or once for each layer that has data of its own.
class ConstantCache {
 public:
  /// The constant that the caller numbers `id`, in a layer; it stays where it is. Errors: those of
  /// the source, which is asked again next time.
  Result<const Tensor*> get(int id, const ConstantSource& source, int64_t layer);
  /// The same where its shape is known: a matrix is loaded in parts, by several threads.
  Result<const Tensor*> get(int id, const ConstantSource& source, int64_t layer,
                            const std::vector<int64_t>& shape);
  /// Forgets all.
  void clear() { loaded_.clear(); }

 private:
  std::map<std::pair<int, int64_t>, Tensor> loaded_;
};

}  // namespace st
