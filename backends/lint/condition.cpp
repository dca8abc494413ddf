// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "backends/lint/constant.h"
#include "backends/lint/preprocess.h"

namespace st::lint {
namespace {

/// Macros inside of macros, and brackets inside of brackets.
constexpr int DeepestCondition = 64;

class Condition {
 public:
  explicit Condition(const Macros& macros) : macros_(macros) {}

  /// Nothing where the condition is not understood.
  std::optional<int64_t> value(const Tokens& tokens, int depth) {
    if (depth > DeepestCondition) return std::nullopt;
    Tokens flat;
    for (size_t i = 0; i < tokens.size(); ++i) {
      const Token& token = tokens[i];
      if (token.is("defined")) {
        const bool bracket = i + 1 < tokens.size() && tokens[i + 1].is("(");
        const size_t name = i + (bracket ? 2 : 1);
        if (name >= tokens.size()) return std::nullopt;
        flat.push_back(number(token, macros_.count(tokens[name].text) != 0));
        i = name + (bracket ? 1 : 0);
      } else if (token.is_identifier()) {
        const auto macro = macros_.find(token.text);
        if (macro != macros_.end() && macro->second.is_function) return std::nullopt;
        int64_t worth = token.is("true") ? 1 : 0;
        if (macro != macros_.end()) {
          const auto found = value(macro->second.body, depth + 1);
          if (!found) return std::nullopt;
          worth = *found;
        }
        flat.push_back(number(token, worth));
      } else {
        flat.push_back(token);
      }
    }
    return constant_value(flat, 0, flat.size(),
                          [](std::string_view) { return std::optional<int64_t>(); });
  }

 private:
  Token number(const Token& at, int64_t worth) {
    kept_.push_back(std::to_string(worth));
    Token made = at;
    made.kind = TokenKind::Number;
    made.text = kept_.back();
    return made;
  }

  const Macros& macros_;
  std::deque<std::string> kept_;
};

}  // namespace

bool holds(const Tokens& condition, const Macros& macros) {
  return Condition(macros).value(condition, 0).value_or(1) != 0;
}

}  // namespace st::lint
