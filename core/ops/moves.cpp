// SPDX-License-Identifier: Apache-2.0
#include "core/ops/moves.h"

#include <cstring>

#include "core/dataflow/stream_values.h"

namespace st {

Mover::Mover(const Tensor& from, Tensor& to)
    : from_(bytes_of(from)), to_(bytes_of(to)), size_(bytes_of(to.dtype())) {}

void Mover::copy(int64_t to, int64_t from, int64_t count) const {
  if (count > 0)
    std::memcpy(to_ + to * size_, from_ + from * size_, static_cast<size_t>(count * size_));
}

std::vector<int64_t> strides_of(const std::vector<int64_t>& shape) {
  std::vector<int64_t> strides(shape.size(), 0);
  if (element_count(shape) == 0) return strides;
  int64_t stride = 1;
  for (size_t d = shape.size(); d-- > 0;) {
    strides[d] = stride;
    stride *= shape[d];
  }
  return strides;
}

void copy_strided(const Tensor& from, const std::vector<int64_t>& strides, Tensor& to) {
  const Mover mover(from, to);
  const std::vector<int64_t>& shape = to.shape;
  std::vector<int64_t> counter(shape.size(), 0);
  int64_t source = 0;
  for (int64_t at = 0; at < to.size(); ++at) {
    mover.copy(at, source, 1);
    for (size_t d = shape.size(); d-- > 0;) {
      source += strides[d];
      if (++counter[d] < shape[d]) break;
      source -= strides[d] * shape[d];
      counter[d] = 0;
    }
  }
}

void copy_places(const Tensor& from, const std::vector<std::vector<int64_t>>& places, Tensor& to) {
  const Mover mover(from, to);
  const std::vector<int64_t> strides = strides_of(from.shape);
  const std::vector<int64_t>& shape = to.shape;
  std::vector<int64_t> counter(shape.size(), 0);
  for (int64_t at = 0; at < to.size(); ++at) {
    int64_t source = 0;
    for (size_t d = 0; d < shape.size() && source >= 0; ++d) {
      const int64_t place = places[d][counter[d]];
      source = place < 0 ? -1 : source + place * strides[d];
    }
    if (source >= 0) mover.copy(at, source, 1);
    for (size_t d = shape.size(); d-- > 0;) {
      if (++counter[d] < shape[d]) break;
      counter[d] = 0;
    }
  }
}

}  // namespace st
