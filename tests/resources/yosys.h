// SPDX-License-Identifier: Apache-2.0
/// Yosys as a reference for what hardware takes.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "core/support/process.h"
#include "core/support/temporary_directory.h"

namespace st::test {

inline bool has_yosys() {
  return run({.arguments = {"yosys", "-V"},
              .directory = {},
              .environment = {},
              .input = "",
              .on_output = [](std::string_view) {},
              .on_error = {}})
      .ok();
}

/// What `stat` prints once a script has mapped the modules of design.v.
inline std::string yosys_counts(const std::string& verilog, const std::string& script) {
  auto folder = TemporaryDirectory::create();
  EXPECT_TRUE(folder.ok());
  std::ofstream((*folder).path() / "design.v") << verilog;
  std::string errors;
  const auto status = run({.arguments = {"yosys", "-q", "-p", script + "; tee -o counts.txt stat"},
                           .directory = (*folder).path(),
                           .environment = {},
                           .input = "",
                           .on_output = [](std::string_view) {},
                           .on_error = [&](std::string_view text) { errors += text; }});
  EXPECT_TRUE(status.ok() && *status == 0) << errors;
  std::ostringstream counts;
  counts << std::ifstream((*folder).path() / "counts.txt").rdbuf();
  return counts.str();
}

}  // namespace st::test
