// SPDX-License-Identifier: Apache-2.0
/// Whole files as bytes.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "core/support/result.h"

namespace st {

/// The bytes of the regular file at `path`. Errors: E0101 when it is missing, is no regular file or
/// cannot be read; E0104 when it has more than `limit` bytes.
Result<std::string> read_file(const std::filesystem::path& path, size_t limit);

}  // namespace st
