// SPDX-License-Identifier: Apache-2.0
#include "core/support/write_file.h"

#include <unistd.h>

#include <fstream>

namespace st {

Status write_file(const std::filesystem::path& path, std::string_view bytes) {
  std::filesystem::path beside = path;
  beside += ".part" + std::to_string(getpid());
  std::error_code failure;
  {
    std::ofstream out(beside, std::ios::binary | std::ios::trunc);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    out.close();
    if (!out) failure = std::make_error_code(std::errc::io_error);
  }
  if (!failure) std::filesystem::rename(beside, path, failure);
  if (!failure) return {};
  std::error_code ignored;
  std::filesystem::remove(beside, ignored);
  return Diagnostic{"E0501", "the file cannot be written", printable(path.string()), {}, ""};
}

}  // namespace st
