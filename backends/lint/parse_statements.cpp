// SPDX-License-Identifier: Apache-2.0
#include "backends/lint/parse_statements.h"

#include <algorithm>

namespace st::lint {
namespace {

/// Blocks and statements inside each other.
constexpr int DeepestNesting = 200;

class StatementParser {
 public:
  StatementParser(const Unit& unit, Report& report) : unit_(unit), report_(report) {}

  Statement block(size_t open, int depth) {
    Statement out;
    out.kind = StatementKind::Block;
    const size_t close = unit_.match[open];
    out.range = {open, close + 1};
    for (size_t i = open + 1; i < close;) {
      out.children.push_back(statement(i, close, depth + 1));
      i = std::max(i + 1, out.children.back().range.end);
    }
    return out;
  }

 private:
  [[nodiscard]] bool is(size_t i, size_t end, std::string_view text) const {
    return i < end && unit_.token(i).is(text);
  }

  Statement too_deep(size_t i, size_t end) {
    if (!limited_) report_.add("text-limit", unit_.place(i), "statements are nested too deeply");
    limited_ = true;
    Statement out;
    out.kind = StatementKind::Expression;
    out.range = {i, end};
    return out;
  }

  Statement statement(size_t i, size_t end, int depth) {
    const Token& token = unit_.token(i);
    Statement out;
    out.range = {i, i + 1};
    if (token.kind == TokenKind::Pragma) {
      out.kind = StatementKind::Pragma;
      out.pragma = token.pragma;
      return out;
    }
    if (depth > DeepestNesting) return too_deep(i, end);
    if (token.is("{")) return block(i, depth);
    if (token.is(";")) return out;
    if (token.is("if") || token.is("switch") || token.is("for") || token.is("while"))
      return headed(i, end, depth);
    if (token.is("do")) return do_loop(i, end, depth);
    if (token.is("else") || token.is("try")) {
      out.kind = StatementKind::If;
      return with_body(std::move(out), i + 1, end, depth);
    }
    if (token.is("catch")) return headed(i, end, depth);
    if (token.is("case") || token.is("default")) {
      while (i < end && !unit_.token(i).is(":") && !unit_.token(i).is(";")) ++i;
      out.range.end = std::min(i + 1, end);
      return out;
    }
    // A label.
    if (token.is_identifier() && !is_keyword(token.text) && is(i + 1, end, ":") && i + 2 < end) {
      Statement labelled = statement(i + 2, end, depth + 1);
      labelled.range.begin = i;
      return labelled;
    }
    return plain(i, end);
  }

  /// if, switch, for, while, catch.
  Statement headed(size_t i, size_t end, int depth) {
    Statement out;
    const Token& token = unit_.token(i);
    out.kind = token.is("for")     ? StatementKind::For
               : token.is("while") ? StatementKind::While
                                   : StatementKind::If;
    out.range = {i, i + 1};
    size_t open = i + 1;
    if (is(open, end, "constexpr")) ++open;
    if (!is(open, end, "(")) return out;
    out.head = {open + 1, unit_.match[open]};
    if (out.kind == StatementKind::For) for_head(out);
    out = with_body(std::move(out), unit_.match[open] + 1, end, depth);
    if (out.kind == StatementKind::If && is(out.range.end, end, "else")) {
      const size_t behind = out.range.end + 1;
      out = with_body(std::move(out), behind, end, depth);
    }
    return out;
  }

  void for_head(Statement& out) const {
    size_t begin = out.head.begin;
    for (size_t i = begin; i < out.head.end; ++i) {
      const Token& token = unit_.token(i);
      if (token.is("(") || token.is("[") || token.is("{")) i = unit_.match[i];
      if (token.is(";")) {
        out.parts.push_back({begin, i});
        begin = i + 1;
      }
    }
    if (!out.parts.empty()) {
      out.parts.push_back({begin, out.head.end});
      out.variables = parse_declaration(unit_, out.parts[0]);
    } else {
      size_t next = 0;
      if (auto counter = parse_variable(unit_, out.head, true, next)) out.variables = {*counter};
    }
  }

  Statement do_loop(size_t i, size_t end, int depth) {
    Statement out;
    out.kind = StatementKind::While;
    out.range = {i, i + 1};
    out = with_body(std::move(out), i + 1, end, depth);
    const size_t open = out.range.end + 1;
    if (is(out.range.end, end, "while") && is(open, end, "(")) {
      out.head = {open + 1, unit_.match[open]};
      out.range.end = unit_.behind_semicolon(open, end);
    }
    return out;
  }

