// SPDX-License-Identifier: Apache-2.0
#include "core/support/read_file.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>

namespace st {

Result<std::string> read_file(const std::filesystem::path& path, size_t limit) {
  const std::string name = path.string();
  const std::string shown = "'" + printable(name) + "'";
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (status.type() == std::filesystem::file_type::not_found) {
    return Diagnostic{"E0101", "file " + shown + " does not exist", name, {}, ""};
  }
  // A pipe or device could block or never end.
  if (status.type() != std::filesystem::file_type::regular) {
    const std::string why = error ? error.message() : "it is no regular file";
    return Diagnostic{"E0101", "cannot read " + shown + ": " + why, name, {}, ""};
  }
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    return Diagnostic{"E0101", "cannot read " + shown + ": " + std::strerror(errno), name, {}, ""};
  }
  const auto size = std::filesystem::file_size(path, error);
  if (!error && size > limit) {
    return Diagnostic{"E0104",
                      "file " + shown + " has " + std::to_string(size) + " bytes; at most " +
                          std::to_string(limit) + " are read",
                      name,
                      {},
                      ""};
  }
  std::string bytes(error ? 0 : size, '\0');
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (error || in.gcount() != static_cast<std::streamsize>(bytes.size())) {
    return Diagnostic{"E0101", "cannot read all of " + shown, name, {}, ""};
  }
  return bytes;
}

}  // namespace st
