// SPDX-License-Identifier: Apache-2.0
// Operators that look elements up, or put them down, by indices that are operands.
#include <algorithm>

#include "core/ops/element.h"
#include "core/ops/move_ops.h"
#include "core/ops/moves.h"
#include "core/ops/reference.h"

namespace st {
namespace {

/// Indices into a dimension, counted from its end if negative. Errors: E0604 for one out of range.
Result<std::vector<int64_t>> indices_of(const Node& node, const Operands& in, size_t i,
                                        int64_t extent) {
  const Tensor& given = *in[i];
  if (given.dtype() != DType::I32 && given.dtype() != DType::I64)
    return operand_error(node, in, "the indices must be int32 or int64");
  std::vector<int64_t> indices(static_cast<size_t>(given.size()));
  for (size_t e = 0; e < indices.size(); ++e) {
    const int64_t index = given.integer(static_cast<int64_t>(e));
    if (index < -extent || index >= extent)
      return index_error(node, "index " + std::to_string(index) + " is outside the " +
                                   std::to_string(extent) + " rows of the table");
    indices[e] = index < 0 ? index + extent : index;
  }
  return indices;
}

/// Checks that `indices` has the rank of `x`, and fits into it except along `axis`.
Status check_elements(const Node& node, const Operands& in, int64_t axis) {
  const std::vector<int64_t>&x = in[0]->shape, &indices = in[1]->shape;
  bool fits = x.size() == indices.size();
  for (size_t d = 0; fits && d < x.size(); ++d)
    fits = static_cast<int64_t>(d) == axis || indices[d] <= x[d];
  if (fits) return {};
  return operand_error(node, in, "the indices do not lie in the operand's shape");
}

/// Position in a tensor of `shape` of the element whose place in `inner` is `flat`, but for `axis`,
/// where it is `index`.
int64_t position_of(int64_t flat, const std::vector<int64_t>& inner,
                    const std::vector<int64_t>& strides, int64_t axis, int64_t index) {
  int64_t position = index * strides[axis];
  for (size_t d = inner.size(); d-- > 0;) {
    if (static_cast<int64_t>(d) != axis) position += flat % inner[d] * strides[d];
    flat /= inner[d];
  }
  return position;
}

Result<std::vector<Tensor>> gather_elements_reference(const Node& node, const Operands& in) {
  const Tensor& x = *in[0];
  ST_TRY(axis, dimension_of(node, node.integer("axis", 0), rank_of(x)));
  ST_CHECK(check_elements(node, in, axis));
  ST_TRY(indices, indices_of(node, in, 1, x.shape[axis]));
  Tensor y = Tensor::zeros(x.dtype(), in[1]->shape);
  const Mover mover(x, y);
  const std::vector<int64_t> strides = strides_of(x.shape);
  for (int64_t i = 0; i < y.size(); ++i)
    mover.copy(i, position_of(i, y.shape, strides, axis, indices[i]), 1);
  return tensors(std::move(y));
}

Result<std::vector<Tensor>> scatter_elements_reference(const Node& node, const Operands& in) {
  const Tensor &x = *in[0], &updates = *in[2];
  if (node.string("reduction", "none") != "none")
    return unsupported(node, "elements are replaced, not combined (reduction = none)");
  ST_TRY(axis, dimension_of(node, node.integer("axis", 0), rank_of(x)));
  ST_CHECK(check_elements(node, in, axis));
  if (updates.dtype() != x.dtype() || updates.shape != in[1]->shape)
    return operand_error(node, in, "there must be an update for each index");
  ST_TRY(indices, indices_of(node, in, 1, x.shape[axis]));
  Tensor y = x;
  const Mover mover(updates, y);
  const std::vector<int64_t> strides = strides_of(x.shape);
  for (int64_t i = 0; i < updates.size(); ++i)
    mover.copy(position_of(i, updates.shape, strides, axis, indices[i]), i, 1);
  return tensors(std::move(y));
}

/// Slices of `x` at the tuples in the last dimension of the indices.
Result<std::vector<Tensor>> gather_nd_reference(const Node& node, const Operands& in) {
  const Tensor &x = *in[0], &given = *in[1];
  const int64_t batch = node.integer("batch_dims", 0);
  const int64_t rank = rank_of(x), tuple = given.shape.empty() ? 0 : given.shape.back();
  const bool fits = batch >= 0 && batch < std::min(rank, rank_of(given)) && tuple >= 1 &&
                    tuple <= rank - batch &&
                    std::equal(x.shape.begin(), x.shape.begin() + batch, given.shape.begin());
  if (!fits || (given.dtype() != DType::I64 && given.dtype() != DType::I32))
    return operand_error(node, in, "the indices are no tuples of the operand's dimensions");
  std::vector<int64_t> shape(given.shape.begin(), given.shape.end() - 1);
  shape.insert(shape.end(), x.shape.begin() + batch + tuple, x.shape.end());
  ST_TRY(y, result_of(node, x.dtype(), shape));
  if (y.size() == 0) return tensors(std::move(y));
  const std::vector<int64_t> strides = strides_of(x.shape);
  const int64_t count = given.size() / tuple, run = y.size() / count;
  const int64_t per_batch = count / extent_product(given.shape, 0, batch);
  const Mover mover(x, y);
  for (int64_t t = 0; t < count; ++t) {
    int64_t from = batch == 0 ? 0 : t / per_batch * strides[batch - 1];
    for (int64_t i = 0; i < tuple; ++i) {
      const int64_t extent = x.shape[batch + i], index = given.integer(t * tuple + i);
      if (index < -extent || index >= extent)
        return operand_error(node, in, "index " + std::to_string(index) + " is outside");
      from += (index < 0 ? index + extent : index) * strides[batch + i];
    }
    mover.copy(t * run, from, run);
  }
  return tensors(std::move(y));
}

}  // namespace

Result<std::vector<Tensor>> gather_reference(const Node& node, const Operands& in) {
  const Tensor& x = *in[0];
  ST_TRY(axis, dimension_of(node, node.integer("axis", 0), rank_of(x)));
  ST_TRY(indices, indices_of(node, in, 1, x.shape[axis]));
  std::vector<int64_t> shape(x.shape.begin(), x.shape.begin() + axis);
  shape.insert(shape.end(), in[1]->shape.begin(), in[1]->shape.end());
  shape.insert(shape.end(), x.shape.begin() + axis + 1, x.shape.end());
  ST_TRY(y, result_of(node, x.dtype(), shape));
  if (y.size() == 0) return tensors(std::move(y));
  const int64_t outer = extent_product(x.shape, 0, axis);
  const int64_t run = extent_product(x.shape, axis + 1, rank_of(x));
  const Mover mover(x, y);
  int64_t to = 0;
  for (int64_t o = 0; o < outer; ++o) {
    for (const int64_t index : indices) {
      mover.copy(to, (o * x.shape[axis] + index) * run, run);
      to += run;
    }
  }
  return tensors(std::move(y));
}

void add_index_ops(std::vector<OpRecord>& records) {
  add_interpreted(records, "GatherElements", 11, 2, 2, "an element for each index",
                  gather_elements_reference);
  add_interpreted(records, "GatherND", 12, 2, 2, "slices by tuples of indices",
                  gather_nd_reference);
  add_interpreted(records, "ScatterElements", 11, 3, 3, "an update for each index",
                  scatter_elements_reference);
}

}  // namespace st
