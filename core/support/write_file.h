// SPDX-License-Identifier: Apache-2.0
/// A whole file at once.
#pragma once

#include <filesystem>
#include <string_view>

#include "core/support/result.h"

namespace st {

/// Writes `bytes` to `path`, whole or not at all: beside it first, then renamed. Errors: E0501.
Status write_file(const std::filesystem::path& path, std::string_view bytes);

}  // namespace st
