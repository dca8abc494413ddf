// SPDX-License-Identifier: Apache-2.0
/// Types of the tables in program.h: what the host allocates and launches.
#pragma once

#include <cstdint>

namespace host {

/// What a buffer in device memory is for.
enum class Role {
  Input,       ///< written before each launch, one row per token
  Output,      ///< read after each launch, one row per token
  Parameters,  ///< loaded once from a file
  Table,       ///< loaded once from a file; kernels fetch rows of it
  Cache,       ///< keys or values of earlier rows; stays on the device
  Activation,  ///< written by one kernel and read by a later one; stays on the device
};

enum class Element { F32, I32, Other };  ///< Other: the host only copies it

/// A buffer of 512-bit words. A row is `beats` beats of `lanes` elements, and starts at a word.
struct Buffer {
  const char* name;    ///< the kernels' argument
  const char* tensor;  ///< the model's tensor; "" for packed parameters
  Role role;
  Element element;
  int lanes;           ///< elements of a beat
  std::int64_t beats;  ///< of a row
  std::int64_t words_per_row;
  std::int64_t rows;
  std::int64_t bytes;      ///< of the whole buffer
  const char* file;        ///< relative to the build directory; nullptr: nothing to load
  std::uint64_t checksum;  ///< of the file (checksum.h)
};

/// A kernel of the design, and which buffers its pointer arguments take. `tokens` and `past` follow
/// them.
struct Kernel {
  const char* name;
  const int* buffers;  ///< indices into Buffers
  int buffer_count;
};

}  // namespace host
