// SPDX-License-Identifier: Apache-2.0
/// Elements that move without being looked at, whatever their type.
#pragma once

#include <cstdint>
#include <vector>

#include "core/graph/tensor.h"

namespace st {

/// Copies runs of elements between tensors of the same type.
class Mover {
 public:
  Mover(const Tensor& from, Tensor& to);
  /// Elements [from, from + count) to [to, to + count).
  void copy(int64_t to, int64_t from, int64_t count) const;

 private:
  const uint8_t* from_;
  uint8_t* to_;
  int64_t size_;
};

/// How far apart neighbours are in each dimension; all 0 for a tensor without elements.
std::vector<int64_t> strides_of(const std::vector<int64_t>& shape);

/// Element [i, j, ..] of `to` becomes the one of `from` at i * strides[0] + j * strides[1] + ..
void copy_strided(const Tensor& from, const std::vector<int64_t>& strides, Tensor& to);

/// Element [i, j, ..] of `to` becomes the one of `from` at [places[0][i], places[1][j], ..]; where
/// one of these is negative, it stays as it is.
void copy_places(const Tensor& from, const std::vector<std::vector<int64_t>>& places, Tensor& to);

}  // namespace st
