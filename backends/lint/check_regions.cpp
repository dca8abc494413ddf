// SPDX-License-Identifier: Apache-2.0
// The form of dataflow regions: declarations of channels, and calls of processes.
#include <algorithm>

#include "backends/lint/context.h"

namespace st::lint {
namespace {

class RegionChecks {
 public:
  RegionChecks(Context& context, const Region& region) : context_(context), region_(region) {}

  void run() {
    if (region_.loop != nullptr) loop(*region_.loop);
    Walk(context_.unit, *region_.function).run([&](const Statement& statement, const Walk& walk) {
      if (walk.around().empty() || walk.around().back() != region_.block) return;
      this->statement(statement, walk);
    });
  }

 private:
  void statement(const Statement& statement, const Walk& walk) {
    const size_t at = statement.range.begin;
    switch (statement.kind) {
      case StatementKind::Pragma:
      case StatementKind::Nothing:
        return;
      case StatementKind::Declaration:
        for (const Variable& variable : statement.variables) declaration(variable, walk);
        return;
      case StatementKind::Call:
        process(statement, walk);
        return;
      case StatementKind::If:
        context_.report.add(
            "region-condition", context_.place(at),
            holds_call(statement) ? "a condition decides about a process" : "a condition");
        return;
      case StatementKind::For:
      case StatementKind::While:
        context_.report.add(holds_call(statement) ? "region-call-in-loop" : "region-statement",
                            context_.place(at),
                            holds_call(statement) ? "a loop calls processes" : "a loop");
        return;
      case StatementKind::Expression:
        expression(statement, walk);
        return;
      default:
        context_.report.add("region-statement", context_.place(at),
                            in_quotes(context_.unit.text(statement.range)));
    }
  }

  static bool holds_call(const Statement& statement) {
    return std::any_of(statement.children.begin(), statement.children.end(),
                       [](const Statement& child) {
                         return child.kind == StatementKind::Call || holds_call(child);
                       });
  }

  /// s.write(x); is a statement of the region about a stream, a = b; any other one.
  void expression(const Statement& statement, const Walk& walk) {
    const size_t at = statement.range.begin;
    const std::string text = in_quotes(context_.unit.text(statement.range));
    for (size_t i = at; i < statement.range.end; ++i) {
      const Token& token = context_.token(i);
      const Variable* variable = token.is_identifier() ? walk.find(token.text) : nullptr;
      if (variable == nullptr || !variable->type.stream) continue;
      const Effect effect =
          context_.analysis.effect(*region_.function, *variable, {i, Use::NoCall, 0});
      if (effect.read || effect.write || effect.asks_empty || effect.asks_full) {
        context_.report.add("stream-in-region", context_.place(i),
                            "the region itself uses " + in_quotes(token.text) + ": " + text);
        return;
      }
    }
    context_.report.add("region-statement", context_.place(at), text);
  }

  void declaration(const Variable& variable, const Walk& walk) {
    const Place place = context_.place(variable.token);
    // Streams keep what is in them; AMD's examples declare them static.
    if (variable.type.is_static && !variable.type.stream && !variable.type.is_const)
      context_.report.add("region-static", place, in_quotes(variable.name) + " is static");
    if (variable.type.stream && !variable.type.reference) return;  // its name
    bool calls = false;
    for (size_t i = variable.initial.begin; i + 1 < variable.initial.end; ++i)
      calls = calls || (context_.token(i).is_identifier() && context_.token(i + 1).is("(") &&
                        !is_keyword(context_.token(i).text));
    const bool constant = walk.is_constant(variable.initial) && !calls;
    if (!variable.type.is_constexpr && !constant)
      context_.report.add("region-initialiser", place,
                          in_quotes(variable.name) +
                              " is computed: " + in_quotes(context_.unit.text(variable.initial)));
  }

  [[nodiscard]] const Call* call_of(const Statement& statement) const {
    for (const Call& call : context_.analysis.uses(*region_.function).calls) {
      if (call.range.end + 1 == statement.range.end && call.range.begin >= statement.range.begin &&
          call.range.begin < statement.range.end)
        return &call;
    }
    return nullptr;
  }

  void process(const Statement& statement, const Walk& walk) {
    const Call* call = call_of(statement);
    if (call == nullptr) return;
    const std::string name = in_quotes(context_.token(call->name).text);
    const Place place = context_.place(call->name);
    for (const Range& argument : call->arguments) this->argument(argument, name, walk);
    const Function* target = context_.analysis.callee(*region_.function, *call);
    if (target == nullptr) {
      context_.report.add(
          "region-undefined-process", place,
          name + " with " + std::to_string(call->arguments.size()) + " arguments is not defined");
      return;
    }
    if (!target->returns_void)
      context_.report.add("region-return-value", place, name + " returns a value");
    const Directive* inlined = context_.directive_in(target->body, "inline");
    if (inlined != nullptr && !inlined->has("off"))
      context_.report.add("region-inlines-process", place,
                          name + " is inlined by line " + std::to_string(inlined->place.line));
  }

