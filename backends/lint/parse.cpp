// SPDX-License-Identifier: Apache-2.0
// Namespaces, classes and functions of a unit.
#include <algorithm>

#include "backends/lint/parse_statements.h"

namespace st::lint {
namespace {

/// Namespaces and classes inside each other.
constexpr int DeepestScope = 64;

/// Fills Unit::match; false, with a finding, if brackets do not match.
bool match_brackets(Unit& unit, Report& report) {
  const Tokens& tokens = unit.tokens();
  unit.match.assign(tokens.size(), 0);
  std::vector<size_t> open;
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i].kind != TokenKind::Symbol || tokens[i].text.size() != 1) continue;
    const char c = tokens[i].text[0];
    if (c == '(' || c == '[' || c == '{') open.push_back(i);
    if (c != ')' && c != ']' && c != '}') continue;
    const char wanted = c == ')' ? '(' : c == ']' ? '[' : '{';
    if (open.empty() || tokens[open.back()].text[0] != wanted) {
      std::string what = in_quotes(tokens[i].text) + " closes ";
      what += open.empty() ? "nothing"
                           : in_quotes(tokens[open.back()].text) + " of line " +
                                 std::to_string(tokens[open.back()].place.line);
      report.add("text-brackets", tokens[i].place, what);
      return false;
    }
    unit.match[i] = open.back();
    unit.match[open.back()] = i;
    open.pop_back();
  }
  if (open.empty()) return true;
  report.add("text-brackets", tokens[open.back()].place,
             in_quotes(tokens[open.back()].text) + " is not closed");
  return false;
}

/// Names that stand for streams: `using Beats = hls::stream<int>;`, `typedef hls::stream<int>
/// Beats;`.
void find_aliases(Unit& unit) {
  const size_t count = unit.tokens().size();
  const auto stream_at = [&](size_t i) {
    if (i + 2 < count && unit.token(i).is("hls") && unit.token(i + 1).is("::")) i += 2;
    return i + 1 < count && unit.token(i).is("stream") && unit.token(i + 1).is("<") ? i : 0;
  };
  for (size_t i = 0; i + 3 < count; ++i) {
    if (unit.token(i).is("using") && unit.token(i + 2).is("=") && stream_at(i + 3) != 0)
      unit.stream_aliases.push_back(unit.token(i + 1).text);
    if (!unit.token(i).is("typedef") || stream_at(i + 1) == 0) continue;
    const size_t close = close_of_template(unit, stream_at(i + 1) + 1);
    if (close != 0 && close + 1 < count) unit.stream_aliases.push_back(unit.token(close + 1).text);
  }
}

class UnitParser {
 public:
  UnitParser(Unit& unit, Report& report) : unit_(unit), report_(report) {}

  void run() { scope({0, unit_.tokens().size()}, "", false, false, 0); }

 private:
  [[nodiscard]] bool is(size_t i, size_t end, std::string_view text) const {
    return i < end && unit_.token(i).is(text);
  }

  void scope(Range range, std::string_view name, bool in_class, bool extern_c, int depth) {
    if (depth > DeepestScope) {
      report_.add("text-limit", unit_.place(range.begin), "scopes are nested too deeply");
      return;
    }
    for (size_t i = range.begin; i < range.end;) {
      const size_t next = item(i, range.end, name, in_class, extern_c, depth);
      i = std::max(i + 1, next);
    }
  }

  /// One item of a namespace or class; where the next one begins.
  size_t item(size_t i, size_t end, std::string_view name, bool in_class, bool extern_c,
              int depth) {
    const Token& token = unit_.token(i);
    if (token.kind == TokenKind::Pragma) {
      unit_.loose_pragmas.push_back(token.pragma);
      return i + 1;
    }
    if (token.is(";")) return i + 1;
    if (token.is("namespace") || (token.is("inline") && is(i + 1, end, "namespace"))) {
      size_t open = i + 1;
      std::string_view last;
      for (; open < end && !unit_.token(open).is("{") && !unit_.token(open).is(";"); ++open) {
        if (unit_.token(open).is_identifier()) last = unit_.token(open).text;
      }
      if (!is(open, end, "{")) return open + 1;
      scope({open + 1, unit_.match[open]}, last, false, extern_c, depth + 1);
      return unit_.match[open] + 1;
    }
    if (token.is("extern") && i + 1 < end && unit_.token(i + 1).text == "\"C\"") {
      if (!is(i + 2, end, "{")) return declaration(i + 2, end, name, in_class, true, depth);
      scope({i + 3, unit_.match[i + 2]}, name, in_class, true, depth + 1);
      return unit_.match[i + 2] + 1;
    }
    if ((token.is("public") || token.is("private") || token.is("protected")) && is(i + 1, end, ":"))
      return i + 2;
    if (token.is("using") || token.is("typedef") || token.is("static_assert") || token.is("friend"))
      return unit_.behind_semicolon(i, end);
    return declaration(i, end, name, in_class, extern_c, depth);
  }

