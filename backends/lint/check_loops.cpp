// SPDX-License-Identifier: Apache-2.0
// Loops that are unrolled.
#include <algorithm>

#include "backends/lint/context.h"

namespace st::lint {
namespace {

/// The UNROLL pragma of a loop; nullptr without.
const Directive* unroll_of(const Context& context, const Statement& loop) {
  if (loop.children.empty()) return nullptr;
  return context.directive_in(loop.children.back(), "unroll");
}

/// Counters of the loops around that are unrolled: constants in each copy of the body.
std::vector<std::string_view> unrolled_counters(const Context& context, const Walk& walk) {
  std::vector<std::string_view> out;
  for (const Statement* statement : walk.around()) {
    if (statement->kind != StatementKind::For || unroll_of(context, *statement) == nullptr)
      continue;
    for (const Variable& counter : statement->variables) out.push_back(counter.name);
  }
  return out;
}

}  // namespace

void check_loops(Context& context) {
  for (const Function& function : context.unit.functions) {
    if (!function.has_body) continue;
    Walk(context.unit, function).run([&](const Statement& statement, const Walk& walk) {
      const bool counted = statement.kind == StatementKind::For;
      if (!counted && statement.kind != StatementKind::While) return;
      const Directive* unroll = unroll_of(context, statement);
      if (unroll == nullptr || unroll->has("factor")) return;
      // A loop over the elements of an array has as many iterations as that.
      if (counted && statement.parts.size() != 3) return;
      bool constant = counted;
      if (counted) {
        std::vector<std::string_view> counters = unrolled_counters(context, walk);
        for (const Variable& counter : statement.variables) counters.push_back(counter.name);
        for (const Range& part : statement.parts)
          constant = constant && walk.is_constant(part, counters);
      }
      if (!constant)
        context.report.add("loop-unroll-variable", unroll->place,
                           "the trip count of the loop in line " +
                               std::to_string(context.place(statement.range.begin).line) +
                               " is not constant");
    });
  }
}

}  // namespace st::lint
