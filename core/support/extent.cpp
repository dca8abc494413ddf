// SPDX-License-Identifier: Apache-2.0
#include "core/support/extent.h"

namespace st {

std::optional<int64_t> Extent::evaluate(const Bindings& bindings) const {
  int64_t value = constant_;
  for (const auto& [name, coefficient] : terms_) {
    auto found = bindings.find(name);
    if (found == bindings.end()) return std::nullopt;
    value += coefficient * found->second;
  }
  return value;
}

Extent Extent::substitute(const std::string& name, const Extent& value) const {
  auto found = terms_.find(name);
  if (found == terms_.end()) return *this;
  Extent rest = *this;
  const int64_t coefficient = found->second;
  rest.terms_.erase(name);
  return rest + coefficient * value;
}

std::string Extent::text() const {
  if (terms_.empty()) return std::to_string(constant_);
  std::string out;
  for (const auto& [name, coefficient] : terms_) {
    if (coefficient < 0) {
      out += '-';
    } else if (!out.empty()) {
      out += '+';
    }
    const int64_t magnitude = coefficient < 0 ? -coefficient : coefficient;
    if (magnitude != 1) out += std::to_string(magnitude) + "*";
    out += name;
  }
  if (constant_ > 0) out += '+';
  if (constant_ != 0) out += std::to_string(constant_);
  return out;
}

Extent operator+(const Extent& a, const Extent& b) {
  Extent sum = a;
  sum.constant_ += b.constant_;
  for (const auto& [name, coefficient] : b.terms_) {
    int64_t& total = sum.terms_[name];
    total += coefficient;
    if (total == 0) sum.terms_.erase(name);
  }
  return sum;
}

Extent operator*(int64_t factor, const Extent& a) {
  Extent product;
  if (factor == 0) return product;
  product.constant_ = factor * a.constant_;
  for (const auto& [name, coefficient] : a.terms_) product.terms_[name] = factor * coefficient;
  return product;
}

}  // namespace st
