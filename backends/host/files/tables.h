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
  const char* name;    ///< in program.json
  const char* tensor;  ///< the model's tensor; "" for packed parameters
  Role role;
  Element element;
  int lanes;           ///< elements of a beat
  std::int64_t beats;  ///< of a row
  std::int64_t words_per_row;
  std::int64_t rows;
  std::int64_t bytes;      ///< of the whole buffer
  const char* bank;        ///< memory that the link configuration connects it to: "HBM[3]"
  const char* file;        ///< relative to the build directory; nullptr: nothing to load
  std::uint64_t checksum;  ///< of the file (checksum.h)
};

/// A pointer argument of a kernel.
struct Argument {
  const char* name;
  int buffer;  ///< index into Buffers
};

/// What a kernel takes behind its pointers: rows of a launch, rows before them and, in some
/// designs, whether the launch is to give a result. A design takes the first two, or all
/// (program::Lengths).
inline constexpr const char* LengthNames[] = {"tokens", "past", "results"};

/// A kernel of the design. Its arguments are the pointers, the lengths of a launch, and streams,
/// which the bitstream connects.
struct Kernel {
  const char* name;
  const Argument* pointers;
  int pointer_count;
  int stream_count;
  int stage;  ///< kernels of a stage, which follow each other, run together: streams join them
};

}  // namespace host
