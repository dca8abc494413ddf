// SPDX-License-Identifier: Apache-2.0
/// Linear layers in the interpreter whose weights are there as tensors: beats of rows come and go
/// as they do otherwise.
#pragma once

#include <algorithm>

#include "core/dataflow/kernels/arithmetic.h"
#include "core/dataflow/kernels/matmul.h"

namespace st {

/// The weights that make result number `n` of a row.
struct WeightRow {
  int64_t stream;  ///< whose tensor has them
  int64_t row;     ///< of that tensor
};
inline WeightRow weight_row(const MatmulShape& shape, int64_t n) {
  const int64_t turn = n / shape.lanes(), lane = n % shape.lanes();
  return {lane / shape.rows, turn * shape.rows + lane % shape.rows};
}

/// `result(firing, x, n)`: result number n of a row x of X's. A tile of results is made when all of
/// the row has been read for it.
template <typename X, typename Y, typename ResultOf>
Nest whole_matmul(const Program& program, const Kernel& kernel, const MatmulShape& shape,
                  const ResultOf& result) {
  const auto x = local<X>(shape.depth());
  const int64_t lanes = shape.depth_lanes, out_lanes = shape.out_lanes;
  const auto take = [=](Firing& f) {
    std::copy_n(f.in<X>(0), lanes, x->begin() + f.counter(2) * lanes);
  };
  const auto make = [=](Firing& f) {
    const int64_t first = f.counter(1) * shape.tile() + f.counter(2) * out_lanes;
    for (int64_t i = 0; i < out_lanes; ++i) f.out<Y>(0)[i] = result(f, x->data(), first + i);
  };
  return {loop(rows_of(program, kernel),
               {loop(shape.tiles, {loop(shape.depth_beats, {read(0, take)}),
                                   loop(shape.tile() / out_lanes, {write(0, make)})})})};
}

}  // namespace st
