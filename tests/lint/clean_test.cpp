// SPDX-License-Identifier: Apache-2.0
// What is emitted, and the library behind it, breaks no rule.
#include "backends/project/check_code.h"
#include "core/support/embedded.h"
#include "tests/common/builds.h"
#include "tests/common/tool.h"
#include "tests/lint/sample.h"

namespace st::test {
namespace {
namespace fs = std::filesystem;

/// Builds that differ in form. Each build of any test is linted as well, before it is written.
std::vector<Request> requests() {
  std::vector<Request> all = {
      {"adder", "f32", "u280", "none"},           {"adder", "w8a8", "u280", "none"},
      {"adder", "w4a8", "u280", "none"},          {"adder", "f32", "u280", "none", true},
      {"adder", "w8a8", "u280", "none", true, 8}, {"adder", "f32", target_with_ports(8), "none"},
  };
#ifndef ST_TEST_SANITIZED  // what is looked at is text, which the other build makes too
  if (!shared("README.md").empty()) {
    all.push_back({"stories260k", "f32", "u280", "none"});
    all.push_back({"stories260k", "w8a8", "u280", "none", true, 1});
    all.push_back({"char_shakespeare", "w4a8", "u280", "none"});
  }
#endif
  return all;
}

TEST(Clean, IsTheCodeOfAllModels) {
  int units = 0;
  for (const Request& request : requests()) {
    SCOPED_TRACE(request.model + " " + request.precision);
    for (const auto& entry : fs::directory_iterator(built(request) / "groups")) {
      const std::string unit = entry.path().filename().string();
      const Sample sample = {unit, read(entry.path() / "src" / (unit + ".h")),
                             read(entry.path() / "src" / (unit + ".cpp"))};
      EXPECT_EQ(shown(lint_sample(sample)), "");
      EXPECT_TRUE(check_code(unit, sample.header, sample.source).ok());
      ++units;
    }
  }
  EXPECT_GE(units, 6);
}

TEST(Clean, IsEachHeaderOfTheLibraryByItself) {
  int headers = 0;
  for (const std::string& path : embedded_files("hls_templates/streamtensor/")) {
    if (path.ends_with("testbench.h")) continue;  // runs on the host
    EXPECT_EQ(shown(lint_text("#include \"" + path.substr(path.find('/') + 1) + "\"\n")), "");
    ++headers;
  }
  EXPECT_GE(headers, 15);
}

TEST(Clean, CodeIsThoughMemoryIsReadBehindOtherProcesses) {
  // Tables and caches: what is correct, but could be faster, is a note.
  EXPECT_EQ(rules_of(lint_sample(adder(), true)), "region-late-input");
}

TEST(Clean, CodeIsOrNothingIsWritten) {
  const Sample wrong = edited(adder(), {{"#pragma HLS DATAFLOW", "#pragma HLS DATAFLOWW"}});
  const Status status = check_code(wrong.unit, wrong.header, wrong.source);
  ASSERT_FALSE(status.ok());
  const Diagnostic& problem = status.errors()[0];
  EXPECT_EQ(problem.code, "E0902");
  EXPECT_EQ(fault_of(status.errors()), st::Fault::Internal);
  ASSERT_EQ(problem.details.size(), 1U);
  EXPECT_NE(problem.details[0].find("pragma-unknown-directive"), std::string::npos);
  EXPECT_NE(problem.details[0].find("DATAFLOW'?"), std::string::npos) << problem.details[0];
}

}  // namespace
}  // namespace st::test
