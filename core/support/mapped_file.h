// SPDX-License-Identifier: Apache-2.0
/// Files as memory.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>

#include "core/support/result.h"

namespace st {

/// A regular file whose bytes are read when they are looked at. It must not be cut short meanwhile.
class MappedFile {
 public:
  /// Errors: E0101 missing, no regular file, or not readable.
  static Result<std::shared_ptr<const MappedFile>> open(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  [[nodiscard]] std::span<const std::byte> bytes() const { return {data_, size_}; }
  /// Gives back the memory of pages that have been read; they are read again where they are needed.
  void forget(std::span<const std::byte> part) const;

 private:
  MappedFile(const std::byte* data, size_t size) : data_(data), size_(size) {}

  const std::byte* data_;
  size_t size_;
};

}  // namespace st
