// SPDX-License-Identifier: Apache-2.0
// Elementwise operators of one operand.
#include <algorithm>
#include <cmath>
#include <map>

#include "core/ops/arithmetic.h"
#include "core/ops/element.h"
#include "core/ops/reference.h"

namespace st {
namespace {

/// Attributes that shape a function, by their defaults; "" for what it does not have.
struct Parameter {
  const char* name = "";
  float otherwise = 0;
};

struct UnaryRule {
  int since_opset;
  std::string_view summary;
  double (*real)(double x, double a, double b);
  Parameter a = {}, b = {};
  int64_t (*integer)(int64_t) = nullptr;  ///< of signed integers, which have the operator then
  bool naturals = false;                  ///< unsigned integers are left as they are
};

int64_t negated(int64_t x) { return static_cast<int64_t>(0 - static_cast<uint64_t>(x)); }
double sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }
double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::fabs(x))); }
double hard_sigmoid(double x, double alpha, double beta) {
  return std::isnan(x) ? x : std::max(0.0, std::min(1.0, alpha * x + beta));
}
double sign(double x) { return std::isnan(x) ? x : static_cast<double>((x > 0) - (x < 0)); }
double gelu_exact(double x, double, double) {
  return 0.5 * x * (1.0 + std::erf(x * std::sqrt(0.5)));
}
double gelu_tanh(double x, double, double) {
  return 0.5 * x * (1.0 + std::tanh(std::sqrt(2.0 / M_PI) * (x + 0.044715 * x * x * x)));
}
constexpr float SeluAlpha = 1.67326319217681884765625f, SeluGamma = 1.05070102214813232421875f;

using D = double;

