// SPDX-License-Identifier: Apache-2.0
#include "core/passes/raise/match.h"

#include <cmath>

namespace st {

bool is_near(double value, double number) {
  constexpr double Digits = 2e-6;  // exporters print six digits, or what is left of a float32
  return std::fabs(value - number) <= Digits * std::fabs(number);
}

std::array<std::pair<ValueId, ValueId>, 2> either_order(const Node& node) {
  return {std::pair{node.input(0), node.input(1)}, std::pair{node.input(1), node.input(0)}};
}

ValueId squared(Rewriter& rewriter, ValueId id) {
  if (const Node* pow = rewriter.made_by(id, "Pow")) {
    const ValueId x = pow->input(0), exponent = pow->input(1);
    return rewriter.scalar(exponent) == 2.0 ? x : NoValue;
  }
  const Node* product = rewriter.made_by(id, "Mul");
  if (product == nullptr || product->input(0) != product->input(1)) return NoValue;
  return product->input(0);
}

ValueId mean_of_last(Rewriter& rewriter, ValueId id) {
  const Node* mean = rewriter.made_by(id, "ReduceMean");
  if (mean == nullptr || mean->integer("keepdims", 1) != 1) return NoValue;
  const ValueId x = mean->input(0);
  std::vector<int64_t> axes = mean->integers("axes");
  if (mean->input(1) != NoValue) axes = rewriter.integers(mean->input(1)).value_or(axes);
  const TensorType* type = rewriter.type(x);
  const int64_t last = type == nullptr ? -1 : static_cast<int64_t>(type->shape.size()) - 1;
  if (axes.size() != 1 || (axes[0] != -1 && axes[0] != last)) return NoValue;
  return x;
}

std::optional<std::pair<ValueId, double>> scaled_by(Rewriter& rewriter, ValueId id,
                                                    std::string_view op) {
  const Node* node = rewriter.made_by(id, op);
  if (node == nullptr) return std::nullopt;
  return rewriter.with_scalar(Node(*node));
}

ValueId multiple_of(Rewriter& rewriter, ValueId id, double number) {
  if (const auto product = scaled_by(rewriter, id, "Mul"))
    return is_near(product->second, number) ? product->first : NoValue;
  const Node* quotient = rewriter.made_by(id, "Div");
  if (quotient == nullptr) return NoValue;
  const ValueId x = quotient->input(0);
  const auto divisor = rewriter.scalar(quotient->input(1));
  return divisor && is_near(*divisor, 1 / number) ? x : NoValue;
}

std::optional<std::pair<ValueId, ValueId>> over_root(Rewriter& rewriter, ValueId id) {
  const auto under_root = [&](ValueId root) {
    const Node* made = rewriter.made_by(root, "Sqrt");
    return made == nullptr ? NoValue : made->input(0);
  };
  if (const Node* quotient = rewriter.made_by(id, "Div")) {
    const std::pair found{quotient->input(0), under_root(quotient->input(1))};
    return found.second == NoValue ? std::nullopt : std::optional(found);
  }
  const Node* product = rewriter.made_by(id, "Mul");
  if (product == nullptr) return std::nullopt;
  for (const auto& [x, factor] : either_order(Node(*product))) {
    ValueId root = NoValue;
    if (const Node* inverse = rewriter.made_by(factor, "Reciprocal")) {
      root = inverse->input(0);
    } else if (const Node* one = rewriter.made_by(factor, "Div")) {
      const ValueId divisor = one->input(1);
      if (rewriter.scalar(one->input(0)) == 1.0) root = divisor;
    }
    if (const ValueId found = under_root(root); found != NoValue) return std::pair{x, found};
  }
  return std::nullopt;
}

bool is_row_for(const Rewriter& rewriter, ValueId row, ValueId of) {
  if (row == NoValue) return false;
  const Value& value = rewriter.graph().values[static_cast<size_t>(row)];
  const auto width = rewriter.width(of);
  return value.constant && value.type && value.type->dtype == DType::F32 &&
         value.type->shape.size() == 1 && width && value.type->shape[0] == Extent(*width);
}

}  // namespace st
