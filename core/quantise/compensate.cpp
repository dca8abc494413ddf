// SPDX-License-Identifier: Apache-2.0
#include "core/quantise/compensate.h"

#include <algorithm>
#include <cmath>

#include "core/graph/group_values.h"
#include "core/graph/int4_scale.h"
#include "core/graph/quantised_value.h"

namespace st {
namespace {

/// Of the mean of the diagonal, added to it: few inputs say little about how they go together.
/// Trained models of the tests lose least with this.
constexpr double Damping = 0.1;

using Matrix = std::vector<double>;

double dot(const double* a, const double* b, int64_t count) {
  double sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += a[i] * b[i];
  return sum;
}

/// The upper triangle R with h = R R^T, in place of h; false where h is not positive.
bool factorise(Matrix& h, int64_t n) {
  for (int64_t j = n - 1; j >= 0; --j) {
    double* row = h.data() + j * n;
    const int64_t behind = n - 1 - j;
    const double pivot = row[j] - dot(row + j + 1, row + j + 1, behind);
    if (!(pivot > 0) || !std::isfinite(pivot)) return false;
    row[j] = std::sqrt(pivot);
    for (int64_t i = 0; i < j; ++i) {
      double* above = h.data() + i * n;
      above[j] = (above[j] - dot(above + j + 1, row + j + 1, behind)) / row[j];
    }
  }
  return true;
}

/// The inverse of an upper triangle; what is below the diagonal is not looked at, and becomes 0.
Matrix inverse_of(const Matrix& r, int64_t n) {
  Matrix u(r.size(), 0.0);
  for (int64_t i = n - 1; i >= 0; --i) {
    const double* from = r.data() + i * n;
    double* to = u.data() + i * n;
    for (int64_t m = i + 1; m < n; ++m) {
      for (int64_t j = m; j < n; ++j) to[j] -= from[m] * u[static_cast<size_t>(m * n + j)];
    }
    to[i] = 1.0;
    for (int64_t j = i; j < n; ++j) to[j] /= from[i];
  }
  return u;
}

/// U with (inputs + damping)^-1 = U^T U: row j says how the error of weight j is spread.
Result<Matrix> spread_of(const InputProducts& inputs) {
  const int64_t n = inputs.depth;
  Matrix h = inputs.sums;
  double trace = 0;
  for (int64_t i = 0; i < n; ++i) trace += h[static_cast<size_t>(i * n + i)];
  const double damping = trace > 0 ? Damping * trace / static_cast<double>(n) : 1.0;
  for (int64_t i = 0; i < n; ++i) h[static_cast<size_t>(i * n + i)] += damping;
  if (!factorise(h, n)) {
    return Diagnostic{"E0317",
                      "the inputs of a linear layer are not finite on the calibration text",
                      "",
                      {},
                      "look for weights that are not finite, or calibrate on another text"};
  }
  return inverse_of(h, n);
}

}  // namespace

void InputProducts::add(const float* rows, int64_t count) {
  for (int64_t r = 0; r < count; ++r) {
    const float* x = rows + r * depth;
    for (int64_t i = 0; i < depth; ++i) {
      double* row = sums.data() + i * depth;
      for (int64_t j = 0; j < depth; ++j) row[j] += double{x[i]} * double{x[j]};
    }
  }
}

Result<Int4Weights> compensated(const Tensor& weights, const InputProducts& inputs, int64_t group) {
  const int64_t width = weights.shape[0], depth = weights.shape[1];
  const int64_t span = group > 0 ? group : depth;
  const DType scale_type = group > 0 ? DType::BF16 : DType::F32;
  ST_TRY(spread, spread_of(inputs));
  Int4Weights made = {
      Tensor::zeros(DType::I4, weights.shape),
      Tensor::zeros(scale_type, group > 0 ? std::vector<int64_t>{width, groups_of(depth, group)}
                                          : std::vector<int64_t>{width})};
  std::vector<double> row(static_cast<size_t>(depth));
  std::vector<float> part(static_cast<size_t>(span));
  for (int64_t n = 0; n < width; ++n) {
    std::copy_n(weights.f32().begin() + n * depth, depth, row.begin());
    float scale = 0.0f;
    for (int64_t j = 0; j < depth; ++j) {
      if (j % span == 0) {
        const int64_t count = std::min(span, depth - j);  // the last group has what is left
        for (int64_t i = 0; i < count; ++i) part[i] = static_cast<float>(row[j + i]);
        scale = int4_scale(part.data(), count, scale_type);
        const int64_t at = n * groups_of(depth, span) + j / span;
        if (group > 0) made.scales.as<BFloat16>()[at] = BFloat16(scale);
        if (group == 0) made.scales.f32()[at] = scale;
      }
      const int8_t q = rounded(static_cast<float>(row[j]), inverse_of_scale(scale), Int4Peak);
      made.weights.as<Int4>()[n * depth + j] = Int4(q);
      const double* to = spread.data() + j * depth;
      const double error = (row[j] - double{scale} * q) / to[j];
      for (int64_t k = j + 1; k < depth; ++k) row[k] -= error * to[k];
    }
  }
  return made;
}

}  // namespace st