  /// Adds the statement at `i`, and pragmas before it, to the children of `out`.
  Statement with_body(Statement out, size_t i, size_t end, int depth) {
    while (i < end) {
      out.children.push_back(statement(i, end, depth + 1));
      i = out.children.back().range.end;
      if (out.children.back().kind != StatementKind::Pragma) break;
    }
    out.range.end = std::max(out.range.end, i);
    return out;
  }

  /// What ends with a semicolon.
  Statement plain(size_t i, size_t end) const {
    Statement out;
    const Token& token = unit_.token(i);
    out.range = {i, unit_.behind_semicolon(i, end)};
    if (token.is("return")) {
      out.kind = StatementKind::Return;
    } else if (token.is("break") || token.is("continue") || token.is("goto")) {
      out.kind = StatementKind::Jump;
    } else if (token.is("assert") && is(i + 1, end, "(")) {
      out.kind = StatementKind::Declaration;  // a promise to the tool, which is no code
    } else if (token.is("using") || token.is("typedef") || token.is("static_assert") ||
               token.is("struct") || token.is("class") || token.is("union") || token.is("enum")) {
      out.kind = StatementKind::Declaration;
      out.variables = parse_declaration(unit_, out.range);
    } else {
      out.variables = parse_declaration(unit_, out.range);
      out.kind = !out.variables.empty() ? StatementKind::Declaration
                 : is_call(out.range)   ? StatementKind::Call
                                        : StatementKind::Expression;
    }
    return out;
  }

  /// a::f<...>(...);
  [[nodiscard]] bool is_call(Range range) const {
    size_t i = range.begin;
    if (is(i, range.end, "::")) ++i;
    while (i < range.end && unit_.token(i).is_identifier()) {
      if (is_keyword(unit_.token(i).text)) return false;
      ++i;
      if (is(i, range.end, "<")) {
        const size_t close = close_of_template(unit_, i);
        if (close == 0) return false;
        i = close + 1;
      }
      if (is(i, range.end, "(")) return is(unit_.match[i] + 1, range.end, ";");
      if (!is(i, range.end, "::")) return false;
      ++i;
    }
    return false;
  }

  const Unit& unit_;
  Report& report_;
  bool limited_ = false;
};

}  // namespace

std::vector<Variable> parse_declaration(const Unit& unit, Range range) {
  std::vector<Variable> out;
  if (!range.empty() && unit.token(range.end - 1).is(";")) --range.end;
  size_t i = 0;
  std::optional<Variable> first = parse_variable(unit, range, true, i);
  if (!first) return {};
  const Type base = first->type;
  std::optional<Variable> next = first;
  while (next) {
    if (i < range.end) {
      const Token& token = unit.token(i);
      const bool open = token.is("(") || token.is("{");
      if (!open && !token.is("=") && !token.is(",")) return {};
      if (open) {
        next->initial = {i + 1, unit.match[i]};
        i = unit.match[i] + 1;
      } else if (token.is("=")) {
        const size_t begin = i + 1;
        for (++i; i < range.end && !unit.token(i).is(","); ++i) {
          const Token& inside = unit.token(i);
          if (inside.is("(") || inside.is("[") || inside.is("{")) {
            i = unit.match[i];
          } else if (inside.is("<") && unit.token(i - 1).is_identifier()) {
            if (const size_t close = close_of_template(unit, i); close != 0) i = close;
          }
        }
        i = std::min(i, range.end);
        next->initial = {begin, i};
      }
    }
    out.push_back(*next);
    if (i >= range.end || !unit.token(i).is(",")) break;
    // The other names of `int a = 1, *b, c[2];`
    Variable other;
    other.type = base;
    other.type.dimensions.clear();
    other.type.pointer = other.type.reference = false;
    for (++i; i < range.end && (unit.token(i).is("*") || unit.token(i).is("&")); ++i)
      (unit.token(i).is("*") ? other.type.pointer : other.type.reference) = true;
    if (i >= range.end || !unit.token(i).is_identifier()) break;
    other.token = i;
    other.name = unit.token(i++).text;
    while (i < range.end && unit.token(i).is("[")) {
      other.type.dimensions.push_back({i + 1, unit.match[i]});
      i = unit.match[i] + 1;
    }
    next = other;
  }
  return out;
}

Statement parse_block(const Unit& unit, size_t open, Report& report) {
  return StatementParser(unit, report).block(open, 0);
}

}  // namespace st::lint