  /// An argument is a variable, an element with a constant index, or a constant.
  void argument(Range argument, const std::string& process, const Walk& walk) {
    size_t i = argument.begin;
    if (context_.token(i).is("&") || context_.token(i).is("*")) ++i;
    if (i < argument.end && context_.token(i).is_identifier() &&
        walk.find(context_.token(i).text) != nullptr) {
      outer(i, process, walk);
      bool plain = true;
      for (++i; i < argument.end && plain;) {
        if (context_.token(i).is("[")) {
          plain = walk.is_constant({i + 1, context_.unit.match[i]});
          i = context_.unit.match[i] + 1;
        } else if (context_.token(i).is(".") && i + 1 < argument.end) {
          i += 2;
        } else {
          plain = false;
        }
      }
      if (plain) return;
    }
    bool calls = false;
    for (size_t k = argument.begin; k + 1 < argument.end; ++k) {
      calls = calls || context_.token(k).is("++") || context_.token(k).is("--") ||
              context_.token(k).is(".");
    }
    if (!calls && walk.is_constant(argument)) return;
    context_.report.add("region-argument", context_.place(argument.begin),
                        process + " gets " + in_quotes(context_.unit.text(argument)));
  }

  /// In a loop, channels are declared inside: each iteration has its own.
  void outer(size_t i, const std::string& process, const Walk& walk) {
    if (region_.loop == nullptr) return;
    const Variable* variable = walk.find(context_.token(i).text);
    const Function& function = *region_.function;
    const bool parameter = function.parameter(variable->name) == variable;
    const bool inside = region_.block->range.holds(variable->token);
    const bool constant = walk.kind(variable->name) == NameKind::Constant;
    bool counter = false;
    for (const Statement* around : walk.around()) {
      for (const Variable& counted : around->variables) counter = counter || &counted == variable;
    }
    if (!parameter && !inside && !constant && !counter)
      context_.report.add("region-outer-variable", context_.place(i),
                          process + " gets " + in_quotes(variable->name) +
                              ", which is declared outside of the loop");
  }

  /// for (int i = 0; i < N; ++i)
  void loop(const Statement& statement) {
    const Place place = context_.place(statement.range.begin);
    const auto wrong = [&](const std::string& why) {
      context_.report.add("region-loop", place, why);
    };
    if (statement.kind != StatementKind::For || statement.parts.size() != 3)
      return wrong("only a 'for' with a counter can be a region");
    if (statement.variables.size() != 1) return wrong("the loop does not declare one counter");
    const Variable& counter = statement.variables[0];
    const auto& unit = context_.unit;
    const auto text = [&](Range range) { return unit.text(range); };
    if (text(counter.initial) != "0") wrong(in_quotes(counter.name) + " does not start at 0");
    const Range step = statement.parts[2];
    bool counts = false;
    for (size_t i = step.begin; i < step.end; ++i) {
      counts = counts || unit.token(i).is("++") ||
               (unit.token(i).is("+=") && i + 2 == step.end && unit.token(i + 1).is("1"));
    }
    if (!counts || step.end - step.begin > 3)
      wrong(in_quotes(counter.name) + " is not increased by 1");
    bound(statement, counter, wrong);
    if (holds_jump(statement)) wrong("the loop is left by break or goto");
  }

  template <typename Wrong>
  void bound(const Statement& statement, const Variable& counter, const Wrong& wrong) {
    const Range condition = statement.parts[1];
    const auto& unit = context_.unit;
    const bool compares =
        condition.end >= condition.begin + 3 && unit.token(condition.begin).is(counter.name) &&
        (unit.token(condition.begin + 1).is("<") || unit.token(condition.begin + 1).is("<=") ||
         unit.token(condition.begin + 1).is("!="));
    if (!compares) return wrong("the condition is not 'counter < bound'");
    const Range limit{condition.begin + 2, condition.end};
    Walk(unit, *region_.function).run([&](const Statement& other, const Walk& walk) {
      if (&other != &statement) return;
      const bool single = limit.end == limit.begin + 1;
      const bool argument =
          single && region_.function->parameter(unit.token(limit.begin).text) != nullptr;
      if (!argument && !walk.is_constant(limit))
        wrong("the bound " + in_quotes(unit.text(limit)) + " is neither constant nor an argument");
    });
  }

  static bool holds_jump(const Statement& statement) {
    return std::any_of(statement.children.begin(), statement.children.end(),
                       [](const Statement& child) {
                         return child.kind == StatementKind::Jump || holds_jump(child);
                       });
  }

  Context& context_;
  const Region& region_;
};

}  // namespace

void check_regions(Context& context) {
  for (const Region& region : context.regions) RegionChecks(context, region).run();
}

}  // namespace st::lint
