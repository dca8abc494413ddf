// SPDX-License-Identifier: Apache-2.0
#include "backends/lint/walk.h"

#include <algorithm>

#include "backends/lint/constant.h"

namespace st::lint {
namespace {

/// Constants that one is defined by, each as often as it is used.
constexpr int MostConstants = 1'000;

bool is_in(const std::vector<std::string_view>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

void Walk::run(const Visit& visit) { this->visit(function_.body, visit); }

void Walk::visit(const Statement& statement, const Visit& visit) {
  visit(statement, *this);
  const size_t before = locals_.size();
  if (statement.kind == StatementKind::For) {
    for (const Variable& counter : statement.variables) locals_.push_back(&counter);
  }
  around_.push_back(&statement);
  for (const Statement& child : statement.children) {
    this->visit(child, visit);
    if (child.kind == StatementKind::Declaration) {
      for (const Variable& variable : child.variables) locals_.push_back(&variable);
    }
  }
  around_.pop_back();
  locals_.resize(before);
}

const Variable* Walk::find(std::string_view name) const {
  for (size_t i = locals_.size(); i-- > 0;) {
    if (locals_[i]->name == name) return locals_[i];
  }
  if (const Variable* parameter = function_.parameter(name)) return parameter;
  for (const Variable& global : unit_.globals) {
    if (global.name == name) return &global;
  }
  return nullptr;
}

NameKind Walk::kind(std::string_view name) const {
  if (const Variable* variable = find(name)) {
    if (variable->type.is_constexpr) return NameKind::Constant;
    const bool fixed = variable->type.is_const && !variable->initial.empty() &&
                       !variable->type.shares() && function_.parameter(name) != variable;
    return fixed && is_constant(variable->initial) ? NameKind::Constant : NameKind::Variable;
  }
  if (is_in(function_.template_parameters, name) || is_in(unit_.enumerators, name))
    return NameKind::Constant;
  // Members of classes, and functions that are constant expressions.
  for (const Function& function : unit_.functions) {
    if (function.is_constexpr && function.name == name) return NameKind::Constant;
  }
  return NameKind::Nothing;
}

std::optional<int64_t> Walk::value(Range range) const {
  int budget = MostConstants;
  return bounded_value(range, budget);
}

std::optional<int64_t> Walk::value_of(std::string_view name) const {
  const Variable* variable = find(name);
  if (variable == nullptr || kind(name) != NameKind::Constant) return std::nullopt;
  return value(variable->initial);
}

std::optional<int64_t> Walk::bounded_value(Range range, int& budget) const {
  if (--budget < 0) return std::nullopt;
  return constant_value(unit_.tokens(), range.begin, range.end,
                        [&](std::string_view name) -> std::optional<int64_t> {
                          const Variable* variable = find(name);
                          if (variable == nullptr || !variable->type.is_const ||
                              function_.parameter(name) == variable)
                            return std::nullopt;
                          return bounded_value(variable->initial, budget);
                        });
}

bool Walk::is_constant(Range range, const std::vector<std::string_view>& also) const {
  int budget = MostConstants;
  return bounded_constant(range, also, budget);
}

bool Walk::bounded_constant(Range range, const std::vector<std::string_view>& also,
                            int& budget) const {
  if (--budget < 0) return true;  // nothing is reported that is not known
  for (size_t i = range.begin; i < range.end; ++i) {
    const Token& token = unit_.token(i);
    if (!token.is_identifier() || is_keyword(token.text)) continue;
    // Of A<b>::c, the compiler knows whether it is constant; it is a member of a type.
    const bool member = i > 0 && (unit_.token(i - 1).is("::") || unit_.token(i - 1).is("."));
    const bool scope = i + 1 < unit_.tokens().size() &&
                       (unit_.token(i + 1).is("::") || unit_.token(i + 1).is("<"));
    if (member || scope || is_in(also, token.text)) continue;
    const Variable* variable = find(token.text);
    if (variable == nullptr) continue;  // a template parameter, a type, a function
    if (variable->type.is_constexpr) continue;
    const bool fixed = variable->type.is_const && !variable->initial.empty() &&
                       !variable->type.shares() && function_.parameter(token.text) != variable;
    if (!fixed || !bounded_constant(variable->initial, also, budget)) return false;
  }
  return true;
}

std::vector<std::string> Walk::names() const {
  std::vector<std::string> out;
  for (size_t i = locals_.size(); i-- > 0;) out.emplace_back(locals_[i]->name);
  for (const Variable& parameter : function_.parameters) out.emplace_back(parameter.name);
  return out;
}

}  // namespace st::lint
