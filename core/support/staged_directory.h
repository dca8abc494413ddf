// SPDX-License-Identifier: Apache-2.0
/// A directory that appears whole or not at all.
#pragma once

#include <filesystem>
#include <string>

#include "core/support/result.h"

namespace st {

/// Files are written beside the final place, in `.<name>.partial`, and `commit` swaps the
/// directories in one step. What a killed run left behind is removed by the next one; while a run
/// is under way, a lock keeps a second one out.
class StagedDirectory {
 public:
  /// `marker`: a file that tells our directories from others; an existing, non-empty directory
  /// without it is not replaced. Errors: E0501 not writable, E0502 something else is there, E0504
  /// another run.
  static Result<StagedDirectory> create(const std::filesystem::path& target,
                                        const std::string& marker);

  StagedDirectory(StagedDirectory&& other) noexcept;
  StagedDirectory& operator=(StagedDirectory&&) = delete;
  ~StagedDirectory();

  /// Where to write.
  [[nodiscard]] const std::filesystem::path& path() const { return partial_; }
  /// Writes a file below path(); parents are made. Errors: E0501.
  Status write(const std::string& relative, const std::string& content,
               bool executable = false) const;
  /// Puts the directory in place of the earlier one. Errors: E0501.
  Status commit();

 private:
  StagedDirectory(std::filesystem::path target, std::filesystem::path partial, int lock)
      : target_(std::move(target)), partial_(std::move(partial)), lock_(lock) {}

  std::filesystem::path target_, partial_;
  int lock_ = -1;
};

}  // namespace st
