// SPDX-License-Identifier: Apache-2.0
#include "backends/lint/constant.h"

#include <array>
#include <charconv>
#include <string>

namespace st::lint {
namespace {

struct Operator {
  std::string_view text;
  int binds;  ///< higher binds more
};

constexpr std::array<Operator, 16> Operators = {{{"||", 1},
                                                 {"&&", 2},
                                                 {"|", 3},
                                                 {"^", 4},
                                                 {"&", 5},
                                                 {"==", 6},
                                                 {"!=", 6},
                                                 {"<", 7},
                                                 {">", 7},
                                                 {"<=", 7},
                                                 {">=", 7},
                                                 {"<<", 8},
                                                 {"+", 9},
                                                 {"-", 9},
                                                 {"*", 10},
                                                 {"/", 10}}};

std::optional<int64_t> applied(std::string_view op, int64_t a, int64_t b) {
  int64_t out = 0;
  if (op == "||") return a != 0 || b != 0;
  if (op == "&&") return a != 0 && b != 0;
  if (op == "|") return a | b;
  if (op == "^") return a ^ b;
  if (op == "&") return a & b;
  if (op == "==") return a == b;
  if (op == "!=") return a != b;
  if (op == "<") return a < b;
  if (op == ">") return a > b;
  if (op == "<=") return a <= b;
  if (op == ">=") return a >= b;
  if (op == "+") return __builtin_add_overflow(a, b, &out) ? std::nullopt : std::optional(out);
  if (op == "-") return __builtin_sub_overflow(a, b, &out) ? std::nullopt : std::optional(out);
  if (op == "*") return __builtin_mul_overflow(a, b, &out) ? std::nullopt : std::optional(out);
  if (op == "<<" || op == ">>") {
    if (b < 0 || b > 62 || a < 0) return std::nullopt;
    if (op == ">>") return a >> b;
    return a > (INT64_MAX >> b) ? std::nullopt : std::optional(a << b);
  }
  if (b == 0 || (a == INT64_MIN && b == -1)) return std::nullopt;
  return op == "/" ? a / b : a % b;
}

class Evaluator {
 public:
  Evaluator(const Tokens& tokens, size_t begin, size_t end, const ValueOf& value_of)
      : tokens_(tokens), at_(begin), end_(end), value_of_(value_of) {}

  std::optional<int64_t> whole() {
    const auto value = ternary(0);
    return at_ == end_ ? value : std::nullopt;
  }

 private:
  static constexpr int Deepest = 64;

  [[nodiscard]] bool next_is(std::string_view text) const {
    return at_ < end_ && tokens_[at_].text == text;
  }

  std::optional<int64_t> ternary(int depth) {
    const auto condition = binary(1, depth);
    if (!next_is("?")) return condition;
    ++at_;
    const auto yes = depth < Deepest ? ternary(depth + 1) : std::nullopt;
    if (!next_is(":")) return std::nullopt;
    ++at_;
    const auto no = depth < Deepest ? ternary(depth + 1) : std::nullopt;
    if (!condition) return std::nullopt;
    return *condition != 0 ? yes : no;
  }

  /// The operator here, how much it binds, and its tokens.
  [[nodiscard]] std::pair<Operator, size_t> here() const {
    if (at_ >= end_) return {{"", 0}, 0};
    const std::string_view text = tokens_[at_].text;
    if (text == ">" && at_ + 1 < end_ && tokens_[at_ + 1].is(">") && tokens_[at_ + 1].glued)
      return {{">>", 8}, 2};
    if (text == "%") return {{"%", 10}, 1};
    for (const Operator& op : Operators) {
      if (op.text == text) return {op, 1};
    }
    return {{"", 0}, 0};
  }

  std::optional<int64_t> binary(int least, int depth) {
    std::optional<int64_t> left = unary(depth);
    while (true) {
      const auto [op, tokens] = here();
      if (tokens == 0 || op.binds < least) return left;
      at_ += tokens;
      const auto right = depth < Deepest ? binary(op.binds + 1, depth + 1) : std::nullopt;
      left = left && right ? applied(op.text, *left, *right) : std::nullopt;
    }
  }

  std::optional<int64_t> unary(int depth) {
    if (at_ >= end_ || depth >= Deepest) return std::nullopt;
    const Token& token = tokens_[at_++];
    if (token.kind == TokenKind::Number) return integer(token.text);
    if (token.is("true")) return 1;
    if (token.is("false")) return 0;
    if (token.is_identifier()) return value_of_(token.text);
    if (token.is("(")) {
      const auto value = ternary(depth + 1);
      if (!next_is(")")) return std::nullopt;
      ++at_;
      return value;
    }
    const auto value = unary(depth + 1);
    if (!value) return std::nullopt;
    if (token.is("!")) return *value == 0;
    if (token.is("~")) return ~*value;
    if (token.is("+")) return value;
    if (token.is("-") && *value != INT64_MIN) return -*value;
    return std::nullopt;
  }

  const Tokens& tokens_;
  size_t at_;
  size_t end_;
  const ValueOf& value_of_;
};

}  // namespace

std::optional<int64_t> integer(std::string_view literal) {
  std::string digits;
  for (const char c : literal) {
    if (c != '\'') digits += c;
  }
  while (!digits.empty() && std::string_view("uUlL").find(digits.back()) != std::string_view::npos)
    digits.pop_back();
  int base = 10;
  size_t skip = 0;
  if (digits.size() > 1 && digits[0] == '0') {
    const char second = digits[1];
    base = second == 'x' || second == 'X' ? 16 : second == 'b' || second == 'B' ? 2 : 8;
    skip = base == 8 ? 1 : 2;
  }
  int64_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data() + skip, end, value, base);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

std::optional<int64_t> constant_value(const Tokens& tokens, size_t begin, size_t end,
                                      const ValueOf& value_of) {
  if (begin >= end || end > tokens.size()) return std::nullopt;
  return Evaluator(tokens, begin, end, value_of).whole();
}

}  // namespace st::lint
