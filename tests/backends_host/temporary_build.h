// SPDX-License-Identifier: Apache-2.0
/// A build directory below the system's folder for temporary files, and commands run in it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/support/emitted_file.h"

namespace st::testing {

/// What a command left.
struct Outcome {
  int exit_code = -1;
  std::string out;
  std::string err;
};

class TemporaryBuild {
 public:
  TemporaryBuild();
  ~TemporaryBuild();
  TemporaryBuild(const TemporaryBuild&) = delete;
  TemporaryBuild& operator=(const TemporaryBuild&) = delete;

  void write(const std::vector<EmittedFile>& files) const;
  void write(const std::string& path, const std::string& content) const;
  [[nodiscard]] std::string read(const std::string& path) const;
  /// Runs a shell command in the directory, with `input` as its stdin.
  [[nodiscard]] Outcome run(const std::string& command, const std::string& input = "") const;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// The root of the source tree.
std::filesystem::path source_root();

}  // namespace st::testing
