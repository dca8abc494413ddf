// SPDX-License-Identifier: Apache-2.0
// Emitted code stands alone, compiles without a warning, and computes the same in every compiler.
#include <cstdlib>
#include <iostream>

#include "tests/common/builds.h"
#include "tests/common/tool.h"

namespace st::test {
namespace {
namespace fs = std::filesystem;

/// A way to simulate a group: a compiler, and whose hls_stream.h.
struct CodeCompiler {
  std::string name;
  std::string compiler;
  bool sequential = false;  ///< tasks one after another on FIFOs without bound
};

std::ostream& operator<<(std::ostream& out, const CodeCompiler& compiler) {
  return out << compiler.name;
}

bool is_there(const std::string& program) {
  return run_program({"sh", "-c", "command -v " + program}).status == 0;
}

class Emission : public ::testing::TestWithParam<CodeCompiler> {
 protected:
  void SetUp() override {
#ifdef ST_TEST_SANITIZED
    GTEST_SKIP() << "SKIPPED: these compile without sanitizers; the other build runs them";
#endif
    if (!is_there(GetParam().compiler))
      GTEST_SKIP() << "SKIPPED: " << GetParam().compiler << " is not installed";
  }

  /// Copies one group and the library, nothing else, compiles the test bench there and runs it.
  static void simulate(const Request& request) {
    SCOPED_TRACE(request.model + " " + request.precision);
    const fs::path build = built(request);
    const fs::path alone = scratch() / "alone";
    fs::remove_all(alone);
    fs::create_directories(alone / "groups");
    fs::copy(build / "groups/group0", alone / "groups/group0", fs::copy_options::recursive);
    fs::copy(build / "hls_templates", alone / "hls_templates", fs::copy_options::recursive);
    std::vector<std::string> command = {
        GetParam().compiler, "-std=c++17",           "-Wall", "-Wextra",
        "-Werror",           "-Wno-unknown-pragmas", "-Isrc"};
    if (GetParam().sequential)
      command.push_back("-I" + source("tests/hls_templates/sequential").string());
    command.insert(command.end(), {"-I../../hls_templates", "-I../../hls_templates/csim",
                                   "src/group0.cpp", "tb/group0_tb.cpp", "-o", "bench"});
    if (!GetParam().sequential) command.emplace_back("-lboost_context");
    const Outcome compiled = run_program(command, alone / "groups/group0");
    ASSERT_EQ(compiled.status, 0) << compiled.err;
    EXPECT_EQ(compiled.err, "");
    const Outcome bench = run_program({"./bench"}, alone / "groups/group0");
    EXPECT_EQ(bench.status, 0) << bench.out << bench.err;
    EXPECT_TRUE(bench.out.starts_with("passed: ")) << bench.out;
  }
};

TEST_P(Emission, OfTheAdderPassesItsTestBenchAlone) {
  simulate({"adder", "f32", "u280", "none"});
  simulate({"adder", "w8a8", "u280", "none"});
}

TEST_P(Emission, OfStories260kPassesItsTestBenchAlone) {
  ST_NEEDS_SHARED();
  simulate({"stories260k", "f32", "u280", "none"});
}

INSTANTIATE_TEST_SUITE_P(
    Simulators, Emission,
    ::testing::Values(CodeCompiler{"gcc", is_there("g++-12") ? "g++-12" : "g++"},
                      CodeCompiler{"clang", "clang++-16"}, CodeCompiler{"sequential", "g++", true}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace st::test
