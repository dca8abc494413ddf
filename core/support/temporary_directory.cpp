// SPDX-License-Identifier: Apache-2.0
#include "core/support/temporary_directory.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace st {
namespace fs = std::filesystem;

Result<TemporaryDirectory> TemporaryDirectory::create() {
  std::error_code error;
  std::string pattern = (fs::temp_directory_path(error) / "streamtensor-XXXXXX").string();
  if (error || mkdtemp(pattern.data()) == nullptr) {
    return Diagnostic{"E0501",
                      "cannot make a temporary directory",
                      "",
                      {std::strerror(errno)},
                      "set TMPDIR to a place that can be written"};
  }
  return TemporaryDirectory(pattern);
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code error;
  if (!path_.empty()) fs::remove_all(path_, error);
}

}  // namespace st
