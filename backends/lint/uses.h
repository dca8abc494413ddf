// SPDX-License-Identifier: Apache-2.0
/// Calls and uses of names in function bodies, and what functions do to their parameters: whether a
/// process reads or writes a stream follows from its body, and from the bodies of what it calls.
#pragma once

#include <string_view>
#include <unordered_map>
#include <vector>

#include "backends/lint/syntax.h"

namespace st::lint {

struct Call {
  size_t name = 0;             ///< token of the function's name
  std::string_view qualifier;  ///< "st" of st::add(...)
  Range template_arguments;
  std::vector<Range> arguments;
  Range range;  ///< from the name to ')'
};

/// One place where a name is used.
struct Use {
  static constexpr size_t NoCall = static_cast<size_t>(-1);
  size_t token = 0;
  size_t call = NoCall;  ///< the innermost call that it is an argument of, in Uses::calls
  size_t argument = 0;   ///< its number there
};

struct Uses {
  std::vector<Call> calls;
  std::unordered_map<std::string_view, std::vector<Use>> by_name;
};

/// What is done to a variable.
struct Effect {
  bool read = false, write = false;
  bool asks_empty = false, asks_full = false;
  bool unknown = false;  ///< it goes to a function that is not defined here

  Effect& operator|=(const Effect& other);
};

/// All functions of a unit together.
class Analysis {
 public:
  explicit Analysis(const Unit& unit);

  [[nodiscard]] const Unit& unit() const { return unit_; }

  /// Calls and uses of a function's body.
  const Uses& uses(const Function& function);

  /// The definition that a call means: by name, namespace and number of arguments. nullptr if there
  /// is none.
  [[nodiscard]] const Function* callee(const Function& caller, const Call& call) const;

  /// What one use does to a variable.
  Effect effect(const Function& function, const Variable& variable, const Use& use);

  /// What a function does to a parameter.
  Effect effect(const Function& function, size_t parameter);

 private:
  struct Known {
    bool asked = false;
    Effect effect;
  };

  /// What a call does to what is passed as argument number `argument`.
  Effect effect_of_call(const Function& caller, const Call& call, size_t argument,
                        const Variable& variable, bool element);

  const Unit& unit_;
  std::unordered_map<std::string_view, std::vector<const Function*>> by_name_;
  std::unordered_map<const Function*, Uses> uses_;
  std::unordered_map<const Function*, std::vector<Known>> effects_;
  int depth_ = 0;
};

}  // namespace st::lint
