// SPDX-License-Identifier: Apache-2.0
#include "core/graph/constant_cache.h"

namespace st {

Result<const Tensor*> ConstantCache::get(int id, const ConstantSource& source, int64_t layer) {
  const int64_t own = source.layers() > 1 ? layer : 0;
  const auto found = loaded_.find({id, own});
  if (found != loaded_.end()) return &found->second;
  ST_TRY(tensor, source.load_layer(own));
  return &loaded_.emplace(std::pair(id, own), std::move(tensor)).first->second;
}

}  // namespace st
