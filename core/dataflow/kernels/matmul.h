// SPDX-License-Identifier: Apache-2.0
/// The shape of a linear layer in hardware (hls_templates/streamtensor/matmul.h): one place that
/// lowering, verifier, interpreter and cost model agree on.
#pragma once

#include "core/dataflow/datapath.h"
#include "core/dataflow/program.h"

namespace st {

/// y[rows, width] = x[rows, depth] * weights[width, depth]^T, cut into beats.
struct MatmulShape {
  int64_t depth_lanes = 1;  ///< KL: values of a beat of x
  int64_t depth_beats = 1;  ///< KBeats
  int64_t out_lanes = 1;    ///< NL: results of a beat of y
  int64_t rows = 1;         ///< NP: rows of weights of a beat
  int64_t streams = 1;      ///< of weights
  int64_t steps = 1;        ///< Steps: groups of results that take turns on a beat of x
  int64_t tiles = 1;        ///< Tiles of results; x is read once for each
  /// Beats of x between two scales of a row of weights; 0: weights have no scales in this kernel,
  /// and sums are of one type from end to end.
  int64_t group_beats = 0;
  /// Whether each group of x has a scale, too. Then the last group may have fewer beats; else
  /// group_beats divides depth_beats.
  bool x_scales = false;

  [[nodiscard]] int64_t lanes() const { return rows * streams; }  ///< results at once
  [[nodiscard]] int64_t tile() const { return lanes() * steps; }  ///< results of a tile
  [[nodiscard]] int64_t width() const { return tile() * tiles; }
  [[nodiscard]] int64_t depth() const { return depth_lanes * depth_beats; }
  /// Multiplications in an iteration of its loop.
  [[nodiscard]] int64_t products() const { return depth_lanes * lanes(); }
  /// Whether beats of y are whole steps, and tiles whole beats.
  [[nodiscard]] bool fits() const { return out_lanes % lanes() == 0 && tile() % out_lanes == 0; }

  /// Scales of a row of weights; 0 where it has none.
  [[nodiscard]] int64_t groups() const {
    return group_beats > 0 ? (depth_beats + group_beats - 1) / group_beats : 0;
  }
  /// Beats of the last group of a row, the smallest one.
  [[nodiscard]] int64_t last_group_beats() const {
    return depth_beats - (groups() - 1) * group_beats;
  }
  /// Whether a group ends with beat number `k` of x.
  [[nodiscard]] bool ends_group(int64_t k) const {
    return (k + 1) % group_beats == 0 || k + 1 == depth_beats;
  }

  /// Types of its streams; `row_trip` is the loop over rows.
  [[nodiscard]] StreamType x_type(const Trip& row_trip, DType dtype) const;
  [[nodiscard]] StreamType weight_type(const Trip& row_trip, DType dtype) const;
  /// Of the scales of all weight streams together: those of a step are a beat.
  [[nodiscard]] StreamType scale_type(const Trip& row_trip) const;
  /// Of the scales of x: one after another, once for all tiles.
  [[nodiscard]] StreamType x_scale_type(const Trip& row_trip) const;
  /// The input that the first weight stream is.
  [[nodiscard]] int first_weights() const { return group_beats == 0 ? 1 : x_scales ? 3 : 2; }
  [[nodiscard]] StreamType y_type(const Trip& row_trip, DType dtype) const;
  /// Kernel::sizes.
  [[nodiscard]] std::map<std::string, int64_t> sizes() const;
};

/// The shape that a kernel's sizes and number of inputs say.
MatmulShape matmul_shape_of(const Kernel& kernel);

/// Scales of groups of weights: as precise as they need be, and as easy to widen as they can be.
inline constexpr DType GroupScaleType = DType::BF16;

/// The type of rows that weights of a type are multiplied with, and that of the sums without group
/// scales.
DType rows_for(DType weights);
DType sums_of(DType weights);

/// Whether a kernel is a linear layer, of any kind.
bool is_matmul(const Kernel& kernel);

/// Cycles between iterations of its loop; `weights`: their type, here and below.
int64_t matmul_interval(const MatmulShape& shape, DType weights);

/// Products of a beat, their trees, the sums so far, which of these it is the turn of, and what
/// scales do to them at the end of a group.
Datapath matmul_datapath(const MatmulShape& shape, DType weights);

}  // namespace st
