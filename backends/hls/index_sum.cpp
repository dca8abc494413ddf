// SPDX-License-Identifier: Apache-2.0
#include "backends/hls/index_sum.h"

#include <algorithm>

namespace st::hls {

IndexSum IndexSum::variable(const std::string& name, int64_t max, int64_t factor) {
  IndexSum sum;
  if (max > 0 && factor > 0) sum.terms_.push_back({name, max, factor});
  return sum;
}

int64_t IndexSum::max() const {
  int64_t sum = constant_;
  for (const Term& term : terms_) sum += term.factor * term.max;
  return sum;
}

IndexSum IndexSum::times(int64_t factor) const {
  IndexSum product(factor * constant_);
  for (const Term& term : terms_)
    product = product + variable(term.text, term.max, factor * term.factor);
  return product;
}

IndexSum IndexSum::divided(int64_t by) const {
  if (by == 1) return *this;
  // What the divisor divides comes out of the quotient; the rest may be too small to matter.
  IndexSum whole(constant_ / by), rest(constant_ % by);
  for (const Term& term : terms_) {
    if (term.factor % by == 0) {
      whole.terms_.push_back({term.text, term.max, term.factor / by});
    } else {
      rest.terms_.push_back(term);
    }
  }
  if (rest.max() < by) return whole;
  return whole + variable(rest.operand() + " / " + std::to_string(by), rest.max() / by);
}

IndexSum IndexSum::modulo(int64_t by) const {
  if (by == 1) return {};
  IndexSum rest(constant_ % by);
  for (const Term& term : terms_)
    if (term.factor % by != 0) rest.terms_.push_back({term.text, term.max, term.factor % by});
  if (rest.max() < by) return rest;
  return variable(rest.operand() + " % " + std::to_string(by), by - 1);
}

std::string IndexSum::text() const {
  std::string out;
  for (const Term& term : terms_) {
    if (!out.empty()) out += " + ";
    out += term.text;
    if (term.factor != 1) out += " * " + std::to_string(term.factor);
  }
  if (out.empty()) return std::to_string(constant_);
  if (constant_ != 0) out += " + " + std::to_string(constant_);
  return out;
}

std::string IndexSum::operand() const {
  return terms_.size() + (constant_ != 0 ? 1 : 0) > 1 ? "(" + text() + ")" : text();
}

IndexSum operator+(IndexSum a, const IndexSum& b) {
  for (const IndexSum::Term& term : b.terms_) {
    auto same = std::find_if(a.terms_.begin(), a.terms_.end(),
                             [&](const IndexSum::Term& t) { return t.text == term.text; });
    if (same == a.terms_.end()) {
      a.terms_.push_back(term);
    } else {
      same->factor += term.factor;
    }
  }
  a.constant_ += b.constant_;
  return a;
}

}  // namespace st::hls
