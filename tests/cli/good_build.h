// SPDX-License-Identifier: Apache-2.0
/// One build of the tiny model, with its stub device, for all tests that only read it.
#pragma once

#include <filesystem>
#include <string>

namespace st::test {

/// The build directory in that precision; made on first use.
const std::filesystem::path& good_build(const std::string& precision = "f32");

}  // namespace st::test
