// SPDX-License-Identifier: Apache-2.0
/// Rows of logits: from the tool, from reference files, and what tests ask of them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

namespace st::test {

/// A row-major matrix of float32.
struct Rows {
  int64_t width = 0;
  std::vector<float> values;

  [[nodiscard]] int64_t count() const {
    return width > 0 ? static_cast<int64_t>(values.size()) / width : 0;
  }
  [[nodiscard]] std::span<const float> row(int64_t i) const {
    return std::span(values).subspan(static_cast<size_t>(i * width), static_cast<size_t>(width));
  }
};

/// A two-dimensional, C-ordered, little-endian float32 array of NumPy's .npy format, version 1.0.
/// Fails the test if the file is anything else.
Rows read_npy(const std::filesystem::path& file);

/// What `run --logits` wrote. Fails the test unless the file holds whole rows.
Rows read_logits(const std::filesystem::path& file, int64_t width);

/// Index of the largest value, the first of equals.
int64_t argmax(std::span<const float> row);

/// The largest absolute difference in the rows that both have; infinity where a value is NaN or the
/// widths differ.
double largest_difference(const Rows& a, const Rows& b);

/// exp of the mean negative log-likelihood of ids[i + 1] after row i.
double perplexity(const Rows& logits, const std::vector<int64_t>& ids);

}  // namespace st::test
