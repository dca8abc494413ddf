// SPDX-License-Identifier: Apache-2.0
#include "backends/lint/uses.h"

#include <algorithm>

namespace st::lint {
namespace {

/// Calls that pass a parameter on.
constexpr int DeepestCalls = 200;

/// Finds calls and uses by one pass over a body.
class Scanner {
 public:
  explicit Scanner(const Unit& unit) : unit_(unit) {}

  Uses run(Range body) {
    for (size_t i = body.begin; i < body.end; ++i) {
      const Token& token = unit_.token(i);
      if (token.is("(")) {
        open(i);
      } else if (token.is("[") || token.is("{")) {
        around_.push_back({});
      } else if (token.is(")") || token.is("]") || token.is("}")) {
        close(i);
      } else if (token.is(",")) {
        comma(i);
      } else if (token.is_identifier()) {
        name(i);
      }
    }
    return std::move(out_);
  }

 private:
  struct Bracket {
    size_t call = Use::NoCall;
    size_t argument = 0;
    bool own = false;  ///< the brackets of the call, not some inside of them
    size_t begin = 0;  ///< of the argument
  };

  void open(size_t i) {
    const Call call = call_at(i);
    if (call.range.empty()) {
      // (a) is what a is.
      Bracket inherited = around_.empty() ? Bracket{} : around_.back();
      inherited.own = false;
      around_.push_back(inherited);
      return;
    }
    around_.push_back({out_.calls.size(), 0, true, i + 1});
    out_.calls.push_back(call);
  }

  void close(size_t i) {
    if (around_.empty()) return;
    const Bracket& bracket = around_.back();
    if (bracket.own && bracket.begin < i) {
      out_.calls[bracket.call].arguments.push_back({bracket.begin, i});
    }
    around_.pop_back();
  }

  void comma(size_t i) {
    if (around_.empty() || !around_.back().own || inside_template(i)) return;
    Bracket& bracket = around_.back();
    out_.calls[bracket.call].arguments.push_back({bracket.begin, i});
    ++bracket.argument;
    bracket.begin = i + 1;
  }

  void name(size_t i) {
    const Token& token = unit_.token(i);
    if (i > 0 &&
        (unit_.token(i - 1).is(".") || unit_.token(i - 1).is("->") || unit_.token(i - 1).is("::")))
      return;
    if (i + 1 < unit_.tokens().size() && unit_.token(i + 1).is("<") && i >= template_end_) {
      if (const size_t close = close_of_template(unit_, i + 1); close != 0) template_end_ = close;
    }
    const Bracket bracket = around_.empty() ? Bracket{} : around_.back();
    out_.by_name[token.text].push_back({i, bracket.call, bracket.argument});
  }

  [[nodiscard]] bool inside_template(size_t i) const { return i < template_end_; }

  /// The call whose '(' is token i; an empty range if it is none.
  [[nodiscard]] Call call_at(size_t i) const {
    Call call;
    if (i == 0) return call;
    size_t last = i - 1;
    if (unit_.token(last).is(">")) {
      // Back to the '<': brackets of templates are not matched beforehand.
      int depth = 0;
      size_t at = last;
      for (; at > 0; --at) {
        const Token& token = unit_.token(at);
        if (token.is(")") || token.is("]")) at = unit_.match[at];
        if (token.is(">")) ++depth;
        if (token.is("<") && --depth == 0) break;
        if (token.is(";") || token.is("{") || token.is("}")) return call;
      }
      if (at == 0 || close_of_template(unit_, at) != last) return call;
      call.template_arguments = {at + 1, last};
      last = at - 1;
    }
    const Token& name = unit_.token(last);
    if (!name.is_identifier() || is_keyword(name.text)) return {};
    call.name = last;
    if (last >= 2 && unit_.token(last - 1).is("::")) call.qualifier = unit_.token(last - 2).text;
    call.range = {start_of_name(unit_, last), unit_.match[i] + 1};
    return call;
  }

