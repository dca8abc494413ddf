// SPDX-License-Identifier: Apache-2.0
/// How a tensor lies in external memory: packed, so that each tile is one burst, and widened, so
/// that each word of the bus carries as many elements as fit (StreamTensor §4.2).
///
///   itensor<16x16xu8, iter_space: [4,4]*[16,16], ...>  a stream of tiles of a 64x64 tensor
///   tensor<4x4x16x16xu8>                               packed: 4x4 tiles of 16x16
///   tensor<4x4x2x2xvector<8x8xu8>>                     widened to 512 bits: 2x2 vectors in a tile
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/graph/tensor.h"
#include "core/itensor/itensor.h"
#include "core/support/result.h"

namespace st {

/// Three lists as long as the tensor's rank. Tiles, the vectors of a tile, and the elements of a
/// vector are each in row-major order. A vector of one element is a scalar: packed, not widened.
struct PackedType {
  std::vector<int64_t> tiles;    ///< tiles along each dimension
  std::vector<int64_t> vectors;  ///< vectors of a tile along each dimension
  std::vector<int64_t> vector;   ///< elements of a vector along each dimension
  DType dtype = DType::F32;

  [[nodiscard]] std::vector<int64_t> tile() const;   ///< elements of a tile
  [[nodiscard]] std::vector<int64_t> shape() const;  ///< elements of the tensor
  [[nodiscard]] int64_t lanes() const { return element_count(vector); }
  /// Vectors of the whole tensor, and so words of its memory.
  [[nodiscard]] int64_t words() const { return element_count(tiles) * element_count(vectors); }
  friend bool operator==(const PackedType&, const PackedType&) = default;
};

/// tensor<4x4x2x2xvector<8x8xu8>>, or tensor<4x4x16x16xu8> where a vector is a scalar.
std::string text_of(const PackedType& type);
/// Reads the text form. Errors: E0311 with the place; those of verify().
Result<PackedType> parse_packed(std::string_view text);
/// Lists of one length; positive sizes, which fit 62 bits together. Errors: E0310, all at once.
Status verify(const PackedType& type);

/// The packed form of the tensor that `type` streams, which passed verify(): its token becomes the
/// tile. Tiles are in the order of the tensor's dimensions, whatever the order of the loops, so
/// that readers with different loops can share a file. Symbols are at their bounds.
PackedType pack(const ItensorType& type);

/// The shape of a vector, of all those whose sizes divide the tile's and that fit a word. The paper
/// shows one example and no rule.
enum class VectorShape {
  /// Most elements; among these the shape with the smallest longest side, then the smallest second
  /// longest, and so on; among these the one that is longest in the innermost dimensions: 8x8 of a
  /// 16x16 tile in words of 64. For readers that need blocks.
  Square,
  /// Elements that follow each other in the tile: as much of the innermost dimension as fits, and
  /// of the next one only when that is taken whole: 4x16 of the same tile. The order of elements in
  /// memory stays that of the packed tensor.
  Rows,
};

/// The same tiles in vectors that fit a word of `word_bits`. A tile with fewer elements than a word
/// gets one word; what is left of a word stays unused. Errors: E0310 if no element fits.
Result<PackedType> widen(const PackedType& packed, int64_t word_bits, VectorShape shape);

/// First bit of an element, in words of `word_bits` that hold one vector each.
int64_t bit_offset(const PackedType& type, int64_t word_bits, const std::vector<int64_t>& index);
/// The element that has a bit; nullopt for unused bits and past the end.
std::optional<std::vector<int64_t>> element_at(const PackedType& type, int64_t word_bits,
                                               int64_t bit);

/// The bytes of a tensor of the type's shape and element type, in words of `word_bits` (whole
/// bytes). Unused bits are zero.
std::vector<uint8_t> packed_tensor(const Tensor& tensor, const PackedType& type, int64_t word_bits);
/// The tensor in the bytes that packed_tensor() made.
Tensor unpacked_tensor(const std::vector<uint8_t>& bytes, const PackedType& type,
                       int64_t word_bits);

}  // namespace st
