// SPDX-License-Identifier: Apache-2.0
// Operators along one axis that keep the shape: Softmax and its like, CumSum, LpNormalization.
#include <algorithm>
#include <cmath>

#include "core/ops/element.h"
#include "core/ops/groups.h"

namespace st {
namespace {

using Group = std::vector<double>;

void softmax(Group& group) {
  double sum = 0;
  const double peak = *std::max_element(group.begin(), group.end());
  for (double& value : group) sum += value = std::exp(value - peak);
  for (double& value : group) value /= sum;
}

void log_softmax(Group& group) {
  double sum = 0;
  const double peak = *std::max_element(group.begin(), group.end());
  for (const double value : group) sum += std::exp(value - peak);
  for (double& value : group) value = value - peak - std::log(sum);
}

/// 1 at the first of the largest, 0 elsewhere.
void hardmax(Group& group) {
  const auto best = std::max_element(group.begin(), group.end()) - group.begin();
  std::fill(group.begin(), group.end(), 0.0);
  group[best] = 1.0;
}

template <void (*Change)(Group&)>
Result<std::vector<Tensor>> group_reference(const Node& node, const Operands& in) {
  const Tensor& x = *in[0];
  if (!is_real(x.dtype())) return operand_error(node, in, "the operand must be a float");
  ST_TRY(axis, dimension_of(node, node.integer("axis", -1), rank_of(x)));
  std::vector<double> values = doubles_of(x);
  if (!values.empty()) {
    ST_TRY(groups, Groups::along(node, x.shape, axis));
    groups.map(values, Change);
  }
  return tensors(tensor_of(x.dtype(), x.shape, values));
}

Result<std::vector<Tensor>> lp_reference(const Node& node, const Operands& in) {
  const Tensor& x = *in[0];
  if (!is_real(x.dtype())) return operand_error(node, in, "the operand must be a float");
  const int64_t p = node.integer("p", 2);
  if (p != 1 && p != 2) return attribute_error(node, "p must be 1 or 2");
  ST_TRY(axis, dimension_of(node, node.integer("axis", -1), rank_of(x)));
  std::vector<double> values = doubles_of(x);
  if (!values.empty()) {
    ST_TRY(groups, Groups::along(node, x.shape, axis));
    groups.map(values, [p](Group& group) {
      double norm = 0;
      for (const double value : group) norm += p == 1 ? std::fabs(value) : value * value;
      if (p == 2) norm = std::sqrt(norm);
      for (double& value : group) value = norm == 0 ? 0.0 : value / norm;
    });
  }
  return tensors(tensor_of(x.dtype(), x.shape, values));
}

/// Sums of all elements before each one of its axis, with it or without (`exclusive`), from the
/// front or from the back (`reverse`). Floats are rounded once for each sum.
Result<std::vector<Tensor>> cumsum_reference(const Node& node, const Operands& in) {
  const Tensor& x = *in[0];
  if (x.dtype() == DType::Bool) return operand_error(node, in, "it has no operand of type bool");
  ST_TRY(named, integer_of(node, in, 1));
  ST_TRY(axis, dimension_of(node, named, rank_of(x)));
  const bool exclusive = node.integer("exclusive", 0) != 0;
  const bool reverse = node.integer("reverse", 0) != 0;
  Tensor y = x;
  if (y.size() == 0) return tensors(std::move(y));
  ST_TRY(groups, Groups::along(node, x.shape, axis));
  std::vector<int64_t> offsets = groups.offsets;
  if (reverse) std::reverse(offsets.begin(), offsets.end());
  visit_elements(y, [&](auto& values) {
    using T = ElementOf<decltype(values)>;
    using Sum = std::conditional_t<IsReal<T>, double, uint64_t>;
    for (const int64_t start : groups.starts) {
      Sum sum = 0;
      for (const int64_t offset : offsets) {
        T& value = values[start + offset];
        const Sum before = sum;
        sum += static_cast<Sum>(widened(value));
        value = narrowed<T>(static_cast<Wide<T>>(exclusive ? before : sum));
      }
    }
  });
  return tensors(std::move(y));
}

}  // namespace

void add_group_ops(std::vector<OpRecord>& records) {
  add_interpreted(records, "Softmax", 13, 1, 1, "e^x as parts of 1, along an axis",
                  group_reference<softmax>);
  add_interpreted(records, "LogSoftmax", 13, 1, 1, "logarithm of Softmax",
                  group_reference<log_softmax>);
  add_interpreted(records, "Hardmax", 13, 1, 1, "1 at the largest element of an axis",
                  group_reference<hardmax>);
  add_interpreted(records, "LpNormalization", 1, 1, 1, "parts of the length, along an axis",
                  lp_reference);
  add_interpreted(records, "CumSum", 11, 2, 2, "sums up to each element of an axis",
                  cumsum_reference);
}

}  // namespace st
