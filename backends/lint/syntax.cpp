// SPDX-License-Identifier: Apache-2.0
// What the parsers of functions and of statements share: names, template arguments, variables.
#include "backends/lint/syntax.h"

#include <algorithm>
#include <set>

namespace st::lint {
namespace {

/// Template arguments are not longer than this; a comparison may go on for the whole file.
constexpr size_t LongestTemplate = 2'000;

const std::set<std::string_view>& built_in_types() {
  static const std::set<std::string_view> Types = {
      "void",   "bool",   "char",     "short", "int",      "long",    "float",
      "double", "signed", "unsigned", "auto",  "char16_t", "char32_t"};
  return Types;
}

/// Skips [[...]] and alignas(...).
size_t skip_attributes(const Unit& unit, size_t i, size_t end) {
  while (i < end) {
    if (i + 1 < end && unit.token(i).is("[") && unit.token(i + 1).is("[")) {
      i = unit.match[i] + 1;
    } else if (i + 1 < end && unit.token(i).is("alignas") && unit.token(i + 1).is("(")) {
      i = unit.match[i + 1] + 1;
    } else {
      return i;
    }
  }
  return i;
}

/// Specifiers in front of a type.
bool take_specifier(const Unit& unit, size_t i, Type& type) {
  const Token& token = unit.token(i);
  if (token.is("const")) return type.is_const = true;
  if (token.is("static")) return type.is_static = true;
  if (token.is("constexpr") || token.is("constinit"))
    return type.is_const = type.is_constexpr = true;
  static const std::set<std::string_view> Others = {
      "volatile", "inline", "extern",  "typename", "struct",       "class",
      "union",    "enum",   "mutable", "register", "thread_local", "hls_thread_local"};
  return Others.count(token.text) != 0;
}

/// The name of a type: several words of a built-in one, or A::B<C>::D. Returns what follows, or
/// `begin` if there is none.
size_t take_type_name(const Unit& unit, size_t i, size_t end, Type& type) {
  const size_t begin = i;
  while (i < end && built_in_types().count(unit.token(i).text) != 0) {
    type.name = unit.token(i++).text;
    if (i < end && unit.token(i).is("const")) type.is_const = true, ++i;
  }
  if (i > begin) return i;
  if (i < end && unit.token(i).is("::")) ++i;
  while (i < end && unit.token(i).is_identifier() && !is_keyword(unit.token(i).text)) {
    type.qualifier = type.name;
    type.name = unit.token(i++).text;
    type.arguments.clear();
    if (i < end && unit.token(i).is("<")) {
      const size_t close = close_of_template(unit, i);
      if (close == 0 || close >= end) return begin;
      type.arguments = split_at_commas(unit, {i + 1, close});
      i = close + 1;
    }
    if (i >= end || !unit.token(i).is("::")) return i;
    ++i;
  }
  return begin;
}

bool is_stream(const Unit& unit, const Type& type) {
  const auto& aliases = unit.stream_aliases;
  if (std::find(aliases.begin(), aliases.end(), type.name) != aliases.end()) return true;
  return type.name == "stream" && (type.qualifier == "hls" || type.qualifier.empty());
}

}  // namespace

bool is_keyword(std::string_view word) {
  static const std::set<std::string_view> Words = {"if",           "else",       "for",
                                                   "while",        "do",         "switch",
                                                   "case",         "default",    "return",
                                                   "break",        "continue",   "goto",
                                                   "using",        "typedef",    "template",
                                                   "namespace",    "class",      "struct",
                                                   "union",        "enum",       "static_assert",
                                                   "sizeof",       "alignof",    "new",
                                                   "delete",       "throw",      "try",
                                                   "catch",        "operator",   "public",
                                                   "private",      "protected",  "friend",
                                                   "this",         "decltype",   "alignas",
                                                   "static_cast",  "const_cast", "reinterpret_cast",
                                                   "dynamic_cast", "typeid",     "noexcept",
                                                   "asm",          "true",       "false",
                                                   "nullptr",      "co_return"};
  return Words.count(word) != 0;
}

const Variable* Function::parameter(std::string_view wanted) const {
  const auto at = std::find_if(parameters.begin(), parameters.end(),
                               [&](const Variable& p) { return p.name == wanted; });
  return at == parameters.end() || wanted.empty() ? nullptr : &*at;
}

size_t Unit::behind_semicolon(size_t i, size_t end) const {
  for (; i < end; ++i) {
    if (token(i).is(";")) return i + 1;
    if (token(i).is("(") || token(i).is("[") || token(i).is("{")) i = match[i];
  }
  return end;
}

std::string Unit::text(Range range) const {
  std::string out;
  for (size_t i = range.begin; i < range.end; ++i) {
    if (i > range.begin && !token(i).glued) out += ' ';
    out += token(i).text;
  }
  return out;
}

size_t close_of_template(const Unit& unit, size_t open) {
  const size_t end = std::min(unit.tokens().size(), open + LongestTemplate);
  int depth = 0;
  for (size_t i = open; i < end; ++i) {
    const Token& token = unit.token(i);
    if (token.is_identifier()) continue;  // most are, and none of those below
    if (token.is("<")) {
      ++depth;
    } else if (token.is(">")) {
      if (--depth == 0) return i;
    } else if (token.is("(") || token.is("[")) {
      i = unit.match[i];
    } else if (token.is("{") || token.is("}") || token.is(")") || token.is("]") || token.is(";") ||
               token.is("&&") || token.is("||") || token.is("=") || token.is("?") ||
               token.kind == TokenKind::Pragma || token.kind == TokenKind::String) {
      return 0;
    }
  }
  return 0;
}

std::vector<Range> split_at_commas(const Unit& unit, Range range) {
  std::vector<Range> parts;
  size_t begin = range.begin;
  for (size_t i = range.begin; i < range.end; ++i) {
    const Token& token = unit.token(i);
    if (token.is("(") || token.is("[") || token.is("{")) {
      i = unit.match[i];
    } else if (token.is("<") && i > range.begin && unit.token(i - 1).is_identifier()) {
      const size_t close = close_of_template(unit, i);
      if (close != 0 && close < range.end) i = close;
    } else if (token.is(",")) {
      parts.push_back({begin, i});
      begin = i + 1;
    }
  }
  if (begin < range.end || !parts.empty()) parts.push_back({begin, range.end});
  return parts;
}

std::optional<Variable> parse_variable(const Unit& unit, Range range, bool named, size_t& next) {
  Variable variable;
  Type& type = variable.type;
  size_t i = skip_attributes(unit, range.begin, range.end);
  variable.token = i;
  while (i < range.end && take_specifier(unit, i, type))
    i = skip_attributes(unit, i + 1, range.end);
  const size_t behind = take_type_name(unit, i, range.end, type);
  if (behind == i) return std::nullopt;
  i = behind;
  type.stream = is_stream(unit, type);
  bool bracket = false;
  for (; i < range.end; ++i) {
    const Token& token = unit.token(i);
    if (token.is("*")) {
      type.pointer = true;
    } else if (token.is("&") || token.is("&&")) {
      type.reference = true;
    } else if (token.is("...")) {
      type.pack = true;
    } else if (token.is("const")) {
      // Behind '*' it is the pointer that is constant.
      type.is_const = type.is_const || !type.pointer;
    } else if (token.is("(") && i + 1 < range.end && !bracket &&
               (unit.token(i + 1).is("&") || unit.token(i + 1).is("*"))) {
      bracket = true;  // T (&name)[N]
    } else if (!token.is("volatile") && !token.is("__restrict") && !token.is("__restrict__") &&
               !token.is("restrict")) {
      break;
    }
  }
  if (i < range.end && unit.token(i).is_identifier() && !is_keyword(unit.token(i).text)) {
    variable.token = i;
    variable.name = unit.token(i++).text;
  } else if (named) {
    return std::nullopt;
  }
  if (bracket) {
    // Else it is a call: f(&x).
    if (i + 1 >= range.end || !unit.token(i).is(")") || !unit.token(i + 1).is("["))
      return std::nullopt;
    ++i;
  }
  while (i < range.end && unit.token(i).is("[")) {
    type.dimensions.push_back({i + 1, unit.match[i]});
    i = unit.match[i] + 1;
  }
  next = std::min(i, range.end);
  return variable;
}

size_t start_of_name(const Unit& unit, size_t last) {
  size_t i = last;
  while (i >= 2 && unit.token(i - 1).is("::") &&
         (unit.token(i - 2).is_identifier() && !is_keyword(unit.token(i - 2).text)))
    i -= 2;
  if (i >= 1 && unit.token(i - 1).is("::")) --i;
  return i;
}

}  // namespace st::lint