  const Unit& unit_;
  Uses out_;
  std::vector<Bracket> around_;
  size_t template_end_ = 0;
};

}  // namespace

Effect& Effect::operator|=(const Effect& other) {
  read |= other.read;
  write |= other.write;
  asks_empty |= other.asks_empty;
  asks_full |= other.asks_full;
  unknown |= other.unknown;
  return *this;
}

Analysis::Analysis(const Unit& unit) : unit_(unit) {
  for (const Function& function : unit.functions) {
    if (function.has_body) by_name_[function.name].push_back(&function);
  }
}

const Uses& Analysis::uses(const Function& function) {
  const auto at = uses_.find(&function);
  if (at != uses_.end()) return at->second;
  Uses found;
  if (function.has_body) found = Scanner(unit_).run(function.body.range);
  return uses_.emplace(&function, std::move(found)).first->second;
}

const Function* Analysis::callee(const Function& caller, const Call& call) const {
  const auto at = by_name_.find(unit_.token(call.name).text);
  if (at == by_name_.end()) return nullptr;
  // x.f(...) and x->f(...) call members; others that are not qualified call none but their own.
  const bool member = call.range.begin > 0 && (unit_.token(call.range.begin - 1).is(".") ||
                                               unit_.token(call.range.begin - 1).is("->"));
  const bool expands = std::any_of(call.arguments.begin(), call.arguments.end(),
                                   [&](Range a) { return unit_.token(a.end - 1).is("..."); });
  const Function* best = nullptr;
  int most = -1;
  for (const Function* candidate : at->second) {
    const size_t given = call.arguments.size();
    const bool pack = !candidate->parameters.empty() && candidate->parameters.back().type.pack;
    if (candidate->is_member != member && candidate->scope != caller.scope &&
        call.qualifier != candidate->scope)
      continue;
    if (!expands &&
        (given < candidate->required || (!pack && given > candidate->parameters.size())))
      continue;
    int fit = 0;
    if (call.qualifier == candidate->scope) fit += 2;
    if (call.qualifier.empty() && candidate->scope == caller.scope) fit += 1;
    if (call.template_arguments.empty() != candidate->is_template) fit += 1;
    if (!pack && given == candidate->parameters.size()) fit += 1;
    if (fit > most) {
      most = fit;
      best = candidate;
    }
  }
  return best;
}

Effect Analysis::effect_of_call(const Function& caller, const Call& call, size_t argument,
                                const Variable& variable, bool element) {
  Effect out;
  const Function* target = callee(caller, call);
  if (target == nullptr) {
    // Values cannot be changed; what shares its memory with the callee may.
    if (element || !(variable.type.shares() || variable.type.stream)) {
      out.read = true;
    } else {
      out.unknown = true;
    }
    return out;
  }
  const bool expands = unit_.token(call.arguments[argument].end - 1).is("...");
  const std::vector<Variable>& parameters = target->parameters;
  if (parameters.empty()) return out;
  size_t first = std::min(argument, parameters.size() - 1);
  // The elements of a pack go to all parameters from there on.
  const size_t last = expands ? parameters.size() - 1 : first;
  for (size_t p = first; p <= last; ++p) {
    const bool by_value = !parameters[p].type.shares();
    if (by_value && !parameters[p].type.stream) {
      out.read = true;
    } else {
      out |= effect(*target, p);
    }
  }
  return out;
}

Effect Analysis::effect(const Function& function, const Variable& variable, const Use& use) {
  Effect out;
  const Tokens& tokens = unit_.tokens();
  const auto at = [&](size_t i) { return i < tokens.size() ? tokens[i].text : std::string_view(); };
  size_t i = use.token + 1;
  bool element = false;
  while (true) {
    if (at(i) == "[") {
      element = element || !variable.type.stream;
      i = unit_.match[i] + 1;
      continue;
    }
    if (at(i) != "." && at(i) != "->") break;
    const std::string_view method = at(i + 1);
    if (at(i + 2) != "(") {
      i += 2;
      element = true;
      continue;
    }
    if (method == "read" || method == "read_nb") {
      out.read = true;
    } else if (method == "write" || method == "write_nb") {
      out.write = true;
    } else if (method == "empty") {
      out.asks_empty = true;
    } else if (method == "full") {
      out.asks_full = true;
    } else if (!variable.type.stream) {
      // word.range(7, 0) = x;
      const std::string_view behind = at(unit_.match[i + 2] + 1);
      (behind == "=" ? out.write : out.read) = true;
    }
    return out;
  }
  const std::string_view next = at(i);
  const std::string_view before = use.token > 0 ? at(use.token - 1) : "";
  const bool steps = next == "++" || next == "--" || before == "++" || before == "--";
  if (variable.type.stream) {
    if (next == "<<") out.write = true;
    if (next == ">" && at(i + 1) == ">" && tokens[i + 1].glued) out.read = true;
  } else if (next == "=") {
    out.write = true;
  } else if (steps || (next.size() >= 2 && next.back() == '=' && next != "==" && next != "!=" &&
                       next != "<=" && next != ">=")) {
    out.read = out.write = true;
  }
  if (out.read || out.write) {
    if (variable.type.is_const) out.write = false;
    return out;
  }
  const Uses& all = uses(function);
  if (use.call != Use::NoCall) {
    const Call& call = all.calls[use.call];
    // A number in `port + first` is read, a pointer there is passed on.
    const bool alone = i == call.arguments[use.argument].end;
    const bool address = variable.type.pointer || !variable.type.dimensions.empty();
    if (alone || address || variable.type.stream || variable.type.pack) {
      out = effect_of_call(function, call, use.argument, variable, element);
    } else {
      out.read = true;
    }
  } else if (!variable.type.stream) {
    // `T& other = variable[i];` may do both.
    const bool bound = before == "=" && use.token >= 3 && at(use.token - 3) == "&";
    out.read = true;
    out.write = bound && variable.type.shares();
  }
  if (variable.type.is_const) out.write = false;
  return out;
}

Effect Analysis::effect(const Function& function, size_t parameter) {
  if (function.parameters[parameter].name.empty()) return {};
  {
    std::vector<Known>& known = effects_[&function];
    known.resize(function.parameters.size());
    if (known[parameter].asked) return known[parameter].effect;
    // What it does to itself by recursion is what it does without.
    known[parameter].asked = true;
  }
  Effect out;
  if (depth_ >= DeepestCalls) {
    out.unknown = true;
  } else {
    ++depth_;
    const Variable& variable = function.parameters[parameter];
    const Uses& all = uses(function);
    if (const auto found = all.by_name.find(variable.name); found != all.by_name.end()) {
      const std::vector<Use> copies = found->second;
      for (const Use& use : copies) out |= effect(function, variable, use);
    }
    --depth_;
  }
  effects_[&function][parameter].effect = out;
  return out;
}

}  // namespace st::lint
