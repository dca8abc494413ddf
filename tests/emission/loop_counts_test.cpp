// SPDX-License-Identifier: Apache-2.0
// The cycles that nests predict are those of the loops that are emitted, kernel by kernel.
#include "tests/emission/loop_counts.h"

#include <algorithm>

#include "core/dataflow/units.h"
#include "tests/common/builds.h"
#include "tests/common/tool.h"

namespace st::test {
namespace {
namespace fs = std::filesystem;

class LoopCounts : public ::testing::Test {
 protected:
  void SetUp() override {
#ifdef ST_TEST_SANITIZED
    GTEST_SKIP() << "SKIPPED: counting needs no sanitizer; the other build does it";
#endif
  }

  static void expect_equal(const Request& request) {
    SCOPED_TRACE(request.model + " " + request.precision);
    const fs::path& build = built(request);
    const Program program = program_of(build);
    for (int group = 0; group < program.groups; ++group) {
      SCOPED_TRACE("group " + std::to_string(group));
      CountingCode code = copied_code(build, group);
      instrument(code);
      EXPECT_GT(code.loops, 0);
      const std::vector<LaunchCounts> launches = counted(program, code);
      EXPECT_EQ(launches.size(), 3) << "a prefill and two steps";
      for (const std::string& difference : differences(program, group, launches))
        ADD_FAILURE() << difference;
    }
  }
};

TEST_F(LoopCounts, OfTheAdderAreThoseOfItsNests) {
  expect_equal({"adder", "f32", "u280", "none"});
  expect_equal({"adder", "w8a8", "u280", "none"});
}

TEST_F(LoopCounts, OfScalesOfGroupsAreThoseOfTheirNests) {
  for (const char* precision : {"w8a8", "w4a8"}) {
    expect_equal({.model = "adder", .precision = precision, .synth = "none", .group_scales = true});
  }
  ST_NEEDS_SHARED();  // with a last group that is shorter
  expect_equal(
      {.model = "stories260k", .precision = "w8a8", .synth = "none", .group_scales = true});
}

TEST_F(LoopCounts, OfIntegerAttentionAreThoseOfItsNests) {
  expect_equal({.model = "adder", .synth = "none", .kv_cache = "int8"});
}

TEST_F(LoopCounts, OfGroupsThatPassActivationsOnAreThoseOfTheirNests) {
  expect_equal({"adder", "f32", target_with_ports(8), "none"});
}

TEST_F(LoopCounts, OfStories260kAreThoseOfItsNests) {
  ST_NEEDS_SHARED();
  expect_equal({"stories260k", "f32", "u280", "none"});
  expect_equal({"stories260k", "w8a8", "u280", "none"});
  expect_equal({.model = "stories260k", .synth = "none", .kv_cache = "int8"});
}

TEST_F(LoopCounts, OfCharShakespeareAreThoseOfItsNests) {
  ST_NEEDS_SHARED();
  expect_equal({"char_shakespeare", "w8a8", "u280", "none"});
}

/// All units of a shared engine, and of one behind narrow ports
TEST_F(LoopCounts, OfASharedEngineAreThoseOfItsNests) {
  Request narrow = shared_design("adder");
  narrow.target = "kv260";
  narrow.row_lanes = 1;
  for (Request request : {shared_design("adder"), shared_design("adder", "w4a8"), narrow}) {
    SCOPED_TRACE(request.precision + " " + request.target);
    request.synth = "none";
    const fs::path& build = built(request);
    const Program program = program_of(build);
    const std::vector<Unit> units = units_of(program);
    EXPECT_GE(units.size(), 4U);
    for (const Unit& unit : units) {
      SCOPED_TRACE(unit.name);
      // Only those that multiply know how wide a weight is.
      if (request.precision == "w4a8" && unit.name.find("engine") == std::string::npos) continue;
      CountingCode code = copied_code(build, unit.name);
      instrument(code);
      const std::vector<LaunchCounts> launches = counted_unit(program, code);
      EXPECT_EQ(launches.size(), 3U);
      for (const std::string& difference : unit_differences(program, unit.name, launches))
        ADD_FAILURE() << difference;
    }
  }
}

/// Differences in the adder's code after `from` became `to` in one of its files.
std::vector<std::string> differences_after(const std::string& file, const std::string& from,
                                           const std::string& to) {
  const fs::path& build = built({"adder", "f32", "u280", "none"});
  const Program program = program_of(build);
  CountingCode code = copied_code(build, 0);
  replace(code.folder / file, from, to);
  instrument(code);
  return differences(program, 0, counted(program, code));
}

/// All differences are of this kind of kernel and say this.
void expect_all(const std::vector<std::string>& differences, const std::string& kind,
                const std::string& text) {
  EXPECT_FALSE(differences.empty());
  for (const std::string& difference : differences) {
    EXPECT_NE(difference.find(" (" + kind + "), launch "), std::string::npos) << difference;
    EXPECT_NE(difference.find(text), std::string::npos) << difference;
  }
}

TEST_F(LoopCounts, FindAnotherIntervalInTheCode) {
  const auto found =
      differences_after("hls_templates/streamtensor/attention.h", "II = 1", "II = 3");
  expect_all(found, "attention_scores", "; iterations at interval 3: the code counts ");
  expect_all(found, "attention_scores", "; cycles of pipelined loops: the code counts ");
}

TEST_F(LoopCounts, FindAnotherIntervalInGeneratedCode) {
  const auto found =
      differences_after("groups/group0/src/group0.cpp", "PIPELINE II=1", "PIPELINE II=2");
  EXPECT_EQ(found.size(), 3) << "one kernel in three launches";
  expect_all(found, "convert", "; iterations at interval 2: the code counts ");
}

TEST_F(LoopCounts, FindAnotherTripCountInTheCode) {
  const std::string loop = "peaks[0];\n      for (int j = 0; j < positions";
  const auto found =
      differences_after("hls_templates/streamtensor/attention.h", loop, loop + " - 1");
  expect_all(found, "softmax_rows", "; iterations at interval 1: the code counts ");
  expect_all(found, "softmax_rows", "; cycles of pipelined loops: the code counts ");
}

TEST_F(LoopCounts, FindTokensThatTheNestDoesNotMove) {
  const fs::path& build = built({"adder", "f32", "u280", "none"});
  Program program = program_of(build);
  CountingCode code = copied_code(build, 0);
  instrument(code);
  const std::vector<LaunchCounts> launches = counted(program, code);
  EXPECT_TRUE(differences(program, 0, launches).empty());
  const auto fork = std::find_if(program.kernels.begin(), program.kernels.end(),
                                 [](const Kernel& kernel) { return kernel.kind == "fork"; });
  ASSERT_NE(fork, program.kernels.end());
  fork->sizes["Beats"] += 1;
  const auto found = differences(program, 0, launches);
  EXPECT_EQ(found.size(), launches.size());
  expect_all(found, "fork", "; tokens from ");
  expect_all(found, "fork", "; tokens to ");
}

}  // namespace
}  // namespace st::test
