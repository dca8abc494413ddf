// SPDX-License-Identifier: Apache-2.0
#include "frontends/huggingface/weight.h"

namespace st::huggingface {

std::vector<int64_t> Weight::shape() const {
  if (computed) return computed->shape;
  std::vector<int64_t> extents;
  for (const Dimension& dimension : tensor_shape) extents.push_back(dimension.size);
  extents.back() = size;
  return extents;
}

}  // namespace st::huggingface
