// SPDX-License-Identifier: Apache-2.0
#include "core/quantise/logit_quality.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace st {
namespace {

/// -log of the probability that a row gives to an id.
double loss_of(std::span<const float> row, int64_t id) {
  const double peak = *std::max_element(row.begin(), row.end());
  double total = 0;
  for (const float value : row) total += std::exp(double{value} - peak);
  return std::log(total) + peak - double{row[static_cast<size_t>(id)]};
}

}  // namespace

void LogitQuality::add(std::span<const float> reference, std::span<const float> logits,
                       int64_t next) {
  ++positions_;
  const auto top = [](std::span<const float> row) {
    return std::max_element(row.begin(), row.end()) - row.begin();
  };
  agreeing_ += top(reference) == top(logits) ? 1 : 0;
  for (size_t i = 0; i < reference.size(); ++i) {
    const double error = std::fabs(double{logits[i]} - double{reference[i]});
    largest_ =
        std::isnan(error) ? std::numeric_limits<double>::infinity() : std::max(largest_, error);
    squares_ += error * error;
  }
  logits_ += static_cast<int64_t>(reference.size());
  if (next < 0 || next >= static_cast<int64_t>(reference.size())) return;
  ++scored_;
  reference_loss_ += loss_of(reference, next);
  loss_ += loss_of(logits, next);
}

double LogitQuality::rms_error() const {
  return logits_ > 0 ? std::sqrt(squares_ / static_cast<double>(logits_)) : 0.0;
}

double LogitQuality::perplexity(double loss) const {
  return scored_ > 0 ? std::exp(loss / static_cast<double>(scored_)) : 1.0;
}

}  // namespace st
