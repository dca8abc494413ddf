// SPDX-License-Identifier: Apache-2.0
/// The bytes of parameter files: constants in stream order, packed into the words of a port
/// (StreamTensor §4.2: pack and widen).
#pragma once

#include <cstdint>
#include <vector>

#include "core/dataflow/program.h"

namespace st {

/// Little-endian bytes of a tensor's elements in the order of a stream, each row of `words` words
/// starting with `first` token. One iteration of the sequence loop is streamed; unused bits are
/// zero.
std::vector<uint8_t> packed_stream(const Tensor& tensor, const StreamType& type);

/// The beats in the words of a segment, as packed_stream() made them: elements with bytes of their
/// own, which tensor_from_stream() takes.
std::vector<uint8_t> unpacked_beats(const std::vector<uint8_t>& words, const StreamType& type,
                                    int64_t beats);

/// Bytes of rows [rows, beats * lanes] in the layout of a Memory.
std::vector<uint8_t> packed_rows(const Tensor& tensor, const Memory& memory);

/// The tensor [rows, width] in the bytes of a Memory.
Tensor unpacked_rows(const std::vector<uint8_t>& bytes, const Memory& memory, int64_t rows);

}  // namespace st
