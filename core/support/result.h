// SPDX-License-Identifier: Apache-2.0
/// A value, or the reasons why there is none.
#pragma once

#include <cassert>
#include <utility>
#include <variant>

#include "core/support/diagnostics.h"

namespace st {

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Diagnostics errors) : state_(std::in_place_index<1>, std::move(errors)) {}
  Result(Diagnostic error) : state_(std::in_place_index<1>, Diagnostics{std::move(error)}) {}

  [[nodiscard]] bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  T& operator*() { return std::get<0>(state_); }
  const T& operator*() const { return std::get<0>(state_); }
  T* operator->() { return &std::get<0>(state_); }
  const T* operator->() const { return &std::get<0>(state_); }
  [[nodiscard]] const Diagnostics& errors() const { return std::get<1>(state_); }

 private:
  std::variant<T, Diagnostics> state_;
};

/// Success without a value.
struct Done {};

template <>
class [[nodiscard]] Result<void> : public Result<Done> {
 public:
  Result() : Result<Done>(Done{}) {}
  Result(Diagnostics errors)
      : Result<Done>(errors.empty() ? Result<Done>(Done{}) : Result<Done>(std::move(errors))) {}
  Result(Diagnostic error) : Result<Done>(std::move(error)) {}
};

using Status = Result<void>;

}  // namespace st

/// Evaluates `expression` (a Result), and returns its errors from the calling function, or binds
/// its value to `name`.
#define ST_TRY(name, expression)                          \
  auto name##_result = (expression);                      \
  if (!name##_result.ok()) return name##_result.errors(); \
  auto& name = *name##_result
/// The same for a Status.
#define ST_CHECK(expression)                                              \
  do {                                                                    \
    if (auto status = (expression); !status.ok()) return status.errors(); \
  } while (false)
