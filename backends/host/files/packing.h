// SPDX-License-Identifier: Apache-2.0
/// Between rows of values and the 512-bit words of device memory. Assumes a little-endian host, as
/// XRT does.
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "tables.h"

namespace host {

inline constexpr std::int64_t WordBytes = 64;

/// Bytes of a row in device memory.
inline std::int64_t row_bytes(const Buffer& buffer) { return buffer.words_per_row * WordBytes; }

/// `count` rows of one 32-bit integer each.
inline std::vector<unsigned char> pack_integers(const Buffer& buffer, const std::int32_t* values,
                                                int count) {
  std::vector<unsigned char> bytes(static_cast<std::size_t>(count * row_bytes(buffer)));
  for (int row = 0; row < count; ++row) {
    std::memcpy(&bytes[static_cast<std::size_t>(row * row_bytes(buffer))], &values[row],
                sizeof values[row]);
  }
  return bytes;
}

/// The floats of one row. A word holds whole beats only, so its last bits may be unused.
inline std::vector<float> unpack_floats(const Buffer& buffer, const unsigned char* row) {
  const std::int64_t beat_bytes = buffer.lanes * std::int64_t{sizeof(float)};
  const std::int64_t beats_per_word = WordBytes / beat_bytes;
  std::vector<float> values(static_cast<std::size_t>(buffer.beats * buffer.lanes));
  for (std::int64_t beat = 0; beat < buffer.beats; ++beat) {
    const auto* from = row + beat / beats_per_word * WordBytes + beat % beats_per_word * beat_bytes;
    std::memcpy(&values[static_cast<std::size_t>(beat * buffer.lanes)], from,
                static_cast<std::size_t>(beat_bytes));
  }
  return values;
}

}  // namespace host
