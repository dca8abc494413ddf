// SPDX-License-Identifier: Apache-2.0
/// ONNX broadcasting of concrete tensors: a walk over the result, row by row, that says where each
/// operand's elements are.
#pragma once

#include <cstdint>
#include <vector>

#include "core/ops/reference.h"

namespace st {

/// Where the elements of a row are in an operand: `from`, `from + step`, ...
struct RowSource {
  int64_t from = 0, step = 0;
};

class Broadcast {
 public:
  /// Of all operands. Errors: E0306 where they do not broadcast, or one was left out.
  static Result<Broadcast> of(const Node& node, const Operands& in);
  /// Of one operand to a given shape, which it may not enlarge.
  static Result<Broadcast> to(const Node& node, const Operands& in, const Tensor& operand,
                              const std::vector<int64_t>& shape);

  [[nodiscard]] const std::vector<int64_t>& shape() const { return shape_; }

  /// Calls `row(at, count, sources)`: elements [at, at + count) of the result, and a source per
  /// operand.
  template <typename Row>
  void walk(const Row& row) const {
    const int64_t count = shape_.empty() ? 1 : shape_.back();
    const int64_t elements = element_count(shape_);
    if (elements == 0) return;
    std::vector<int64_t> counter(shape_.size(), 0);
    std::vector<RowSource> sources(strides_.size());
    for (size_t o = 0; o < strides_.size(); ++o)
      sources[o].step = shape_.empty() ? 0 : strides_[o].back();
    for (int64_t at = 0; at < elements; at += count) {
      row(at, count, sources);
      for (size_t d = shape_.size() < 2 ? 0 : shape_.size() - 1; d-- > 0;) {
        for (size_t o = 0; o < sources.size(); ++o) sources[o].from += strides_[o][d];
        if (++counter[d] < shape_[d]) break;
        for (size_t o = 0; o < sources.size(); ++o) sources[o].from -= strides_[o][d] * shape_[d];
        counter[d] = 0;
      }
    }
  }

 private:
  void add(const std::vector<int64_t>& shape);

  std::vector<int64_t> shape_;
  std::vector<std::vector<int64_t>> strides_;  ///< per operand and dimension of the result
};

/// z[i] = f(x[..], y[..]) over a broadcast of two.
template <typename Result, typename Left, typename Right, typename F>
void map_pairs(const Broadcast& broadcast, const std::vector<Left>& x, const std::vector<Right>& y,
               std::vector<Result>& z, const F& f) {
  broadcast.walk([&](int64_t at, int64_t count, const std::vector<RowSource>& from) {
    for (int64_t i = 0; i < count; ++i)
      z[at + i] = f(x[from[0].from + i * from[0].step], y[from[1].from + i * from[1].step]);
  });
}

/// values[i] = f(values[i], y[..]), y broadcast to the shape of the values.
template <typename Value, typename Other, typename F>
void update(const Broadcast& broadcast, std::vector<Value>& values, const std::vector<Other>& y,
            const F& f) {
  broadcast.walk([&](int64_t at, int64_t count, const std::vector<RowSource>& from) {
    for (int64_t i = 0; i < count; ++i)
      values[at + i] = f(values[at + i], y[from[0].from + i * from[0].step]);
  });
}

}  // namespace st
