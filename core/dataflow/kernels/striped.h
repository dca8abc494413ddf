// SPDX-License-Identifier: Apache-2.0
/// Attention over int8 caches that are striped over memory ports: position j is on port j mod
/// Stripes, in round j / Stripes (hls_templates/streamtensor/striped_layout.h). Its kernels work
/// for all rows of a launch at once.
#pragma once

#include "core/dataflow/kernels/arithmetic.h"

namespace st {

inline constexpr int64_t WordBytes = WordBits / 8;
/// Values in a beat of sums of a slice.
inline constexpr int64_t ChunkLanes = 16;
inline constexpr int64_t ChunksPerWord = WordBytes / ChunkLanes;
/// Bits of a sum of weights times values over the positions of a slice, which is sent as it is, or
/// in two parts.
inline constexpr int64_t sum_bits(int64_t parts) { return parts == 1 ? 32 : 40; }
/// Whether such a sum of so many positions, with the largest weights, has no more bits.
bool sum_fits(int64_t positions, int64_t parts);

/// Sizes that these kernels share; 0 or 1 where one does not have them.
struct StripedShape {
  explicit StripedShape(const Kernel& kernel);

  int64_t lanes, heads, kv_heads, head;  ///< heads of `head` values
  int64_t stripes, ports, first;         ///< ports of all slices, and those of this one
  int64_t ways;                          ///< memory ports behind each, which take rounds in turn
  int64_t tokens;                        ///< rows of a launch at most
  int64_t max_rounds;                    ///< positions of a port at most
  int64_t sum_parts;                     ///< ints in which a sum of a slice is sent: 1 or 2
  int64_t group;                         ///< query heads of a key and value head
  int64_t head_words;                    ///< words of a head
  int64_t scale_words;                   ///< words of the scales of a position
  int64_t key_words, value_words;        ///< of a position in either area of a cache

  /// All rounds of a launch.
  [[nodiscard]] Trip rounds() const;
  /// `words` words of each round.
  [[nodiscard]] Trip words_of_rounds(int64_t words) const;
  /// Words of the cache of a port, for a layer.
  [[nodiscard]] int64_t cache_words() const { return max_rounds * (key_words + value_words); }
  /// Values that move in a step where beats of `lanes`, heads, and parts of `width` are cut.
  [[nodiscard]] int64_t piece(int64_t width) const;
};

/// The bits of a float that is a bfloat16: nothing is rounded.
uint16_t scale_bits(float scale);

/// The scale that was last read from an input of that type: f32, or bf16.
float scale_in(const Firing& firing, int port, DType type);

/// A row of heads on its way into words, of each head first its scale; what becomes of both.
struct PackedRow {
  int row = 0, scales = 0;  ///< inputs
  int64_t heads = 0;
  std::vector<int> word_outputs, scale_outputs;
  /// The scale of a head has come: `scales` is at hand.
  std::function<void(Firing&, int64_t head)> take_scale;
  /// Word `word` of all heads is complete: WordBytes bytes.
  std::function<void(Firing&, int64_t word, const int8_t* bytes)> take_word;
};
/// Its loop, in one over the rows of a launch.
NestItem packed_row(const StripedShape& shape, const PackedRow& row);

}  // namespace st
