// SPDX-License-Identifier: Apache-2.0
/// Files of the build directory: its program.json and its packed parameters.
#pragma once

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <xrt/xrt_bo.h>

#include "checksum.h"
#include "failure.h"
#include "program.h"

namespace host {

/// Bytes that are on their way at once, so that a file of gigabytes needs no memory of that size.
inline constexpr std::int64_t ChunkBytes = std::int64_t{4} << 20;

/// Throws Failure unless `build` is the directory that this host program was made with.
inline void check_build(const std::string& build) {
  const std::string path = build + "/program.json";
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    throw Failure(BadInput, "E0602",
                  "cannot read " + path + ": --build must name the build directory");
  }
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (checksum(text) == program::ProgramChecksum) return;
  throw Failure(BadInput, "E0602",
                path + " belongs to another build than this host program, which runs " +
                    program::Model + "; use the host program of that directory");
}

/// Copies a parameter file to the card. Throws Failure if its size or checksum is wrong.
inline void load_parameters(const std::string& build, const Buffer& buffer, xrt::bo& target) {
  const std::string path = build + "/" + buffer.file;
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  if (!in) throw Failure(BadInput, "E0602", "cannot read " + path);
  const std::int64_t size = in.tellg();
  if (size != buffer.bytes) {
    throw Failure(BadInput, "E0602",
                  path + " has " + std::to_string(size) + " bytes, not " +
                      std::to_string(buffer.bytes) +
                      (size < buffer.bytes ? ": it is cut off; copy it again" : ""));
  }
  in.seekg(0);
  Checksum sum;
  std::vector<char> chunk(static_cast<std::size_t>(std::min(size, ChunkBytes)));
  for (std::int64_t at = 0; at < size; at += ChunkBytes) {
    const std::int64_t count = std::min(ChunkBytes, size - at);
    if (!in.read(chunk.data(), count)) throw Failure(BadInput, "E0602", "cannot read " + path);
    sum.add(chunk.data(), static_cast<std::size_t>(count));
    target.write(chunk.data(), static_cast<std::size_t>(count), static_cast<std::size_t>(at));
  }
  if (sum.value() != buffer.checksum) {
    throw Failure(BadInput, "E0602",
                  "wrong checksum: " + path + " is damaged or belongs to another build");
  }
  target.sync(XCL_BO_SYNC_BO_TO_DEVICE);
}

/// Reads parameters back from the card. Throws Failure if they are not what was loaded.
inline void read_back(const Buffer& buffer, xrt::bo& source) {
  Checksum sum;
  std::vector<char> chunk(static_cast<std::size_t>(std::min(buffer.bytes, ChunkBytes)));
  for (std::int64_t at = 0; at < buffer.bytes; at += ChunkBytes) {
    const auto count = static_cast<std::size_t>(std::min(ChunkBytes, buffer.bytes - at));
    const auto offset = static_cast<std::size_t>(at);
    source.sync(XCL_BO_SYNC_BO_FROM_DEVICE, count, offset);
    source.read(chunk.data(), count, offset);
    sum.add(chunk.data(), count);
  }
  if (sum.value() == buffer.checksum) return;
  throw Failure(Environment, "",
                std::string("what the card holds of ") + buffer.file + " (" + buffer.bank +
                    ") differs from what was loaded: its memory or the transfer is at fault");
}

}  // namespace host
