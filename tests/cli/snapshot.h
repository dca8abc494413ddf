// SPDX-License-Identifier: Apache-2.0
/// Everything that is below a folder, for comparison with what is there later or elsewhere.
#pragma once

#include <filesystem>
#include <map>
#include <string>

namespace st::test {

/// By relative path: kind and permissions, and the bytes of files or the target of a link.
using Snapshot = std::map<std::string, std::string>;

Snapshot snapshot(const std::filesystem::path& folder);

/// The paths that differ, one per line with what differs; empty if all is the same.
std::string difference(const Snapshot& before, const Snapshot& after);

}  // namespace st::test
