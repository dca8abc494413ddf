// SPDX-License-Identifier: Apache-2.0
#include "core/ops/broadcast.h"

#include <algorithm>

namespace st {

void Broadcast::add(const std::vector<int64_t>& shape) {
  std::vector<int64_t> strides(shape_.size(), 0);
  int64_t stride = 1;
  // Without elements there is nothing to walk, and extents may be any numbers; what is too large
  // for a result is not walked either.
  const int64_t elements = element_count(shape);
  const size_t rank = elements == 0 || elements > MostExtent ? 0 : shape.size();
  for (size_t i = 0; i < rank; ++i) {
    const int64_t extent = shape[shape.size() - 1 - i];
    if (extent != 1) strides[shape_.size() - 1 - i] = stride;
    stride *= extent;
  }
  strides_.push_back(std::move(strides));
}

Result<Broadcast> Broadcast::of(const Node& node, const Operands& in) {
  Broadcast made;
  for (const Tensor* tensor : in) {
    if (!tensor) return operand_error(node, in, "no operand may be left out");
    const std::vector<int64_t>& shape = tensor->shape;
    if (shape.size() > made.shape_.size())
      made.shape_.insert(made.shape_.begin(), shape.size() - made.shape_.size(), 1);
    for (size_t i = 0; i < shape.size(); ++i) {
      int64_t& extent = made.shape_[made.shape_.size() - shape.size() + i];
      if (extent == 1) extent = shape[i];
      if (shape[i] != 1 && shape[i] != extent)
        return operand_error(node, in, "the shapes do not broadcast");
    }
  }
  for (const Tensor* tensor : in) made.add(tensor->shape);
  return made;
}

Result<Broadcast> Broadcast::to(const Node& node, const Operands& in, const Tensor& operand,
                                const std::vector<int64_t>& shape) {
  const std::vector<int64_t>& own = operand.shape;
  bool fits = own.size() <= shape.size();
  for (size_t i = 0; fits && i < own.size(); ++i) {
    const int64_t extent = shape[shape.size() - own.size() + i];
    fits = own[i] == 1 || own[i] == extent;
  }
  if (!fits) return operand_error(node, in, "an operand does not broadcast to the other's shape");
  Broadcast made;
  made.shape_ = shape;
  made.add(own);
  return made;
}

}  // namespace st
