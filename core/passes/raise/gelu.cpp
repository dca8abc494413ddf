// SPDX-License-Identifier: Apache-2.0
// Gelu spelt out: x / 2 * (1 + erf(x / sqrt(2))), or
// x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))).
#include <cmath>
#include <numbers>

#include "core/passes/raise/match.h"
#include "core/passes/raise/rewrites.h"

namespace st {
namespace {

constexpr double Cubic = 0.044715;

/// x of 0.044715 x^3, or of 0.044715 x^2; NoValue otherwise.
ValueId small_power(Rewriter& rewriter, ValueId id, int exponent) {
  const auto is_power = [&](ValueId power) {
    if (exponent == 2) return squared(rewriter, power);
    if (const Node* pow = rewriter.made_by(power, "Pow")) {
      const ValueId x = pow->input(0);
      return rewriter.scalar(pow->input(1)) == 3.0 ? x : NoValue;
    }
    const Node* product = rewriter.made_by(power, "Mul");
    if (product == nullptr) return NoValue;
    for (const auto& [square, x] : either_order(Node(*product)))
      if (squared(rewriter, square) == x) return x;
    return NoValue;
  };
  if (const ValueId power = multiple_of(rewriter, id, Cubic); power != NoValue)
    return is_power(power);
  // (0.044715 x) x
  const Node* product = rewriter.made_by(id, "Mul");
  if (product == nullptr || exponent != 2) return NoValue;
  for (const auto& [part, x] : either_order(Node(*product)))
    if (multiple_of(rewriter, part, Cubic) == x) return x;
  return NoValue;
}

/// Whether `id` is x + 0.044715 x^3, or x (1 + 0.044715 x^2).
bool is_cubic(Rewriter& rewriter, ValueId id, ValueId x) {
  if (const Node* sum = rewriter.made_by(id, "Add")) {
    for (const auto& [first, power] : either_order(Node(*sum)))
      if (first == x && small_power(rewriter, power, 3) == x) return true;
  }
  if (const Node* product = rewriter.made_by(id, "Mul")) {
    for (const auto& [first, factor] : either_order(Node(*product))) {
      const auto sum = first == x ? scaled_by(rewriter, factor, "Add") : std::nullopt;
      if (sum && sum->second == 1.0 && small_power(rewriter, sum->first, 2) == x) return true;
    }
  }
  return false;
}

/// Whether `id` is sqrt(2 / pi) times the cubic of x, with the factor at any place.
bool is_tanh_argument(Rewriter& rewriter, ValueId id, ValueId x) {
  const double factor = std::sqrt(2 / std::numbers::pi);
  const ValueId cubic = multiple_of(rewriter, id, factor);
  if (cubic != NoValue) return is_cubic(rewriter, cubic, x);
  // (sqrt(2 / pi) x) (1 + 0.044715 x^2)
  const Node* product = rewriter.made_by(id, "Mul");
  if (product == nullptr) return false;
  for (const auto& [first, second] : either_order(Node(*product))) {
    const auto sum = multiple_of(rewriter, first, factor) == x ? scaled_by(rewriter, second, "Add")
                                                               : std::nullopt;
    if (sum && sum->second == 1.0 && small_power(rewriter, sum->first, 2) == x) return true;
  }
  return false;
}

enum class Form { None, Exact, Tanh };

/// Whether `id` is 1 + erf(..) or 1 + tanh(..) of x.
Form form_of(Rewriter& rewriter, ValueId id, ValueId x) {
  const auto sum = scaled_by(rewriter, id, "Add");
  if (!sum || sum->second != 1.0) return Form::None;
  if (const Node* erf = rewriter.made_by(sum->first, "Erf")) {
    const ValueId argument = erf->input(0);
    return multiple_of(rewriter, argument, std::numbers::sqrt2 / 2) == x ? Form::Exact : Form::None;
  }
  if (const Node* tanh = rewriter.made_by(sum->first, "Tanh")) {
    const ValueId argument = tanh->input(0);
    return is_tanh_argument(rewriter, argument, x) ? Form::Tanh : Form::None;
  }
  return Form::None;
}

}  // namespace

bool raise_gelu(Rewriter& rewriter, size_t n) {
  const Node node = rewriter.graph().nodes[n];
  if (!node.domain.empty() || (node.op != "Mul" && node.op != "Div")) return false;
  // The three factors 0.5, x and the sum, multiplied in any order.
  std::vector<std::pair<ValueId, ValueId>> factors;
  if (const ValueId rest = multiple_of(rewriter, node.outputs[0], 0.5); rest != NoValue) {
    if (const Node* product = rewriter.made_by(rest, "Mul")) {
      for (const auto& each : either_order(*product)) factors.push_back(each);
    }
  } else if (node.op == "Mul") {
    for (const auto& [first, second] : either_order(node)) {
      const ValueId half = multiple_of(rewriter, first, 0.5);
      if (half == NoValue) continue;
      factors.emplace_back(half, second);
      factors.emplace_back(second, half);
    }
  }
  for (const auto& [x, sum] : factors) {
    const Form form = x == NoValue ? Form::None : form_of(rewriter, sum, x);
    if (form == Form::None) continue;
    std::map<std::string, Attribute> attributes;
    if (form == Form::Tanh) attributes["approximate"] = std::string("tanh");
    rewriter.replace(n, "Gelu", {x}, std::move(attributes));
    return true;
  }
  return false;
}

}  // namespace st
