// SPDX-License-Identifier: Apache-2.0
// What synthesis does not support, in all that a kernel reaches.
#include <algorithm>
#include <set>

#include "backends/lint/context.h"

namespace st::lint {
namespace {

/// AP_INT_MAX_W, where it is not raised.
constexpr int64_t WidestInteger = 4096;

using Words = std::set<std::string_view>;

const Words Allocation = {"new", "delete", "malloc", "calloc", "realloc", "free", "alloca"};
const Words Exceptions = {"throw", "try", "catch", "dynamic_cast", "typeid", "asm", "__asm__"};
const Words Library = {
    "vector",        "string",        "map",        "multimap", "set",           "multiset",
    "list",          "deque",         "queue",      "stack",    "unordered_map", "unordered_set",
    "function",      "shared_ptr",    "unique_ptr", "weak_ptr", "make_shared",   "make_unique",
    "thread",        "mutex",         "async",      "future",   "cout",          "cerr",
    "cin",           "endl",          "ifstream",   "ofstream", "fstream",       "stringstream",
    "ostringstream", "istringstream", "to_string",  "any",      "regex",         "string_view"};
const Words System = {"fopen",  "fclose", "fread",  "fwrite", "fprintf", "scanf",
                      "fscanf", "getenv", "system", "exit",   "abort",   "time",
                      "clock",  "sleep",  "usleep", "rand",   "srand",   "gettimeofday"};

class SynthesisChecks {
 public:
  explicit SynthesisChecks(Context& context) : context_(context) {}

  void run() {
    for (const Function& function : context_.unit.functions) {
      if (context_.hardware.count(&function) == 0) continue;
      if (function.is_virtual)
        context_.report.add("unsupported-virtual", context_.place(function.token),
                            in_quotes(function.name) + " is virtual");
      for (const Variable& parameter : function.parameters) width(parameter.type);
      tokens(function);
      Walk(context_.unit, function).run([&](const Statement& statement, const Walk& walk) {
        for (const Variable& variable : statement.variables) {
          width(variable.type);
          array(variable, walk);
        }
      });
      recursion(function);
    }
  }

 private:
  void tokens(const Function& function) {
    const Range body = function.body.range;
    for (size_t i = body.begin; i < body.end; ++i) {
      const Token& token = context_.token(i);
      if (!token.is_identifier()) continue;
      const bool member = context_.token(i - 1).is(".") || context_.token(i - 1).is("->");
      const bool in_std =
          i >= 2 && context_.token(i - 1).is("::") && context_.token(i - 2).is("std");
      const bool elsewhere = context_.token(i - 1).is("::") && !in_std;
      const bool call = i + 1 < body.end && context_.token(i + 1).is("(");
      const bool word = token.is("new") || token.is("delete");
      if (member || elsewhere) continue;
      if (Allocation.count(token.text) != 0 && (word || call)) {
        add("unsupported-allocation", i, function);
      } else if (Exceptions.count(token.text) != 0) {
        add("unsupported-exception", i, function);
      } else if (in_std && Library.count(token.text) != 0) {
        add("unsupported-library", i, function);
      } else if (call && System.count(token.text) != 0 && !defined(token.text)) {
        add("unsupported-call", i, function);
      } else if (token.is("reinterpret_cast")) {
        cast(i, function);
      }
    }
  }

  void add(std::string_view rule, size_t i, const Function& function) {
    context_.report.add(rule, context_.place(i),
                        in_quotes(function.name) + " uses " + in_quotes(context_.token(i).text));
  }

  [[nodiscard]] bool defined(std::string_view name) const {
    const auto& functions = context_.unit.functions;
    return std::any_of(functions.begin(), functions.end(),
                       [&](const Function& function) { return function.name == name; });
  }

  void cast(size_t i, const Function& function) {
    if (!context_.token(i + 1).is("<")) return;
    const size_t close = close_of_template(context_.unit, i + 1);
    for (size_t k = i + 2; k < close; ++k) {
      if (context_.token(k).is("*")) return add("unsupported-cast", i, function);
    }
  }

  void width(const Type& type) {
    if ((type.name == "ap_int" || type.name == "ap_uint") && !type.arguments.empty()) {
      const Range bits = type.arguments[0];
      const auto value = constant_value(context_.unit.tokens(), bits.begin, bits.end,
                                        [](std::string_view) { return std::optional<int64_t>(); });
      if (value && (*value < 1 || *value > WidestInteger))
        context_.report.add("wide-integer", context_.place(bits.begin),
                            std::string(type.name) + " of " + std::to_string(*value) + " bits");
    }
  }

  /// An array whose size is known at run time only.
  void array(const Variable& variable, const Walk& walk) {
    for (const Range& dimension : variable.type.dimensions) {
      if (!walk.is_constant(dimension))
        context_.report.add("unsupported-allocation", context_.place(variable.token),
                            "the size of " + in_quotes(variable.name) + " is not constant");
    }
  }

  /// Templates may call themselves with other arguments, constant expressions are done by then.
  void recursion(const Function& function) {
    if (function.is_constexpr) return;
    std::set<const Function*> seen;
    std::vector<const Function*> open = {&function};
    while (!open.empty()) {
      const Function* caller = open.back();
      open.pop_back();
      for (const Call& call : context_.analysis.uses(*caller).calls) {
        const Function* target = context_.analysis.callee(*caller, call);
        if (target == nullptr || target->is_constexpr) continue;
        const bool other = target->is_template && (!call.template_arguments.empty() ||
                                                   target->parameters.back().type.pack);
        if (target == &function && !other) {
          context_.report.add("unsupported-recursion", context_.place(call.name),
                              in_quotes(function.name) + " calls itself" +
                                  (caller == &function ? "" : " by " + in_quotes(caller->name)));
          return;
        }
        if (!other && seen.insert(target).second) open.push_back(target);
      }
    }
  }

  Context& context_;
};

}  // namespace

void check_synthesis(Context& context) { SynthesisChecks(context).run(); }

}  // namespace st::lint
