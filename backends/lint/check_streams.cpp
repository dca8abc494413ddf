// SPDX-License-Identifier: Apache-2.0
// Streams one by one: how they are declared, passed and asked.
#include <algorithm>

#include "backends/lint/context.h"

namespace st::lint {
namespace {

class StreamChecks {
 public:
  explicit StreamChecks(Context& context) : context_(context) {}

  void run() {
    for (const Variable& global : context_.unit.globals) {
      if (global.type.stream && !global.type.shares())
        context_.report.add("stream-global", context_.place(global.token),
                            in_quotes(global.name) + " is declared outside of functions");
    }
    for (const Function& function : context_.unit.functions) {
      for (const Variable& parameter : function.parameters) {
        if (parameter.type.stream && !parameter.type.shares())
          context_.report.add(
              "stream-by-value", context_.place(parameter.token),
              in_quotes(parameter.name) + " of " + in_quotes(function.name) + " is no reference");
      }
      if (!function.has_body) continue;
      Walk(context_.unit, function).run([&](const Statement& statement, const Walk& walk) {
        if (statement.kind == StatementKind::Declaration) declaration(statement, walk);
        if (statement.kind == StatementKind::Expression) assignment(statement, walk);
        if (statement.kind == StatementKind::While) until_empty(statement.head, walk);
        if (statement.kind == StatementKind::For && statement.parts.size() > 1)
          until_empty(statement.parts[1], walk);
      });
      probes(function);
    }
  }

 private:
  [[nodiscard]] const Variable* stream_at(Range range, const Walk& walk) const {
    if (range.end != range.begin + 1) return nullptr;
    const Variable* variable = walk.find(context_.token(range.begin).text);
    return variable != nullptr && variable->type.stream && variable->type.dimensions.empty()
               ? variable
               : nullptr;
  }

  void declaration(const Statement& statement, const Walk& walk) {
    for (const Variable& variable : statement.variables) {
      if (!variable.type.reference && stream_at(variable.initial, walk) != nullptr) {
        context_.report.add("stream-copied", context_.place(variable.token),
                            in_quotes(variable.name) + " is a copy of " +
                                in_quotes(context_.token(variable.initial.begin).text));
      } else if (variable.type.stream && !variable.type.reference && !variable.type.pointer) {
        depth(variable, walk);
      }
    }
  }

  /// Depth by the type, or by a pragma anywhere in the function.
  void depth(const Variable& variable, const Walk& walk) {
    if (variable.type.arguments.size() > 1) {
      const auto value = walk.value(variable.type.arguments[1]);
      if (!value || *value > 0) return;
      context_.report.add("stream-no-depth", context_.place(variable.token),
                          in_quotes(variable.name) + " has depth " + std::to_string(*value));
      return;
    }
    // What an alias stands for is not looked into.
    const auto& aliases = context_.unit.stream_aliases;
    bool given = std::find(aliases.begin(), aliases.end(), variable.type.name) != aliases.end();
    context_.each_directive(walk.function(), "stream",
                            [&](const Directive& directive, const PragmaLine& line) {
                              const GivenOption* about = directive.option("variable");
                              if (about == nullptr || !directive.has("depth")) return;
                              for (const size_t i : variables_of(line, *about))
                                given = given || line.tokens[i].text == variable.name;
                            });
    if (!given)
      context_.report.add("stream-no-depth", context_.place(variable.token),
                          in_quotes(variable.name) + " has no depth");
  }

  /// a = b;
  void assignment(const Statement& statement, const Walk& walk) {
    const size_t i = statement.range.begin;
    if (statement.range.end != i + 4 || !context_.token(i + 1).is("=")) return;
    if (stream_at({i, i + 1}, walk) == nullptr || stream_at({i + 2, i + 3}, walk) == nullptr)
      return;
    context_.report.add("stream-copied", context_.place(i),
                        in_quotes(context_.token(i).text) + " becomes a copy of " +
                            in_quotes(context_.token(i + 2).text));
  }

  void until_empty(Range condition, const Walk& walk) {
    for (size_t i = condition.begin; i + 2 < condition.end; ++i) {
      if (!context_.token(i + 1).is(".") || !context_.token(i + 2).is("empty")) continue;
      const Variable* variable = walk.find(context_.token(i).text);
      if (variable != nullptr && variable->type.stream)
        context_.report.add("stream-until-empty", context_.place(i),
                            "the loop ends when " + in_quotes(variable->name) + " is empty");
    }
  }

  /// empty() belongs to the reader, full() to the writer.
  void probes(const Function& function) {
    const Uses& uses = context_.analysis.uses(function);
    for (size_t p = 0; p < function.parameters.size(); ++p) {
      const Variable& parameter = function.parameters[p];
      if (!parameter.type.stream) continue;
      const Effect all = context_.analysis.effect(function, p);
      const bool wrong_empty = all.asks_empty && all.write && !all.read;
      const bool wrong_full = all.asks_full && all.read && !all.write;
      if (!wrong_empty && !wrong_full) continue;
      const auto found = uses.by_name.find(parameter.name);
      if (found == uses.by_name.end()) continue;
      for (const Use& use : found->second) {
        const Effect one = context_.analysis.effect(function, parameter, use);
        if ((wrong_empty && one.asks_empty) || (wrong_full && one.asks_full))
          context_.report.add("stream-probe", context_.place(use.token),
                              in_quotes(function.name) + (wrong_empty ? " writes " : " reads ") +
                                  in_quotes(parameter.name) + ", and asks whether it is " +
                                  (wrong_empty ? "empty" : "full"));
      }
    }
  }

  Context& context_;
};

}  // namespace

void check_streams(Context& context) { StreamChecks(context).run(); }

}  // namespace st::lint