  /// A template, class, function or variable.
  size_t declaration(size_t i, size_t end, std::string_view scope_name, bool in_class,
                     bool extern_c, int depth) {
    Function function;
    function.scope = scope_name;
    function.is_member = in_class;
    function.is_extern_c = extern_c;
    while (is(i, end, "template")) {
      if (!is(i + 1, end, "<")) return i + 1;
      const size_t close = close_of_template(unit_, i + 1);
      // Default arguments hold '=': they are looked for by hand.
      const size_t stop = close != 0 ? close : close_with_defaults(i + 1, end);
      if (stop == 0) return unit_.behind_semicolon(i, end);
      for (const Range& part : split_at_commas(unit_, {i + 2, stop}))
        add_template_parameter(part, function);
      function.is_template = true;
      i = stop + 1;
    }
    if (i >= end) return end;
    const size_t begin = i;
    if (const size_t next = class_like(i, end, depth); next != 0) return next;
    // Up to what decides: the parameters of a function, or the end of a variable.
    bool returns_void = false, pointer = false;
    size_t name = 0;
    for (; i < end; ++i) {
      const Token& token = unit_.token(i);
      if (token.kind == TokenKind::Pragma || token.is(";") || token.is("=") || token.is("{") ||
          token.is("}"))
        return variable(begin, end, scope_name);
      if (token.is("operator")) {
        name = i++;
        if (is(i, end, "(") && is(i + 1, end, ")")) i += 2;
        while (i < end && !unit_.token(i).is("(") && !unit_.token(i).is(";")) ++i;
        if (!is(i, end, "(")) return unit_.behind_semicolon(i, end);
        break;
      }
      if (token.is("(")) {
        if (name == 0) {
          i = unit_.match[i];  // an attribute, or decltype(...)
          continue;
        }
        break;
      }
      if (token.is("[")) {
        if (!is(i + 1, end, "[")) return variable(begin, end, scope_name);
        i = unit_.match[i];
        continue;
      }
      if (token.is("void")) returns_void = true;
      if (token.is("*")) pointer = true;
      if (token.is("virtual")) function.is_virtual = true;
      if (token.is("constexpr") || token.is("consteval")) function.is_constexpr = true;
      if (token.is("static")) function.is_static = true;
      if (token.is_identifier() && !is_keyword(token.text)) {
        name = i;
        if (is(i + 1, end, "<")) {
          const size_t close = close_of_template(unit_, i + 1);
          if (close == 0) return unit_.behind_semicolon(i, end);
          i = close;
        }
      } else {
        name = 0;
      }
    }
    if (i >= end) return end;
    function.name = unit_.token(name).text;
    function.token = name;
    function.returns_void = returns_void && !pointer;
    if (name >= 2 && name > begin && unit_.token(name - 1).is("::"))
      function.scope = unit_.token(name - 2).text;
    return rest_of_function(i, end, begin, std::move(function));
  }

  /// From the parameters on.
  size_t rest_of_function(size_t open, size_t end, size_t begin, Function function) {
    if (!parameters({open + 1, unit_.match[open]}, function))
      return variable(begin, end, function.scope);
    bool initialisers = false;
    for (size_t i = unit_.match[open] + 1; i < end; ++i) {
      const Token& token = unit_.token(i);
      if (token.is(";")) {
        unit_.functions.push_back(std::move(function));
        return i + 1;
      }
      if (token.is(":")) initialisers = true;
      // a(1), b{2} of a constructor
      const bool member = initialisers && i > 0 && unit_.token(i - 1).is_identifier();
      if (token.is("{") && !member) {
        function.has_body = true;
        function.body = parse_block(unit_, i, report_);
        unit_.functions.push_back(std::move(function));
        return unit_.match[i] + 1;
      }
      if (token.is("(") || token.is("[") || token.is("{")) i = unit_.match[i];
      if (token.is("}") || token.kind == TokenKind::Pragma) return i;
    }
    return end;
  }

