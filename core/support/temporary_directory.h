// SPDX-License-Identifier: Apache-2.0
/// A directory that is gone when its owner is.
#pragma once

#include <filesystem>

#include "core/support/result.h"

namespace st {

class TemporaryDirectory {
 public:
  /// Errors: E0501.
  static Result<TemporaryDirectory> create();
  TemporaryDirectory(TemporaryDirectory&& other) noexcept : path_(std::move(other.path_)) {
    other.path_.clear();
  }
  TemporaryDirectory& operator=(TemporaryDirectory&&) = delete;
  ~TemporaryDirectory();
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  explicit TemporaryDirectory(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

}  // namespace st
