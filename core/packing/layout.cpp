// SPDX-License-Identifier: Apache-2.0
#include "core/packing/layout.h"

#include <algorithm>

namespace st {
namespace {

int64_t elements_per_word(DType type) { return WordBits / bits_of(type); }

}  // namespace

std::vector<int64_t> tile_of(const ItensorType& type) {
  std::vector<int64_t> tile = type.elem;
  // The innermost loops that refine a dimension which a loop further out moves already.
  for (size_t l = type.trips.size(); l-- > 0;) {
    const int d = dimension_moved_by(type, static_cast<int>(l));
    if (d < 0 || type.map[static_cast<size_t>(d)].loops().front() == static_cast<int>(l)) break;
    tile[static_cast<size_t>(d)] = type.steps[l] * type.trips[l].bound;
  }
  return tile;
}

std::optional<PackedType> layout_of(const DataTensor& tensor, const StreamType& type) {
  // Constants are streamed once per row of a launch; a file holds one of these passes.
  ItensorType tiles = type.itensor;
  tiles.elem = tile_of(type.itensor);
  tiles.form = ElementForm::Tile;
  PackedType packed;
  packed.dtype = tensor.dtype;
  packed.tiles.clear();
  for (size_t d = 0; d < tensor.shape.size(); ++d) {
    packed.tiles.push_back(tensor.shape[d].offset() / tiles.elem[d]);
    packed.vectors.push_back(tiles.elem[d]);
    packed.vector.push_back(1);
  }
  auto widened = widen(packed, WordBits, VectorShape::Rows);
  if (!widened.ok() || widened->lanes() != elements_per_word(tensor.dtype)) return std::nullopt;
  // Tiles follow each other in the order of the tensor if their loops are in that order, each
  // dimension once, and none is repeated.
  int last = -1;
  int64_t passes = 1;
  for (size_t l = 1; l < type.itensor.trips.size(); ++l) {
    const int d = dimension_moved_by(type.itensor, static_cast<int>(l));
    if (d < 0) passes *= type.itensor.trips[l].bound;
    const bool refines =
        d >= 0 && type.itensor.map[static_cast<size_t>(d)].loops().front() != static_cast<int>(l);
    if (refines) continue;
    if (d < last) return std::nullopt;
    last = d;
  }
  return passes == 1 ? std::optional(*widened) : std::nullopt;
}

std::optional<PackedType> layout_of(const Program& program, const Memory& memory) {
  if (memory.role == MemoryRole::Parameters) return std::nullopt;
  const int64_t width = memory.beats * memory.lanes;
  const int64_t in_word = beats_per_word(int64_t{memory.lanes} * bits_of(memory.dtype));
  if (memory.beats % in_word != 0 && memory.beats > in_word) return std::nullopt;
  PackedType packed;
  packed.dtype = program.tensors[memory.tensor].dtype;
  const int64_t vector = std::min(width, in_word * memory.lanes);
  packed.tiles = {memory.rows, 1};
  packed.vectors = {1, width / vector};
  packed.vector = {1, vector};
  return packed;
}

}  // namespace st
