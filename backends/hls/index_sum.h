// SPDX-License-Identifier: Apache-2.0
/// Index expressions of emitted code: sums of counters that are never negative, simplified as they
/// are built, so that a division or remainder is only printed where it does something.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace st::hls {

/// constant + sum of factor * counter, where a counter may be a quotient or remainder itself.
class IndexSum {
 public:
  IndexSum(int64_t constant = 0) : constant_(constant) {}
  /// factor * a variable that takes the values 0..max.
  static IndexSum variable(const std::string& name, int64_t max, int64_t factor = 1);

  [[nodiscard]] int64_t max() const;
  [[nodiscard]] IndexSum times(int64_t factor) const;
  /// Rounded down.
  [[nodiscard]] IndexSum divided(int64_t by) const;
  [[nodiscard]] IndexSum modulo(int64_t by) const;
  /// "d1 * 4 + (d2 + 3) / 4": C++, constant last.
  [[nodiscard]] std::string text() const;

  friend IndexSum operator+(IndexSum a, const IndexSum& b);

 private:
  struct Term {
    std::string text;  ///< may stand to the left of `*`, `/` and `%` as it is
    int64_t max;
    int64_t factor;
  };
  /// The text, in parentheses if an operator behind it would only take its last summand.
  [[nodiscard]] std::string operand() const;

  std::vector<Term> terms_;  ///< without factors and maxima of 0
  int64_t constant_ = 0;
};

}  // namespace st::hls
