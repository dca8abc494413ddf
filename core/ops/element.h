// SPDX-License-Identifier: Apache-2.0
/// Elements of any type as what references compute with: double for floats, 64-bit integers for
/// integers. Results are rounded, or wrapped, once.
#pragma once

#include <cstdint>
#include <limits>
#include <type_traits>
#include <variant>

#include "core/graph/tensor.h"

namespace st {

template <typename T>
inline constexpr bool IsHalf = std::is_same_v<T, Float16> || std::is_same_v<T, BFloat16>;
template <typename T>
inline constexpr bool IsReal = std::is_floating_point_v<T> || IsHalf<T>;
template <typename T>
inline constexpr bool IsBoolean = std::is_same_v<T, Boolean>;

template <typename T>
inline constexpr bool IsSigned = std::is_signed_v<T> || std::is_same_v<T, Int4>;

/// double, int64_t, or uint64_t (a bool counts as 0 or 1).
template <typename T>
using Wide =
    std::conditional_t<IsReal<T>, double,
                       std::conditional_t<IsSigned<T> && !IsBoolean<T>, int64_t, uint64_t>>;

template <typename T>
Wide<T> widened(T value) {
  if constexpr (IsBoolean<T>) {
    return value.value ? 1 : 0;
  } else {
    return static_cast<Wide<T>>(value);
  }
}

/// The function of a rule for elements of a type: its `real`, `integer` or `natural` one.
template <typename T, typename Rule>
auto function_for(const Rule& rule) {
  if constexpr (IsReal<T>) {
    return rule.real;
  } else if constexpr (IsSigned<T>) {
    return rule.integer;
  } else {
    return rule.natural;
  }
}

/// Rounds floats to the nearest, drops the upper bits of integers.
template <typename T>
T narrowed(Wide<T> value) {
  if constexpr (IsBoolean<T>) {
    return Boolean(value != 0);
  } else {
    return static_cast<T>(value);
  }
}

/// A float as an integer: the fraction is dropped; what T does not hold becomes its nearest value,
/// a NaN 0.
template <typename T>
T truncated(double value) {
  // Both bounds are powers of two, so that they are doubles, too: the upper one is the first
  // beyond.
  constexpr double Low = static_cast<double>(Wide<T>(std::numeric_limits<T>::min()));
  constexpr auto Middle = std::numeric_limits<T>::max() / 2 + 1;
  constexpr double Beyond = 2.0 * static_cast<double>(Middle);
  if (!(value > Low)) return value <= Low ? std::numeric_limits<T>::min() : T{};
  return value < Beyond ? static_cast<T>(static_cast<Wide<T>>(value))
                        : std::numeric_limits<T>::max();
}

/// An element as one of another type, as Cast has it.
template <typename To, typename From>
To converted(From value) {
  if constexpr (std::is_same_v<To, From>) {
    return value;
  } else if constexpr (IsBoolean<To>) {
    return Boolean(widened(value) != 0);
  } else if constexpr (IsReal<From> && !IsReal<To>) {
    return truncated<To>(widened(value));
  } else if constexpr (IsHalf<To>) {
    return To(static_cast<double>(widened(value)));
  } else {
    return static_cast<To>(widened(value));
  }
}

/// Calls `f(std::vector<T>&)` with the elements of a tensor, whatever their type.
template <typename F>
decltype(auto) visit_elements(Tensor& tensor, F&& f) {
  return std::visit(std::forward<F>(f), tensor.data);
}
template <typename F>
decltype(auto) visit_elements(const Tensor& tensor, F&& f) {
  return std::visit(std::forward<F>(f), tensor.data);
}
/// The element type of a std::vector<T> that a visitor was given.
template <typename Vector>
using ElementOf = typename std::remove_cvref_t<Vector>::value_type;

/// Whether a type has fractions, or is bool.
bool is_real(DType type);
inline bool is_integer(DType type) { return !is_real(type) && type != DType::Bool; }

/// A tensor with its elements converted.
Tensor converted_to(DType type, const Tensor& tensor);
/// All elements as doubles, which is exact but for integers beyond 2^53.
std::vector<double> doubles_of(const Tensor& tensor);
/// A tensor of `type` from doubles, each rounded once.
Tensor tensor_of(DType type, std::vector<int64_t> shape, const std::vector<double>& values);
/// The nearest value of a float type.
double rounded_to(DType type, double value);

}  // namespace st