const std::map<std::string_view, UnaryRule>& unary_rules() {
  static const std::map<std::string_view, UnaryRule> all = {
      // Those with kernels are in elementwise.cpp; their functions stand here with the others.
      {"Sigmoid", {6, "", [](D x, D, D) { return sigmoid(x); }}},
      {"Tanh", {6, "", [](D x, D, D) { return std::tanh(x); }}},
      {"Relu",
       {6,
        "",
        [](D x, D, D) { return x < 0 ? 0 : x; },
        {},
        {},
        [](int64_t x) { return std::max<int64_t>(x, 0); }}},
      {"Swish",
       {24, "", [](D x, D a, D) { return x / (1.0 + std::exp(-a * x)); }, {"alpha", 1.0f}}},
      {"Gelu", {20, "", gelu_exact}},
      {"Abs",
       {6,
        "absolute value",
        [](D x, D, D) { return std::fabs(x); },
        {},
        {},
        [](int64_t x) { return x < 0 ? negated(x) : x; },
        true}},
      {"Neg", {6, "-x", [](D x, D, D) { return -x; }, {}, {}, negated}},
      {"Sign",
       {9,
        "-1, 0 or 1",
        [](D x, D, D) { return sign(x); },
        {},
        {},
        [](int64_t x) { return static_cast<int64_t>((x > 0) - (x < 0)); }}},
      {"Sqrt", {6, "square root", [](D x, D, D) { return std::sqrt(x); }}},
      {"Reciprocal", {6, "1 / x", [](D x, D, D) { return 1.0 / x; }}},
      {"Exp", {6, "e^x", [](D x, D, D) { return std::exp(x); }}},
      {"Log", {6, "natural logarithm", [](D x, D, D) { return std::log(x); }}},
      {"Sin", {7, "of radians", [](D x, D, D) { return std::sin(x); }}},
      {"Cos", {7, "of radians", [](D x, D, D) { return std::cos(x); }}},
      {"Tan", {7, "of radians", [](D x, D, D) { return std::tan(x); }}},
      {"Asin", {7, "in radians", [](D x, D, D) { return std::asin(x); }}},
      {"Acos", {7, "in radians", [](D x, D, D) { return std::acos(x); }}},
      {"Atan", {7, "in radians", [](D x, D, D) { return std::atan(x); }}},
      {"Sinh", {9, "hyperbolic", [](D x, D, D) { return std::sinh(x); }}},
      {"Cosh", {9, "hyperbolic", [](D x, D, D) { return std::cosh(x); }}},
      {"Asinh", {9, "hyperbolic", [](D x, D, D) { return std::asinh(x); }}},
      {"Acosh", {9, "hyperbolic", [](D x, D, D) { return std::acosh(x); }}},
      {"Atanh", {9, "hyperbolic", [](D x, D, D) { return std::atanh(x); }}},
      {"Erf", {9, "error function", [](D x, D, D) { return std::erf(x); }}},
      {"Floor", {6, "downwards", [](D x, D, D) { return std::floor(x); }}},
      {"Ceil", {6, "upwards", [](D x, D, D) { return std::ceil(x); }}},
      {"Round",
       {11, "to the nearest, halves to even", [](D x, D, D) { return std::nearbyint(x); }}},
      {"HardSigmoid",
       {6, "max(0, min(1, alpha * x + beta))", hard_sigmoid, {"alpha", 0.2f}, {"beta", 0.5f}}},
      {"HardSwish",
       {14, "x * HardSigmoid(x)", [](D x, D, D) { return x * hard_sigmoid(x, 1.0 / 6.0, 0.5); }}},
      {"Softplus", {1, "log(1 + e^x)", [](D x, D, D) { return softplus(x); }}},
      {"Softsign", {1, "x / (1 + |x|)", [](D x, D, D) { return x / (1.0 + std::fabs(x)); }}},
      {"Mish", {18, "x * tanh(Softplus(x))", [](D x, D, D) { return x * std::tanh(softplus(x)); }}},
      {"Elu",
       {6,
        "x, or alpha * (e^x - 1) where x < 0",
        [](D x, D a, D) { return x < 0 ? a * std::expm1(x) : x; },
        {"alpha", 1.0f}}},
      {"Selu",
       {6,
        "gamma * Elu(x)",
        [](D x, D a, D g) { return g * (x < 0 ? a * std::expm1(x) : x); },
        {"alpha", SeluAlpha},
        {"gamma", SeluGamma}}},
      {"Celu",
       {12,
        "x, or alpha * (e^(x / alpha) - 1) where x < 0",
        [](D x, D a, D) { return std::max(0.0, x) + std::min(0.0, a * std::expm1(x / a)); },
        {"alpha", 1.0f}}},
      {"LeakyRelu",
       {6,
        "x, or alpha * x where x < 0",
        [](D x, D a, D) { return x < 0 ? a * x : x; },
        {"alpha", 0.01f}}},
      {"ThresholdedRelu",
       {10,
        "x where x > alpha, else 0",
        [](D x, D a, D) { return x > a ? x : 0.0; },
        {"alpha", 1.0f}}},
      {"Shrink",
       {9,
        "x moved by bias towards 0, or 0 where |x| <= lambd",
        [](D x, D lambd, D bias) { return x < -lambd  ? x + bias
                                          : x > lambd ? x - bias
                                                      : 0.0; },
        {"lambd", 0.5f},
        {"bias", 0.0f}}}};
  return all;
}

Diagnostic type_error(const Node& node, const Operands& in) {
  return operand_error(node, in,
                       "it has no operand of type " + std::string(name_of(in[0]->dtype())));
}

/// Of floats by `f`; of integers where the rule has them.
Result<std::vector<Tensor>> mapped(const Node& node, const Operands& in, const UnaryRule& rule,
                                   double (*f)(double, double, double)) {
  const double a = node.real(rule.a.name, rule.a.otherwise);
  const double b = node.real(rule.b.name, rule.b.otherwise);
  Tensor y = *in[0];
  const bool known = visit_elements(y, [&](auto& values) {
    using T = ElementOf<decltype(values)>;
    if constexpr (IsReal<T>) {
      for (T& value : values) value = narrowed<T>(f(widened(value), a, b));
      return true;
    } else if constexpr (std::is_signed_v<T>) {
      if (!rule.integer) return false;
      for (T& value : values) value = narrowed<T>(rule.integer(value));
      return true;
    } else {
      return !IsBoolean<T> && rule.naturals;
    }
  });
  if (!known) return type_error(node, in);
  return tensors(std::move(y));
}

