// SPDX-License-Identifier: Apache-2.0
/// A size that may depend on bounded symbols: 64, sequence, past+sequence, past+d0+1.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace st {

/// Values of symbols for one run.
using Bindings = std::map<std::string, int64_t>;

/// An affine expression with integer coefficients: constant + sum of coefficient * symbol.
class Extent {
 public:
  Extent() = default;
  Extent(int64_t constant) : constant_(constant) {}
  static Extent symbol(const std::string& name) {
    Extent e;
    e.terms_[name] = 1;
    return e;
  }

  [[nodiscard]] bool is_constant() const { return terms_.empty(); }
  /// The value, if it depends on no symbol.
  [[nodiscard]] std::optional<int64_t> constant() const {
    return is_constant() ? std::optional(constant_) : std::nullopt;
  }
  [[nodiscard]] int64_t offset() const { return constant_; }
  [[nodiscard]] const std::map<std::string, int64_t>& terms() const { return terms_; }

  /// The value under `bindings`; nullopt if a symbol has none.
  [[nodiscard]] std::optional<int64_t> evaluate(const Bindings& bindings) const;

  /// The same expression with `name` replaced.
  [[nodiscard]] Extent substitute(const std::string& name, const Extent& value) const;

  /// "past+d0+1": symbols in alphabetical order, constant last.
  [[nodiscard]] std::string text() const;

  friend Extent operator+(const Extent& a, const Extent& b);
  friend Extent operator*(int64_t factor, const Extent& a);
  friend bool operator==(const Extent&, const Extent&) = default;

 private:
  int64_t constant_ = 0;
  std::map<std::string, int64_t> terms_;  ///< never holds a zero coefficient
};

}  // namespace st
