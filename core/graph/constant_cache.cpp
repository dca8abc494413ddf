// SPDX-License-Identifier: Apache-2.0
#include "core/graph/constant_cache.h"

#include "core/graph/load_in_parts.h"

namespace st {

Result<const Tensor*> ConstantCache::get(int id, const ConstantSource& source, int64_t layer) {
  return get(id, source, layer, {});
}

Result<const Tensor*> ConstantCache::get(int id, const ConstantSource& source, int64_t layer,
                                         const std::vector<int64_t>& shape) {
  const int64_t own = source.layers() > 1 ? layer : 0;
  const auto found = loaded_.find({id, own});
  if (found != loaded_.end()) return &found->second;
  ST_TRY(tensor, load_in_parts(source, own, shape));
  return &loaded_.emplace(std::pair(id, own), std::move(tensor)).first->second;
}

}  // namespace st
