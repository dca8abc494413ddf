// SPDX-License-Identifier: Apache-2.0
/// Files that AMD's tools wrote, which may be damaged, and numbers in them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "core/support/result.h"

namespace st::reports {

struct VendorFile {
  std::string name;  ///< from the build directory on, printable
  std::string text;
  bool test_double = false;  ///< whether a test double of AMD's tools made it, and no real tool
};

/// The file `relative` of a build directory. Errors: E0607 if it cannot be read.
Result<VendorFile> read_vendor_file(const std::filesystem::path& build,
                                    const std::filesystem::path& relative);

/// A problem of a report: E0607 with what to do.
Diagnostic damaged(const std::string& file, const std::string& message);

/// `text` without spaces around it.
std::string_view trimmed(std::string_view text);
/// All of `text` as a number; nothing for what the tools print in its place ("undef", "NA", "-").
std::optional<double> decimal(std::string_view text);
/// The same as a whole number.
std::optional<int64_t> whole(std::string_view text);

}  // namespace st::reports
