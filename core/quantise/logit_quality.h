// SPDX-License-Identifier: Apache-2.0
/// How far logits are from those of a reference.
#pragma once

#include <cstdint>
#include <span>

namespace st {

/// Takes rows of logits of both, one position after another.
class LogitQuality {
 public:
  /// Both rows are of the vocabulary's size, at least 1. `next`: the id that follows in the text,
  /// which both are to have foretold; -1: none does.
  void add(std::span<const float> reference, std::span<const float> logits, int64_t next);

  [[nodiscard]] int64_t positions() const { return positions_; }
  [[nodiscard]] int64_t agreeing() const { return agreeing_; }  ///< with the same top token
  [[nodiscard]] double largest_error() const {
    return largest_;
  }  ///< of a logit; NaN counts as
     ///< infinite
  [[nodiscard]] double rms_error() const;
  /// exp of the mean negative log-likelihood of what follows; 1 where nothing does.
  [[nodiscard]] double reference_perplexity() const { return perplexity(reference_loss_); }
  [[nodiscard]] double perplexity() const { return perplexity(loss_); }

 private:
  [[nodiscard]] double perplexity(double loss) const;

  int64_t positions_ = 0, agreeing_ = 0, scored_ = 0, logits_ = 0;
  double largest_ = 0, squares_ = 0, reference_loss_ = 0, loss_ = 0;
};

}  // namespace st
