// SPDX-License-Identifier: Apache-2.0
// Pragmas in their scopes: where they stand, what they are about, and what stands beside them.
#include <algorithm>
#include <set>

#include "backends/lint/context.h"
#include "core/support/near_names.h"

namespace st::lint {
namespace {

bool is_loop(const Statement& statement) {
  return statement.kind == StatementKind::For || statement.kind == StatementKind::While;
}

class PragmaChecks {
 public:
  explicit PragmaChecks(Context& context) : context_(context) {}

  void run() {
    for (const size_t pragma : context_.unit.loose_pragmas) {
      const Directive& directive = context_.directives[pragma];
      if (directive.hls)
        context_.report.add("pragma-outside-function", directive.place,
                            name_of(directive) + " is in no function");
    }
    for (const Function& function : context_.unit.functions) {
      if (!function.has_body) continue;
      Walk(context_.unit, function).run([&](const Statement& statement, const Walk& walk) {
        if (statement.kind == StatementKind::Block) block(statement);
        if (statement.kind != StatementKind::Pragma) return;
        const Directive& directive = context_.directives[statement.pragma];
        if (!directive.hls || directive.record == nullptr) return;
        scope(directive, walk);
        order(statement, directive, walk);
        names(directive, context_.unit.source->pragmas[statement.pragma], walk);
      });
    }
  }

 private:
  static std::string name_of(const Directive& directive) {
    if (directive.record == nullptr) return "a pragma";
    std::string out(directive.record->name);
    for (char& c : out) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    return out;
  }

  void scope(const Directive& directive, const Walk& walk) {
    const auto& around = walk.around();
    const Statement& parent = *around.back();
    const bool in_block = parent.kind == StatementKind::Block;
    const bool function = in_block && around.size() == 1;
    const bool loop = in_block && around.size() > 1 && is_loop(*around[around.size() - 2]);
    std::string wanted;
    switch (directive.record->scope) {
      case Scope::Function:
        if (!function) wanted = "of a function";
        break;
      case Scope::Loop:
        if (!loop) wanted = "of a loop";
        break;
      case Scope::Either:
        if (!loop && !function) wanted = "of a function or loop";
        break;
      default:
        if (!in_block) wanted = "in braces";
    }
    if (!wanted.empty())
      context_.report.add("pragma-wrong-scope", directive.place,
                          name_of(directive) + " is for the body " + wanted);
  }

  /// A directive that is about its body comes before the body's statements.
  void order(const Statement& statement, const Directive& directive, const Walk& walk) {
    const Statement& parent = *walk.around().back();
    if (!directive.record->leads || parent.kind != StatementKind::Block) return;
    for (const Statement& before : parent.children) {
      if (&before == &statement) return;
      if (before.kind == StatementKind::Pragma || before.kind == StatementKind::Declaration ||
          before.kind == StatementKind::Nothing)
        continue;
      context_.report.add("pragma-late", directive.place,
                          name_of(directive) + " stands behind the statement of line " +
                              std::to_string(context_.place(before.range.begin).line));
      return;
    }
  }

  /// Variables that it is about, and constants that it is given.
  void names(const Directive& directive, const PragmaLine& line, const Walk& walk) {
    for (const GivenOption& option : directive.options) {
      if (option.record->kind == OptionKind::Variable) {
        for (const size_t i : variables_of(line, option)) variable(directive, line.tokens[i], walk);
      } else if (option.record->kind == OptionKind::Integer) {
        constants(option, line, walk);
      } else if (directive.is("allocation") && option.record->name == "instances" &&
                 directive.value("type") == "function") {
        shared_function(line.tokens[option.end - 1], walk);
      }
    }
  }

  /// The function whose calls are limited, which Vitis finds by its plain name.
  void shared_function(const Token& token, const Walk& walk) {
    const auto& functions = context_.unit.functions;
    const auto known =
        std::find_if(functions.begin(), functions.end(),
                     [&](const Function& function) { return function.name == token.text; });
    if (known == functions.end()) {
      unknown(token, walk);
    } else if (known->is_template) {
      context_.report.add("pragma-bad-value", token.place,
                          in_quotes(token.text) + " is a template; name a function that calls it");
    }
  }