  /// False if this is no list of parameters, but of values: `T name(1);`.
  bool parameters(Range range, Function& function) {
    for (const Range& part : split_at_commas(unit_, range)) {
      if (part.empty()) continue;
      if (unit_.token(part.begin).is("void") && part.end == part.begin + 1) continue;
      if (unit_.token(part.begin).is("...")) continue;
      size_t next = part.end;
      auto parameter = parse_variable(unit_, part, false, next);
      if (!parameter) return false;
      if (next < part.end) {
        if (!unit_.token(next).is("=")) {
          // A function pointer, say: known to be there, but not what it is.
          parameter = Variable{};
          parameter->token = part.begin;
        } else {
          parameter->initial = {next + 1, part.end};
        }
      }
      if (parameter->initial.empty() && !parameter->type.pack)
        function.required = function.parameters.size() + 1;
      function.parameters.push_back(*parameter);
    }
    return true;
  }

  /// `typename T`, `int N = 3`, `typename... Ts`.
  void add_template_parameter(Range part, Function& function) const {
    for (size_t i = part.begin; i < part.end && !unit_.token(i).is("="); ++i) {
      const bool last = i + 1 == part.end || unit_.token(i + 1).is("=");
      if (unit_.token(i).is_identifier() && last)
        function.template_parameters.push_back(unit_.token(i).text);
    }
  }

  [[nodiscard]] size_t close_with_defaults(size_t open, size_t end) const {
    int depth = 0;
    for (size_t i = open; i < end; ++i) {
      const Token& token = unit_.token(i);
      if (token.is("(") || token.is("[")) i = unit_.match[i];
      if (token.is("{") || token.is(";")) return 0;
      if (token.is("<")) ++depth;
      if (token.is(">") && --depth == 0) return i;
    }
    return 0;
  }

  /// class X : Base { ... } x;  Where the next item begins, or 0 if it is none.
  size_t class_like(size_t i, size_t end, int depth) {
    while (is(i, end, "static") || is(i, end, "const") || is(i, end, "constexpr")) ++i;
    const bool is_enum = is(i, end, "enum");
    if (!is_enum && !is(i, end, "struct") && !is(i, end, "class") && !is(i, end, "union")) return 0;
    std::string_view name;
    bool base = false;
    for (++i; i < end; ++i) {
      const Token& token = unit_.token(i);
      if (token.is("<")) {
        const size_t close = close_of_template(unit_, i);
        if (close == 0) return unit_.behind_semicolon(i, end);
        i = close;
      } else if (token.is(";")) {
        return i + 1;
      } else if (token.is("(") || token.is("=") || token.is("&") || token.is("*")) {
        return 0;  // a function or variable of type `struct X`
      } else if (token.is("[")) {
        i = unit_.match[i];
      } else if (token.is(":")) {
        base = true;
      } else if (token.is("{")) {
        break;
      } else if (token.is_identifier() && !base && !token.is("final") && !token.is("class")) {
        if (!name.empty()) return 0;
        name = token.text;
      }
    }
    if (!is(i, end, "{")) return end;
    const Range body{i + 1, unit_.match[i]};
    if (is_enum) {
      for (const Range& part : split_at_commas(unit_, body)) {
        if (!part.empty() && unit_.token(part.begin).is_identifier())
          unit_.enumerators.push_back(unit_.token(part.begin).text);
      }
    } else {
      scope(body, name, true, false, depth + 1);
    }
    return unit_.behind_semicolon(unit_.match[i] + 1, end);
  }

  size_t variable(size_t begin, size_t end, std::string_view) {
    const size_t next = unit_.behind_semicolon(begin, end);
    for (const Variable& global : parse_declaration(unit_, {begin, next}))
      unit_.globals.push_back(global);
    return next;
  }

  Unit& unit_;
  Report& report_;
};

}  // namespace

Unit parse(std::unique_ptr<Preprocessed> source, Report& report) {
  Unit unit;
  unit.source = std::move(source);
  if (!match_brackets(unit, report)) return unit;
  find_aliases(unit);
  UnitParser(unit, report).run();
  return unit;
}

}  // namespace st::lint
