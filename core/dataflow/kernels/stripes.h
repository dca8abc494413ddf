// SPDX-License-Identifier: Apache-2.0
/// Kernels of the shared matrix engine, for linear layers whose weights are striped over memory
/// ports (core/graph/stripes.h, hls_templates/streamtensor/stripes.h): the sizes and the streams
/// that pass, verifier and nests agree on.
///
///   feed_rows         x and its scales, once for each block of rows, to every slice
///   multiply_stripes  a slice: a word of each of its ports in every cycle
///   collect_rows      results of all slices, in order, to rows
#pragma once

#include "core/dataflow/program.h"
#include "core/graph/stripes.h"

namespace st {

/// Iterations between two additions to one total of multiply_stripes, at least: those of a float
/// addition and of the memory that holds the total.
inline constexpr int64_t StripeApart = 12;

/// The layout that the sizes of a feed_rows or multiply_stripes kernel say; `ports` are not known
/// to the first.
StripeLayout stripe_layout_of(const Kernel& kernel);

/// The rows of a launch as the engine takes them: a tile at a time, each of its rows in a lane.
/// Lanes without a row have zeroes.
struct TokenTiles {
  int64_t lanes = 1;    ///< rows of a tile
  int64_t most = 1;     ///< tiles of a launch at most
  bool behind = false;  ///< the layers: there is one row

  TokenTiles() = default;
  explicit TokenTiles(const Kernel& kernel);

  /// All tiles.
  [[nodiscard]] Trip all() const;
  /// 1 if the launch has that tile; how many rows are there beside the first one.
  [[nodiscard]] Trip has(int64_t tile) const;
  [[nodiscard]] Trip others(int64_t tile) const;
  /// Rows of a tile in a launch of that many.
  [[nodiscard]] int64_t rows(int64_t tokens, int64_t tile) const;
};

/// Streams of a step of the engine: words once for a launch, x and results for all lanes, tile by
/// tile.
StreamType stripe_words_type(int64_t words);  ///< i8 [words, 64]
StreamType stripe_x_type(const StripeLayout& layout, const TokenTiles& tiles);
StreamType stripe_scale_type(const StripeLayout& layout, const TokenTiles& tiles);
/// Of a slice with `ports` of the layout's ports.
StreamType stripe_y_type(const StripeLayout& layout, const TokenTiles& tiles, int64_t ports);
/// What tensors of these streams have in their first dimension.
Extent stripe_tokens(const TokenTiles& tiles);

/// Columns of x that hold values of a row of that many beats of `lanes` each.
int64_t filled_columns(int64_t beats, int64_t lanes);

}  // namespace st
