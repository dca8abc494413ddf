// SPDX-License-Identifier: Apache-2.0
// Reductions over any dimensions, and the places of largest and smallest elements.
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "core/ops/element.h"
#include "core/ops/groups.h"

namespace st {
namespace {

/// What is made of a group. Integers without a function of their own go through double.
struct ReductionRule {
  std::string_view summary;
  double (*real)(const std::vector<double>&);
  int64_t (*integer)(const std::vector<int64_t>&) = nullptr;
  uint64_t (*natural)(const std::vector<uint64_t>&) = nullptr;
  bool extreme = false;  ///< has bools, too, and of no integers the farthest that there is
};

// Integers wrap as in two's complement, which C++ has for unsigned ones only.
template <typename W>
using Modular = std::conditional_t<std::is_same_v<W, double>, double, uint64_t>;

template <typename W, typename Term>
W summed(const std::vector<W>& group, const Term& term) {
  Modular<W> sum = 0;
  for (const W value : group) sum += term(static_cast<Modular<W>>(value));
  return static_cast<W>(sum);
}

struct Sum {
  template <typename W>
  W operator()(const std::vector<W>& group) const {
    return summed(group, [](auto value) { return value; });
  }
};
struct SumOfSquares {
  template <typename W>
  W operator()(const std::vector<W>& group) const {
    return summed(group, [](auto value) { return value * value; });
  }
};
struct SumOfMagnitudes {
  template <typename W>
  W operator()(const std::vector<W>& group) const {
    Modular<W> sum = 0;
    for (const W value : group) {
      const auto term = static_cast<Modular<W>>(value);
      sum += value < 0 ? 0 - term : term;
    }
    return static_cast<W>(sum);
  }
};
struct Product {
  template <typename W>
  W operator()(const std::vector<W>& group) const {
    Modular<W> product = 1;
    for (const W value : group) product *= static_cast<Modular<W>>(value);
    return static_cast<W>(product);
  }
};
/// Whether `a` goes before `b` as the largest (or smallest); a NaN goes before all.
template <bool Largest, typename W>
bool before(W a, W b) {
  if constexpr (std::is_same_v<W, double>) {
    if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && !std::isnan(b);
  }
  return Largest ? a > b : a < b;
}
template <bool Largest>
struct Extreme {
  template <typename W>
  W operator()(const std::vector<W>& group) const {
    if (group.empty()) {
      if constexpr (std::is_same_v<W, double>) return Largest ? -INFINITY : INFINITY;
      return 0;  // not asked for: integers have no infinity
    }
    W best = group[0];
    for (const W value : group) {
      if (before<Largest>(value, best)) best = value;
    }
    return best;
  }
};

double mean(const std::vector<double>& group) {
  return Sum()(group) / static_cast<double>(group.size());
}
double length(const std::vector<double>& group) { return std::sqrt(SumOfSquares()(group)); }
double log_of_sum(const std::vector<double>& group) { return std::log(Sum()(group)); }
double log_of_powers(const std::vector<double>& group) {
  const double peak = Extreme<true>()(group);
  if (std::isinf(peak)) return peak;
  double sum = 0;
  for (const double value : group) sum += std::exp(value - peak);
  return peak + std::log(sum);
}

template <typename Reduction>
ReductionRule rule(std::string_view summary, bool extreme = false) {
  return {summary, [](const std::vector<double>& g) { return Reduction()(g); },
          [](const std::vector<int64_t>& g) { return Reduction()(g); },
          [](const std::vector<uint64_t>& g) { return Reduction()(g); }, extreme};
}

const std::map<std::string_view, ReductionRule>& reduction_rules() {
  static const std::map<std::string_view, ReductionRule> all = {
      {"ReduceSum", rule<Sum>("sum")},
      {"ReduceSumSquare", rule<SumOfSquares>("sum of squares")},
      {"ReduceL1", rule<SumOfMagnitudes>("sum of magnitudes")},
      {"ReduceProd", rule<Product>("product")},
      {"ReduceMax", rule<Extreme<true>>("largest", true)},
      {"ReduceMin", rule<Extreme<false>>("smallest", true)},
      {"ReduceMean", {"mean", mean}},
      {"ReduceL2", {"square root of the sum of squares", length}},
      {"ReduceLogSum", {"logarithm of the sum", log_of_sum}},
      {"ReduceLogSumExp", {"logarithm of the sum of e^x", log_of_powers}}};
  return all;
}

template <typename T>
T reduced(const ReductionRule& rule, const std::vector<Wide<T>>& group, bool largest) {
  if constexpr (IsReal<T>) {
    return narrowed<T>(rule.real(group));
  } else {
    if (group.empty() && rule.extreme) {
      if constexpr (IsBoolean<T>) {
        return Boolean(!largest);
      } else {
        return largest ? std::numeric_limits<T>::min() : std::numeric_limits<T>::max();
      }
    }
    if constexpr (std::is_same_v<Wide<T>, int64_t>) {
      if (rule.integer) return narrowed<T>(rule.integer(group));
    } else {
      if (rule.natural) return narrowed<T>(rule.natural(group));
    }
    return converted<T>(rule.real({group.begin(), group.end()}));
  }
}

std::vector<int64_t> reduced_shape(const Node& node, const std::vector<int64_t>& shape,
                                   const std::vector<int64_t>& dimensions) {
  std::vector<bool> gone(shape.size(), false);
  for (const int64_t dimension : dimensions) gone[dimension] = true;
  const bool keep = node.integer("keepdims", 1) != 0;
  std::vector<int64_t> left;
  for (size_t d = 0; d < shape.size(); ++d) {
    if (!gone[d]) left.push_back(shape[d]);
    if (gone[d] && keep) left.push_back(1);
  }
  return left;
}

Result<std::vector<Tensor>> reduce_reference(const Node& node, const Operands& in) {
  const ReductionRule& rule = reduction_rules().at(node.op);
  const Tensor& x = *in[0];
  if (x.dtype() == DType::Bool && !rule.extreme)
    return operand_error(node, in, "it has no operand of type bool");
  ST_TRY(axes, axes_of(node, in));
  ST_TRY(dimensions, dimensions_of(node, axes, rank_of(x)));
  // Without axes, all dimensions are reduced, or each element for itself.
  if (dimensions.empty() && node.integer("noop_with_empty_axes", 0) == 0) {
    dimensions.resize(x.shape.size());
    std::iota(dimensions.begin(), dimensions.end(), 0);
  }
  ST_TRY(groups, Groups::along(node, x.shape, dimensions));
  ST_TRY(y, result_of(node, x.dtype(), reduced_shape(node, x.shape, dimensions)));
  visit_elements(y, [&](auto& to) {
    using T = ElementOf<decltype(to)>;
    const std::vector<T>& from = x.as<T>();
    std::vector<Wide<T>> group(groups.offsets.size());
    for (size_t g = 0; g < to.size(); ++g) {
      for (size_t i = 0; i < group.size(); ++i)
        group[i] = widened(from[groups.starts[g] + groups.offsets[i]]);
      to[g] = reduced<T>(rule, group, node.op == "ReduceMax");
    }
  });
  return tensors(std::move(y));
}

template <bool Largest>
Result<std::vector<Tensor>> place_reference(const Node& node, const Operands& in) {
  const Tensor& x = *in[0];
  ST_TRY(axis, dimension_of(node, node.integer("axis", 0), rank_of(x)));
  ST_TRY(groups, Groups::along(node, x.shape, axis));
  ST_TRY(y, result_of(node, DType::I64, reduced_shape(node, x.shape, {axis})));
  if (groups.offsets.empty() && y.size() > 0)
    return operand_error(node, in, "no element is the largest or smallest of none");
  const bool last = node.integer("select_last_index", 0) != 0;
  visit_elements(x, [&](const auto& from) {
    for (size_t g = 0; g < groups.starts.size(); ++g) {
      size_t best = 0;
      for (size_t i = 1; i < groups.offsets.size(); ++i) {
        const auto value = widened(from[groups.starts[g] + groups.offsets[i]]);
        const auto first = widened(from[groups.starts[g] + groups.offsets[best]]);
        if (before<Largest>(value, first) || (last && !before<Largest>(first, value))) best = i;
      }
      y.as<int64_t>()[g] = static_cast<int64_t>(best);
    }
  });
  return tensors(std::move(y));
}

}  // namespace

void add_reduce_ops(std::vector<OpRecord>& records) {
  for (const auto& [name, rule] : reduction_rules())
    add_interpreted(records, name, 1, 1, 2, rule.summary, reduce_reference);
  add_interpreted(records, "ArgMax", 1, 1, 1, "place of the largest element of an axis",
                  place_reference<true>);
  add_interpreted(records, "ArgMin", 1, 1, 1, "place of the smallest element of an axis",
                  place_reference<false>);
}

}  // namespace st
