// SPDX-License-Identifier: Apache-2.0
/// How the weights of linear layers lie on several memory ports, so that all of them stream without
/// a pause and end together (design.md §9, "one matrix engine").
///
/// Rows are cut into blocks of ports * rows. Row k of a block lies on port k mod ports, in its row
/// k / ports: all ports come to a row of results in the same cycle, and these are neighbours. A
/// word has 64 columns of one row of i8, or of two neighbouring rows of a port in i4: byte j has
/// column j of the first row in its lower half. Columns come in groups of 64 * group_words that
/// share a scale; what is behind the last column or row is 0.
///
/// Words of a block on a port:
///   scales  bfloat16, 32 a word: those of group 0 for each row, then those of group 1, and so on
///   weights for each group, for each row or pair of rows, the group's words
#pragma once

#include <cstdint>
#include <vector>

#include "core/graph/tensor.h"

namespace st {

/// Columns of a word, and so values of x that a port takes in a cycle.
inline constexpr int64_t StripeColumns = 64;
/// Scales in a word.
inline constexpr int64_t StripeScales = 32;
/// Products that emitted code adds up in one chain of DSPs (hls_templates/streamtensor/dsp.h).
inline constexpr int64_t DspChain = 4;

struct StripeLayout {
  int64_t ports = 1;
  int64_t word_rows = 1;    ///< rows of a port in a word: 2 of i4, 1 of i8
  int64_t group_words = 1;  ///< columns of a group / 64
  int64_t groups = 1;       ///< of a row
  int64_t rows = 1;         ///< of a port in a block; whole words
  int64_t blocks = 1;

  [[nodiscard]] int64_t pairs() const { return rows / word_rows; }
  [[nodiscard]] int64_t columns() const { return groups * group_words; }  ///< words of x
  [[nodiscard]] int64_t scale_words() const {
    return (rows * groups + StripeScales - 1) / StripeScales;
  }
  /// Rows of a word that a slice scales in a cycle, and whose results are a beat: where those of
  /// the next word end late enough one, so that rows share operators (ScalingTurns of stripes.h).
  [[nodiscard]] int64_t beat_rows() const { return group_words >= word_rows ? 1 : word_rows; }
  [[nodiscard]] int64_t result_beats() const { return blocks * rows / beat_rows(); }
  [[nodiscard]] int64_t block_words() const { return scale_words() + pairs() * columns(); }
  [[nodiscard]] int64_t words() const { return blocks * block_words(); }  ///< of a port
  [[nodiscard]] int64_t all_rows() const { return ports * rows * blocks; }
};

/// The words of all ports, one port behind the other: i8 [ports * words, 64]. Of matrices below one
/// another, i8 or i4 [n, k], with their scales bf16 [n, groups]; together at most
/// layout.all_rows() rows.
Tensor striped(const std::vector<Tensor>& weights, const std::vector<Tensor>& scales,
               const StripeLayout& layout);

}  // namespace st
