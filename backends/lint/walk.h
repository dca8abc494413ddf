// SPDX-License-Identifier: Apache-2.0
/// Walks the statements of a function with the names that are visible at each.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "backends/lint/syntax.h"

namespace st::lint {

/// What a name stands for where it is used.
enum class NameKind : uint8_t {
  Nothing,   ///< no variable that is known here
  Constant,  ///< a constant expression: constexpr, a template parameter, an enumerator
  Variable,
};

class Walk {
 public:
  Walk(const Unit& unit, const Function& function) : unit_(unit), function_(function) {}

  using Visit = std::function<void(const Statement&, const Walk&)>;
  /// Calls `visit` for each statement of the body, outer ones first, in order.
  void run(const Visit& visit);

  [[nodiscard]] const Unit& unit() const { return unit_; }
  [[nodiscard]] const Function& function() const { return function_; }
  /// Statements around the one at hand, the outermost first; the body of the function is first.
  [[nodiscard]] const std::vector<const Statement*>& around() const { return around_; }

  /// The variable, parameter or global of that name here; nullptr if there is none.
  [[nodiscard]] const Variable* find(std::string_view name) const;
  [[nodiscard]] NameKind kind(std::string_view name) const;
  /// The value of tokens, if it is constant and known.
  [[nodiscard]] std::optional<int64_t> value(Range range) const;
  [[nodiscard]] std::optional<int64_t> value_of(std::string_view name) const;
  /// Whether all names of `range` are constants, or in `also`.
  [[nodiscard]] bool is_constant(Range range, const std::vector<std::string_view>& also = {}) const;
  /// All names here, nearest first, for suggestions.
  [[nodiscard]] std::vector<std::string> names() const;

 private:
  void visit(const Statement& statement, const Visit& visit);
  [[nodiscard]] std::optional<int64_t> bounded_value(Range range, int& budget) const;
  [[nodiscard]] bool bounded_constant(Range range, const std::vector<std::string_view>& also,
                                      int& budget) const;

  const Unit& unit_;
  const Function& function_;
  std::vector<const Statement*> around_;
  std::vector<const Variable*> locals_;
};

}  // namespace st::lint
