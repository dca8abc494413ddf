// SPDX-License-Identifier: Apache-2.0
#include "core/graph/int4_scale.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/graph/quantised_value.h"
#include "core/support/wide_loops.h"

namespace st {
namespace {

constexpr int Candidates = wide::Scales;

struct Candidate {
  float scale, inverse;
};

/// Number `i` of the candidates below `largest`, the scale that clips no weight.
Candidate candidate(float largest, int i, DType type) {
  const float wanted = largest * (1.0f - 0.5f * static_cast<float>(i) / Candidates);
  const float scale = type == DType::BF16 ? bfloat16_value(bfloat16_bits(wanted)) : wanted;
  return {scale, inverse_of_scale(scale)};
}

/// What a scale is judged by: the squared errors, added up one after the other.
double square_error(const float* weights, int64_t count, const Candidate& c) {
  constexpr int64_t Block = 128;
  std::array<double, Block> squares{};
  double error = 0;
  for (int64_t first = 0; first < count; first += Block) {
    const int64_t part = std::min(Block, count - first);
    wide::squares(weights + first, part, c.scale, c.inverse, Int4Peak, squares.data());
    for (int64_t k = 0; k < part; ++k) error += squares[k];
  }
  return error;
}

}  // namespace

float inverse_of_scale(float scale) {
  const float inverse = 1.0f / scale;
  return std::isfinite(inverse) ? inverse : 0.0f;
}

// Errors of all candidates come quickly in float, and only where these are too near each other to
// tell does the definition decide. How near: in steps of a scale, a weight is 14 at most, and off
// by 2^-23 of itself, 1.7e-6; a tie that is rounded the other way is no worse. With errors of at
// least sqrt(1/1000) of a step on average, that is 1.1e-4 of their squares' sum, and 64 additions
// are off by 64 * 2^-24 of it. Two sums differ in what they are off: 2.3e-4.
float int4_scale(const float* weights, int64_t count, DType type) {
  constexpr double Nearest = 1.0 + 4e-4, LeastShare = 1e-3;
  constexpr float Smallest = 1e-12f, Greatest = 1e15f;
  const float largest = wide::peak(weights, count) / Int4Peak;
  const bool safe = largest > Smallest && largest < Greatest;
  std::array<double, Candidates> errors = {};
  double near = 0;
  if (safe) {
    std::array<float, Candidates> scales{}, inverses{};
    wide::scales_below(largest, type == DType::BF16, scales.data(), inverses.data());
    wide::square_errors(weights, count, scales.data(), inverses.data(), Int4Peak, errors.data());
    const auto least = std::min_element(errors.begin(), errors.end());
    near = *least * Nearest;
    if (*least < LeastShare * static_cast<double>(count) * double{largest} * double{largest}) {
      near = INFINITY;
    } else if (std::count_if(errors.begin(), errors.end(), [&](double e) { return e <= near; }) ==
               1) {
      return scales[least - errors.begin()];
    }
  }
  float best = 0.0f;
  double least = INFINITY;
  for (int i = 0; i < Candidates; ++i) {
    if (errors[i] > near) continue;
    const Candidate c = candidate(largest, i, type);
    if (c.inverse == 0.0f) break;
    const double error = square_error(weights, count, c);
    if (!(error < least)) continue;
    least = error;
    best = c.scale;
  }
  return best;
}

}  // namespace st