  void variable(const Directive& directive, const Token& token, const Walk& walk) {
    // The ports of an interface have a rule of their own.
    if (token.is("return") || token.is("this") || directive.is("interface")) return;
    // Members of a class may be declared anywhere.
    if (walk.find(token.text) != nullptr || walk.function().is_member) return;
    unknown(token, walk);
  }

  void unknown(const Token& token, const Walk& walk) {
    const std::string near = did_you_mean(token.text, walk.names());
    context_.report.add(
        "pragma-unknown-name", token.place,
        in_quotes(token.text) + " is not declared here" + (near.empty() ? "" : ": " + near));
  }

  void constants(const GivenOption& option, const PragmaLine& line, const Walk& walk) {
    const Tokens& tokens = line.tokens;
    for (size_t i = option.begin; i < option.end; ++i) {
      if (!tokens[i].is_identifier() || is_keyword(tokens[i].text)) continue;
      const bool part = (i > option.begin && (tokens[i - 1].is("::") || tokens[i - 1].is("."))) ||
                        (i + 1 < option.end && (tokens[i + 1].is("::") || tokens[i + 1].is("(")));
      if (part) continue;
      const NameKind kind = walk.kind(tokens[i].text);
      if (kind == NameKind::Nothing && !walk.function().is_member) {
        unknown(tokens[i], walk);
      } else if (kind == NameKind::Variable) {
        context_.report.add("pragma-bad-value", tokens[i].place,
                            in_quotes(option.record->name) + " is given " +
                                in_quotes(tokens[i].text) + ", which is not constant");
      }
    }
    const auto value = constant_value(tokens, option.begin, option.end,
                                      [&](std::string_view name) { return walk.value_of(name); });
    const bool literal = option.end == option.begin + 1 && !tokens[option.begin].is_identifier();
    if (!literal && value && (*value < option.record->least || *value > option.record->most))
      context_.report.add("pragma-bad-value", tokens[option.begin].place,
                          in_quotes(option.record->name) + " is " + std::to_string(*value));
  }

  /// Directives that stand in one block.
  void block(const Statement& statement) {
    static const std::set<std::string_view> Single = {"pipeline", "dataflow",       "inline",
                                                      "unroll",   "loop_tripcount", "loop_flatten"};
    std::vector<const Directive*> found;
    for (const Statement& child : statement.children) {
      if (child.kind != StatementKind::Pragma) continue;
      const Directive& directive = context_.directives[child.pragma];
      if (directive.record == nullptr || Single.count(directive.record->name) == 0) continue;
      for (const Directive* other : found) together(*other, directive);
      found.push_back(&directive);
    }
  }

  void together(const Directive& one, const Directive& other) {
    const auto both = [&](std::string_view a, std::string_view b) {
      return (one.is(a) && other.is(b)) || (one.is(b) && other.is(a));
    };
    if (one.record == other.record)
      context_.report.add("pragma-conflict", other.place, name_of(one) + " is given twice");
    if (both("pipeline", "dataflow"))
      context_.report.add("pragma-conflict", other.place, "PIPELINE and DATAFLOW of one body");
    if (both("unroll", "dataflow"))
      context_.report.add("pragma-conflict", other.place, "UNROLL and DATAFLOW of one body");
    const Directive& unroll = one.is("unroll") ? one : other;
    const Directive& pipeline = one.is("pipeline") ? one : other;
    if (both("unroll", "pipeline") && !unroll.has("factor") && !pipeline.has("off"))
      context_.report.add("loop-unroll-and-pipeline", other.place,
                          "UNROLL without a factor leaves no loop to PIPELINE");
    const Directive& inlined = one.is("inline") ? one : other;
    if (both("inline", "dataflow") && !inlined.has("off"))
      context_.report.add("region-inlined", other.place, "INLINE and DATAFLOW of one function");
  }

  Context& context_;
};

}  // namespace

void check_pragmas(Context& context) { PragmaChecks(context).run(); }

}  // namespace st::lint