Result<std::vector<Tensor>> gelu_reference(const Node& node, const Operands& in) {
  const std::string form = node.string("approximate", "none");
  if (form != "none" && form != "tanh")
    return attribute_error(node, "approximate is '" + printable(form) + "', not none or tanh");
  return mapped(node, in, unary_rules().at("Gelu"), form == "tanh" ? gelu_tanh : gelu_exact);
}

Result<std::vector<Tensor>> not_reference(const Node& node, const Operands& in) {
  if (in[0]->dtype() != DType::Bool) return type_error(node, in);
  Tensor y = *in[0];
  for (Boolean& value : y.as<Boolean>()) value.value = !value.value;
  return tensors(std::move(y));
}

Result<std::vector<Tensor>> bitwise_not_reference(const Node& node, const Operands& in) {
  if (!is_integer(in[0]->dtype())) return type_error(node, in);
  Tensor y = *in[0];
  visit_elements(y, [](auto& values) {
    using T = ElementOf<decltype(values)>;
    if constexpr (!IsReal<T> && !IsBoolean<T>) {
      for (T& value : values) value = static_cast<T>(~value);
    }
  });
  return tensors(std::move(y));
}

/// max(min, min(max, x)) of scalars that may be left out; where they cross, the result is `max`.
Result<std::vector<Tensor>> clip_reference(const Node& node, const Operands& in) {
  const Tensor *low = operand(in, 1), *high = operand(in, 2);
  for (const Tensor* bound : {low, high}) {
    if (bound && (bound->dtype() != in[0]->dtype() || bound->size() != 1))
      return operand_error(node, in, "the bounds must be scalars of the operand's type");
  }
  Tensor y = *in[0];
  const bool known = visit_elements(y, [&](auto& values) {
    using T = ElementOf<decltype(values)>;
    if constexpr (IsBoolean<T>) {
      return false;
    } else {
      for (T& value : values) {
        if (low && widened(value) < widened(low->as<T>()[0])) value = low->as<T>()[0];
        if (high && widened(value) > widened(high->as<T>()[0])) value = high->as<T>()[0];
      }
      return true;
    }
  });
  if (!known) return type_error(node, in);
  return tensors(std::move(y));
}

/// IsNaN and IsInf.
Result<std::vector<Tensor>> classified(const Node& node, const Operands& in) {
  if (!is_real(in[0]->dtype())) return type_error(node, in);
  const bool nan = node.op == "IsNaN";
  const bool above = node.integer("detect_positive", 1) != 0;
  const bool below = node.integer("detect_negative", 1) != 0;
  const std::vector<double> x = doubles_of(*in[0]);
  Tensor y = Tensor::zeros(DType::Bool, in[0]->shape);
  for (size_t i = 0; i < x.size(); ++i) {
    const bool infinite = std::isinf(x[i]) && (x[i] > 0 ? above : below);
    y.as<Boolean>()[i] = Boolean(nan ? std::isnan(x[i]) : infinite);
  }
  return tensors(std::move(y));
}

}  // namespace

Result<std::vector<Tensor>> unary_reference(const Node& node, const Operands& in) {
  if (node.op == "Gelu") return gelu_reference(node, in);
  const UnaryRule& rule = unary_rules().at(node.op);
  return mapped(node, in, rule, rule.real);
}

void add_unary_ops(std::vector<OpRecord>& records) {
  for (const auto& [name, rule] : unary_rules()) {
    if (!rule.summary.empty())
      add_interpreted(records, name, rule.since_opset, 1, 1, rule.summary, unary_reference);
  }
  add_interpreted(records, "Not", 1, 1, 1, "of bools", not_reference);
  add_interpreted(records, "BitwiseNot", 18, 1, 1, "of integers", bitwise_not_reference);
  add_interpreted(records, "Clip", 11, 1, 3, "to bounds that are operands", clip_reference);
  add_interpreted(records, "IsNaN", 9, 1, 1, "of floats", classified);
  add_interpreted(records, "IsInf", 10, 1, 1, "of floats", classified);
}

}  // namespace st
