// SPDX-License-Identifier: Apache-2.0
/// How memories lie in the words of their ports, as packed and widened tensor types (StreamTensor
/// §4.2).
#pragma once

#include <optional>

#include "core/dataflow/program.h"
#include "core/itensor/packing.h"

namespace st {

/// The tile that a stream of vectors moves piece by piece: along each dimension, what is inside the
/// loops that only refine one further out (§4.3.3). The element where no loop does.
std::vector<int64_t> tile_of(const ItensorType& type);

/// The layout of a constant in its parameter file: tiles in the order of the tensor, vectors as
/// wide as a word. Nullopt where the stream takes tiles in another order, or beats do not fill
/// words: the file then holds what the stream says, and no type describes it.
std::optional<PackedType> layout_of(const DataTensor& tensor, const StreamType& type);

/// The layout of rows: one tile each, in words of whole beats. Nullopt where a row does not fill
/// its last word.
std::optional<PackedType> layout_of(const Program& program, const Memory& memory);

}  // namespace st
