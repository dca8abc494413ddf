// SPDX-License-Identifier: Apache-2.0
/// Builds that several test programs use, and that take a compiler a while.
#pragma once

#include <string>
#include <vector>

#include "tests/common/tool.h"

namespace st::test {

/// A build directory and how the build that made it ended.
struct KeptBuild {
  std::filesystem::path path;
  Outcome outcome;
};

/// The result of `streamtensor BUILD -o PATH`: made by the first test program that asks for it,
/// while others that run at the same time wait, and made again when the tool, its command line or a
/// file that this names is another one. Nobody may change what is in the directory. `name`: a
/// folder's.
KeptBuild kept_build(const std::string& name, std::vector<std::string> build);

}  // namespace st::test
