// SPDX-License-Identifier: Apache-2.0
/// The structure of a translation unit, as far as rules ask for it: functions with parameters and
/// statements, variables, pragmas in their scopes. Expressions stay token ranges.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backends/lint/preprocess.h"

namespace st::lint {

/// Tokens [begin, end) of the unit.
struct Range {
  size_t begin = 0, end = 0;
  [[nodiscard]] bool empty() const { return begin >= end; }
  [[nodiscard]] bool holds(size_t token) const { return begin <= token && token < end; }
};

/// The type of a variable.
struct Type {
  std::string_view name;          ///< its last identifier: "stream" of hls::stream<int>
  std::string_view qualifier;     ///< the identifier before it: "hls"
  std::vector<Range> arguments;   ///< of its template
  std::vector<Range> dimensions;  ///< of an array
  bool is_const = false;  ///< what it points to, or is made of, cannot be written through it
  bool is_constexpr = false, is_static = false;
  bool pointer = false, reference = false;
  bool pack = false;    ///< a parameter pack
  bool stream = false;  ///< hls::stream, or an alias of it

  /// Whether what happens to it happens to what it was made from.
  [[nodiscard]] bool shares() const { return pointer || reference || !dimensions.empty(); }
};

struct Variable {
  std::string_view name;  ///< "" of a parameter without a name
  size_t token = 0;       ///< of its name, else where its type begins
  Type type;
  Range initial;  ///< behind '=', or in brackets; empty without
};

enum class StatementKind : uint8_t {
  Pragma,
  Declaration,  ///< of variables; without variables: of types, aliases, assertions
  Call,         ///< f(...); and nothing else
  Expression,
  If,  ///< switch too
  For,
  While,  ///< do too
  Return,
  Jump,  ///< break, continue, goto
  Block,
  Nothing,  ///< ;
};

struct Statement {
  StatementKind kind = StatementKind::Nothing;
  Range range;                      ///< all of its tokens
  Range head;                       ///< of if and loops: between the brackets
  std::vector<Range> parts;         ///< of a `for` with semicolons: start, condition, step
  std::vector<Variable> variables;  ///< that it declares; of a `for`: in its head
  std::vector<Statement> children;  ///< of a block; else what is done, pragmas before it included
  size_t pragma = 0;                ///< of a Pragma
};

struct Function {
  std::string_view name;
  std::string_view scope;  ///< the namespace or class around it; "" outside of any
  size_t token = 0;        ///< of its name
  std::vector<Variable> parameters;
  std::vector<std::string_view> template_parameters;
  size_t required = 0;  ///< parameters without a default
  bool is_template = false, is_constexpr = false, is_virtual = false;
  bool is_extern_c = false, is_static = false;
  bool is_member = false;
  bool returns_void = false;
  bool has_body = false;
  Statement body;  ///< a block

  [[nodiscard]] const Variable* parameter(std::string_view wanted) const;
};

/// A parsed unit.
struct Unit {
  std::unique_ptr<Preprocessed> source;
  std::vector<size_t> match;  ///< of each bracket ( [ { the closing one and back; else 0
  std::vector<Function> functions;
  std::vector<Variable> globals;      ///< of namespaces and classes
  std::vector<size_t> loose_pragmas;  ///< outside of functions
  std::vector<std::string_view> enumerators;
  std::vector<std::string_view> stream_aliases;  ///< names that stand for an hls::stream

  [[nodiscard]] const Tokens& tokens() const { return source->tokens; }
  [[nodiscard]] const Token& token(size_t i) const { return source->tokens[i]; }
  [[nodiscard]] Place place(size_t i) const { return source->tokens[i].place; }
  /// Behind the semicolon at or behind token `i`, outside of brackets; at most `end`.
  [[nodiscard]] size_t behind_semicolon(size_t i, size_t end) const;
  /// The text of tokens, with single spaces where there were any.
  [[nodiscard]] std::string text(Range range) const;
};

/// Parses a unit. Reports brackets that do not match: then there are no functions, as nothing can
/// be said about them. What is no C++ that it knows is skipped up to the next semicolon.
Unit parse(std::unique_ptr<Preprocessed> source, Report& report);

/// The '>' that closes the template arguments whose '<' is tokens[open]; 0 if this is a comparison.
size_t close_of_template(const Unit& unit, size_t open);

/// `range` cut at its commas outside of brackets and template arguments.
std::vector<Range> split_at_commas(const Unit& unit, Range range);

/// The variable that tokens from `begin` on declare, up to the end of its name and dimensions,
/// which becomes `next`; nothing if they declare none. `named`: whether a name is needed.
std::optional<Variable> parse_variable(const Unit& unit, Range range, bool named, size_t& next);

/// The name of a call or type that ends with token `last`: where it begins.
size_t start_of_name(const Unit& unit, size_t last);

/// Words that begin a statement, or cannot be called.
bool is_keyword(std::string_view word);

}  // namespace st::lint
