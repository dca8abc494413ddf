// SPDX-License-Identifier: Apache-2.0
// Elementwise operators of two or more operands with numbers as results, with broadcasting.
#include "core/ops/arithmetic.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/ops/broadcast.h"
#include "core/ops/element.h"

namespace st {
namespace {

using Real = double (*)(double, double);
using Signed = int64_t (*)(int64_t, int64_t);
using Unsigned = uint64_t (*)(uint64_t, uint64_t);

/// What an operator does to numbers; nullptr where it does not have such elements.
struct ArithmeticRule {
  Real real;
  Signed integer;
  Unsigned natural;
  bool divides = false;  ///< an integer zero on the right is refused
};

// Integers wrap as in two's complement, which C++ has for unsigned ones only.
int64_t wrapped(uint64_t value) { return static_cast<int64_t>(value); }
uint64_t bits(int64_t value) { return static_cast<uint64_t>(value); }

int64_t quotient(int64_t a, int64_t b) { return b == -1 ? wrapped(0 - bits(a)) : a / b; }
/// The remainder with the sign of the dividend.
int64_t remainder(int64_t a, int64_t b) { return b == -1 ? 0 : a % b; }
/// The remainder with the sign of the divisor.
int64_t modulus(int64_t a, int64_t b) {
  const int64_t rest = remainder(a, b);
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}
// A NaN is the largest and the smallest of numbers.
double larger(double a, double b) { return std::isnan(a) || a > b ? a : b; }
double smaller(double a, double b) { return std::isnan(a) || a < b ? a : b; }
uint64_t shifted_left(uint64_t a, uint64_t by) { return by < 64 ? a << by : 0; }
uint64_t shifted_right(uint64_t a, uint64_t by) { return by < 64 ? a >> by : 0; }

const std::map<std::string_view, ArithmeticRule>& arithmetic_rules() {
  static const std::map<std::string_view, ArithmeticRule> all = {
      {"Add",
       {[](double a, double b) { return a + b; },
        [](int64_t a, int64_t b) { return wrapped(bits(a) + bits(b)); },
        [](uint64_t a, uint64_t b) { return a + b; }}},
      {"Sub",
       {[](double a, double b) { return a - b; },
        [](int64_t a, int64_t b) { return wrapped(bits(a) - bits(b)); },
        [](uint64_t a, uint64_t b) { return a - b; }}},
      {"Mul",
       {[](double a, double b) { return a * b; },
        [](int64_t a, int64_t b) { return wrapped(bits(a) * bits(b)); },
        [](uint64_t a, uint64_t b) { return a * b; }}},
      {"Div",
       {[](double a, double b) { return a / b; }, quotient,
        [](uint64_t a, uint64_t b) { return a / b; }, true}},
      {"Max",
       {larger, [](int64_t a, int64_t b) { return std::max(a, b); },
        [](uint64_t a, uint64_t b) { return std::max(a, b); }}},
      {"Min",
       {smaller, [](int64_t a, int64_t b) { return std::min(a, b); },
        [](uint64_t a, uint64_t b) { return std::min(a, b); }}},
      {"Sum", {[](double a, double b) { return a + b; }, nullptr, nullptr}},
      {"Mean", {[](double a, double b) { return a + b; }, nullptr, nullptr}},
      {"PRelu",
       {[](double x, double slope) { return x < 0 ? slope * x : x; },
        [](int64_t x, int64_t slope) { return x < 0 ? wrapped(bits(x) * bits(slope)) : x; },
        [](uint64_t x, uint64_t) { return x; }}},
      {"BitwiseAnd",
       {nullptr, [](int64_t a, int64_t b) { return a & b; },
        [](uint64_t a, uint64_t b) { return a & b; }}},
      {"BitwiseOr",
       {nullptr, [](int64_t a, int64_t b) { return a | b; },
        [](uint64_t a, uint64_t b) { return a | b; }}},
      {"BitwiseXor",
       {nullptr, [](int64_t a, int64_t b) { return a ^ b; },
        [](uint64_t a, uint64_t b) { return a ^ b; }}}};
  return all;
}

bool has_zero(const Tensor& tensor) {
  return visit_elements(tensor, [](const auto& values) {
    return std::any_of(values.begin(), values.end(),
                       [](auto value) { return widened(value) == 0; });
  });
}

Result<Tensor> combined(const Node& node, const Operands& in, const ArithmeticRule& rule) {
  const DType type = in[0]->dtype();
  if (in[1]->dtype() != type)
    return operand_error(node, in, "the operands have different element types");
  ST_TRY(broadcast, Broadcast::of(node, in));
  if (rule.divides && is_integer(type) && has_zero(*in[1]))
    return operand_error(node, in, "an integer is divided by zero");
  ST_TRY(y, result_of(node, type, broadcast.shape()));
  const bool known = visit_elements(y, [&](auto& to) {
    using T = ElementOf<decltype(to)>;
    if constexpr (IsBoolean<T>) {
      return false;
    } else {
      const auto f = function_for<T>(rule);
      if (!f) return false;
      map_pairs(broadcast, in[0]->as<T>(), in[1]->as<T>(), to,
                [f](T a, T b) { return narrowed<T>(f(widened(a), widened(b))); });
      return true;
    }
  });
  if (!known)
    return operand_error(node, in, "it has no operands of type " + std::string(name_of(type)));
  return std::move(y);
}

/// One operand after the other; floats are rounded at the end only.
Result<std::vector<Tensor>> variadic_reference(const Node& node, const Operands& in) {
  const ArithmeticRule& rule = arithmetic_rules().at(node.op);
  if (!in[0]) return operand_error(node, in, "no operand may be left out");
  const DType type = in[0]->dtype();
  const DType inside = is_real(type) ? DType::F64 : type;
  if (type == DType::Bool || (is_integer(type) && !rule.integer))
    return operand_error(node, in, "it has no operands of type " + std::string(name_of(type)));
  Tensor sum = converted_to(inside, *in[0]);
  for (size_t i = 1; i < in.size(); ++i) {
    if (!in[i] || in[i]->dtype() != type)
      return operand_error(node, in, "the operands have different element types");
    const Tensor next = converted_to(inside, *in[i]);
    ST_TRY(more, combined(node, {&sum, &next}, rule));
    sum = std::move(more);
  }
  if (node.op == "Mean") {
    for (double& value : sum.as<double>()) value /= static_cast<double>(in.size());
  }
  return tensors(converted_to(type, sum));
}

/// An integer to an integer power, modulo 2^64; a negative exponent leaves 1 / base, truncated.
int64_t integer_power(int64_t base, int64_t exponent) {
  if (exponent < 0) return base == 1 ? 1 : base == -1 ? (exponent % 2 == 0 ? 1 : -1) : 0;
  uint64_t result = 1, square = bits(base);
  for (auto left = static_cast<uint64_t>(exponent); left > 0; left >>= 1) {
    if (left & 1) result *= square;
    square *= square;
  }
  return wrapped(result);
}

Result<std::vector<Tensor>> pow_reference(const Node& node, const Operands& in) {
  const DType type = in[0]->dtype(), exponents = in[1]->dtype();
  if (type == DType::Bool || exponents == DType::Bool)
    return operand_error(node, in, "it has no operands of type bool");
  ST_TRY(broadcast, Broadcast::of(node, in));
  ST_TRY(y, result_of(node, type, broadcast.shape()));
  const bool integers = is_integer(type) && is_integer(exponents);
  Tensor right = converted_to(integers ? DType::I64 : DType::F64, *in[1]);
  if (integers) {
    auto& values = right.as<int64_t>();
    const bool negative =
        std::any_of(values.begin(), values.end(), [](int64_t e) { return e < 0; });
    if (negative && exponents == DType::U64)
      return operand_error(node, in, "an exponent is beyond int64");
    if (negative && has_zero(*in[0])) return operand_error(node, in, "zero has no negative power");
  }
  visit_elements(y, [&](auto& to) {
    using T = ElementOf<decltype(to)>;
    if constexpr (!IsBoolean<T>) {
      if (integers) {
        map_pairs(broadcast, in[0]->as<T>(), right.as<int64_t>(), to, [](T a, int64_t b) {
          if (std::is_unsigned_v<T> && b < 0) return converted<T>(widened(a) == 1 ? 1 : 0);
          return converted<T>(integer_power(static_cast<int64_t>(widened(a)), b));
        });
      } else {
        map_pairs(broadcast, in[0]->as<T>(), right.as<double>(), to,
                  [](T a, double b) { return converted<T>(std::pow(converted<double>(a), b)); });
      }
    }
  });
  return tensors(std::move(y));
}

Result<std::vector<Tensor>> mod_reference(const Node& node, const Operands& in) {
  const bool of_dividend = node.integer("fmod", 0) != 0;
  if (!of_dividend && is_real(in[0]->dtype()))
    return attribute_error(node,
                           "floats have a remainder with the dividend's sign only (fmod = 1)");
  const ArithmeticRule rule = {[](double a, double b) { return std::fmod(a, b); },
                               of_dividend ? remainder : modulus,
                               [](uint64_t a, uint64_t b) { return a % b; }, true};
  ST_TRY(y, combined(node, in, rule));
  return tensors(std::move(y));
}

Result<std::vector<Tensor>> shift_reference(const Node& node, const Operands& in) {
  const std::string direction = node.string("direction", "");
  if (direction != "LEFT" && direction != "RIGHT")
    return attribute_error(node, "direction must be LEFT or RIGHT");
  ST_TRY(y, combined(node, in,
                     {nullptr, nullptr, direction == "LEFT" ? shifted_left : shifted_right}));
  return tensors(std::move(y));
}

/// Swish of one operand times the other, which has the same shape.
Result<std::vector<Tensor>> swiglu_reference(const Node& node, const Operands& in) {
  if (in[0]->shape != in[1]->shape || in[0]->dtype() != in[1]->dtype() || !is_real(in[0]->dtype()))
    return operand_error(node, in, "the operands must be floats of the same type and shape");
  const double alpha = node.real("alpha", 1.0f);
  std::vector<double> gate = doubles_of(*in[0]);
  const std::vector<double> values = doubles_of(*in[1]);
  for (size_t i = 0; i < gate.size(); ++i)
    gate[i] *= values[i] / (1.0 + std::exp(-alpha * gate[i]));
  return tensors(tensor_of(in[0]->dtype(), in[0]->shape, gate));
}

}  // namespace

Result<std::vector<Tensor>> arithmetic_reference(const Node& node, const Operands& in) {
  ST_TRY(y, combined(node, in, arithmetic_rules().at(node.op)));
  return tensors(std::move(y));
}

void add_arithmetic_ops(std::vector<OpRecord>& records) {
  add_interpreted(records, "Pow", 7, 2, 2, "the element type is that of the base", pow_reference);
  add_interpreted(records, "Mod", 10, 2, 2, "remainder, with the divisor's or the dividend's sign",
                  mod_reference);
  add_interpreted(records, "Max", 8, 1, AnyNumber, "elementwise, of any number",
                  variadic_reference);
  add_interpreted(records, "Min", 8, 1, AnyNumber, "elementwise, of any number",
                  variadic_reference);
  add_interpreted(records, "Sum", 8, 1, AnyNumber, "elementwise, of any number",
                  variadic_reference);
  add_interpreted(records, "Mean", 8, 1, AnyNumber, "elementwise, of any number",
                  variadic_reference);
  add_interpreted(records, "PRelu", 7, 2, 2, "x, or slope * x where x < 0", arithmetic_reference);
  add_interpreted(records, "BitwiseAnd", 18, 2, 2, "of integers", arithmetic_reference);
  add_interpreted(records, "BitwiseOr", 18, 2, 2, "of integers", arithmetic_reference);
  add_interpreted(records, "BitwiseXor", 18, 2, 2, "of integers", arithmetic_reference);
  add_interpreted(records, "BitShift", 11, 2, 2, "of unsigned integers", shift_reference);
  add_interpreted(records, "SwiGLU", 28, 2, 2, "a * sigmoid(alpha * a) * b", swiglu_reference);
}

}  // namespace st
