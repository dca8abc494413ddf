// SPDX-License-Identifier: Apache-2.0
// Each way to fail ends in one line that says what it was, and where the log is.
#include "tests/flow/flow_fixture.h"

namespace st::test {
namespace {

struct Failure {
  const char* fault;
  const char* folder;  ///< of the call that fails
  const char* stage;
  const char* says;
};

class FlowFailures : public Flow {
 protected:
  void expect(const Failure& failure) {
    const Outcome made =
        make({"package"}, {{"DOUBLE_FAULT", failure.fault}, {"DOUBLE_UNIT", failure.folder}});
    EXPECT_NE(made.status, 0) << failure.fault;
    const std::string line = error_line(made);
    EXPECT_TRUE(line.starts_with("error: " + std::string(failure.stage) + ": ")) << line;
    EXPECT_TRUE(has(line, failure.says)) << line;
    const size_t log = line.find("; log: ");
    ASSERT_NE(log, std::string::npos) << line;
    EXPECT_TRUE(exists(line.substr(log + 7))) << line;
  }
};

TEST_F(FlowFailures, OfSynthesis) {
  const Failure failures[] = {
      {"licence", "group1", "csynth of group1", "no licence for this device"},
      {"part", "group0", "csynth of group0", "the part is not installed"},
      {"dataflow", "group1", "csynth of group1", "several processes of a dataflow region"},
      {"disk", "group0", "csynth of group0", "the disk is full"},
      {"memory", "group0", "csynth of group0", "out of memory"},
      {"killed", "group1", "csynth of group1", "killed by signal 9"},
      {"crash", "group0", "csynth of group0", "the tool ended with exit code 3; log"},
      {"silent", "group0", "csynth of group0", "left no csynth.xml"},
  };
  for (const Failure& failure : failures) {
    ASSERT_EQ(make({"clean"}).status, 0);
    expect(failure);
    EXPECT_FALSE(exists("groups/" + std::string(failure.folder) + "/csynth.xml"));
  }
  EXPECT_FALSE(exists("link/group1.xo"));
}

TEST_F(FlowFailures, OfLinking) {
  const Failure failures[] = {
      {"licence", "hw", "link of design", "no licence for this device"},
      {"platform", "hw", "link of design", "the platform was not found"},
      {"route", "hw", "link of design", "the design cannot be routed"},
      {"disk", "hw", "link of design", "the disk is full"},
      {"memory", "hw", "link of design", "out of memory"},
      {"killed", "hw", "link of design", "killed by signal 9"},
      {"silent", "hw", "link of design", "left no design.xclbin"},
  };
  for (const Failure& failure : failures) {
    expect(failure);
    EXPECT_FALSE(exists("link/hw/linked")) << failure.fault;
  }
  EXPECT_FALSE(exists("link/design.xclbin"));
}

TEST_F(FlowFailures, TimingThatIsMissedIsAnErrorUntilItIsAllowed) {
  const Outcome lowered = make({"package"}, {{"DOUBLE_FAULT", "timing"}});
  EXPECT_NE(lowered.status, 0);
  EXPECT_TRUE(has(error_line(lowered),
                  "timing is missed: v++ lowered the clock from 250 MHz to 236.4 MHz, slack -0.231 "
                  "ns (ALLOW_TIMING=1 goes on all the same)"))
      << lowered.err;
  EXPECT_FALSE(exists("link/design.xclbin"));
  calls();
  const Outcome allowed = make({"package", "ALLOW_TIMING=1"});
  EXPECT_EQ(allowed.status, 0) << allowed.err;
  EXPECT_TRUE(has(allowed.err, "warning: link of design: timing is missed")) << allowed.err;
  EXPECT_EQ(count(calls(), "v++"), 0U) << "nothing is linked again";
  EXPECT_NE(make({"report"}).status, 0) << "and it is not forgotten";
}

TEST_F(FlowFailures, SlackCountsWithoutTheMessageOfVpp) {
  ASSERT_EQ(make({"link"}).status, 0);
  const std::string summary =
      "link/hw/reports/link/imp/impl_1_hw_bb_locked_timing_summary_routed.rpt";
  alter(summary, "  0.021 ", " -0.021 ");
  const Outcome missed = make({"package"});
  EXPECT_NE(missed.status, 0);
  EXPECT_TRUE(has(error_line(missed), "the worst slack is -0.021 ns")) << missed.err;
  std::filesystem::remove(build_ / summary);
  const Outcome unknown = make({"package"});
  EXPECT_NE(unknown.status, 0);
  EXPECT_TRUE(has(error_line(unknown), "no timing summary was found below link/hw"));
}

TEST_F(FlowFailures, AnEstimateAboveThePeriodIsMissedTiming) {
  const Environment slow = {{"DOUBLE_FAULT", "slow"}, {"DOUBLE_UNIT", "group0"}};
  const Outcome made = make({"link"}, slow);
  EXPECT_NE(made.status, 0);
  EXPECT_TRUE(has(error_line(made),
                  "error: csynth of group0: timing is missed: the estimated clock "
                  "period is 5.000 ns, and 4.000 ns were asked for"))
      << made.err;
  EXPECT_EQ(make({"link", "ALLOW_TIMING=1"}).status, 0);
}

TEST_F(FlowFailures, OfCSimulation) {
  alter("groups/group0/src/group0.cpp", "void group0(", "viod group0(");
  const Outcome made = make({"csim"});
  EXPECT_NE(made.status, 0);
  EXPECT_TRUE(has(made.err, "the log says: groups/group0/src/group0.cpp:")) << made.err;
  EXPECT_TRUE(has(error_line(made), "csim of group0: the tool ended with exit code 1")) << made.err;
  EXPECT_FALSE(exists("groups/group0/csim/passed"));
}

TEST_F(FlowFailures, OfCosimulation) {
  const Outcome made = make({"cosim"}, {{"DOUBLE_FAULT", "cosim"}, {"DOUBLE_UNIT", "group0"}});
  EXPECT_NE(made.status, 0);
  EXPECT_TRUE(has(error_line(made), "cosim of group0: the RTL does not compute what")) << made.err;
  EXPECT_FALSE(exists("groups/group0/cosim.rpt"));
}

TEST_F(FlowFailures, WarningsThatMatterAreToldAndErrorsWhereAsked) {
  const Environment warning = {{"DOUBLE_FAULT", "warning"}, {"DOUBLE_UNIT", "group0"}};
  const Outcome strict = make({"csynth", "STRICT=1"}, warning);
  EXPECT_NE(strict.status, 0);
  EXPECT_TRUE(has(error_line(strict), "deadlock is possible")) << strict.err;
  const Outcome made = make({"csynth"}, warning);
  EXPECT_EQ(made.status, 0);
  EXPECT_TRUE(has(made.err, "warning: csynth of group0: deadlock is possible")) << made.err;
}

TEST_F(FlowFailures, OfTheMachineAreSeenBeforeToolsRun) {
  const std::pair<Environment, const char*> machines[] = {
      {{{"PLATFORM", "xilinx_u999"}}, "the platform 'xilinx_u999' was not found"},
      {{{"PLATFORM", "/nowhere/x.xpfm"}}, "the platform '/nowhere/x.xpfm' was not found"},
      {{{"PLATFORM", ""}}, "the platform '' was not found"},
      {{{"MIN_DISK_GB", "1000000"}}, "and this takes 1000000 GB (MIN_DISK_GB="},
      {{{"MIN_MEMORY_GB", "1000000"}}, "and this takes 1000000 GB (MIN_MEMORY_GB="},
      {{{"MIN_DISK_GB", "much"}}, "MIN_DISK_GB is 'much', not a whole number"},
      {{{"JOBS", "-1"}}, "JOBS is '-1', not a whole number"},
  };
  ASSERT_EQ(make({"xo"}).status, 0);
  calls();
  for (const auto& [environment, says] : machines) {
    const Outcome made = make({"link"}, environment);
    EXPECT_NE(made.status, 0) << says;
    EXPECT_TRUE(has(error_line(made), says)) << made.err;
    EXPECT_EQ(count(calls(), "--link"), 0U) << says;
  }
  const Outcome small = make({"clean", "csynth"}, {{"HLS_MEMORY_GB", "1000000"}});
  EXPECT_TRUE(has(error_line(small), "HLS_MEMORY_GB=")) << small.err;
}

TEST_F(FlowFailures, APlatformOfAnotherPartIsRefused) {
  const std::filesystem::path other = build_ / "other board.xpfm";
  write(other, "part XCU55C-FSVH2892-2L-E\nslrs 3\nmemory HBM 32\n");
  const Outcome made = make({"link", "PLATFORM=other board.xpfm"});
  EXPECT_NE(made.status, 0);
  EXPECT_TRUE(has(error_line(made),
                  "the platform is for 'xcu55c-fsvh2892-2l-e', and the design for "
                  "'xcu280-fsvh2892-2l-e'"))
      << made.err;
  write(other, "part XCU280-FSVH2892-2L-E\nslrs 3\nmemory HBM 32\n");
  const Outcome fits = make({"link", "PLATFORM=other board.xpfm"});
  EXPECT_EQ(fits.status, 0) << fits.err;
}

TEST_F(FlowFailures, AMemoryThatThePlatformDoesNotListIsToldBeforeTheLinkFails) {
  const std::filesystem::path other = build_ / "other.xpfm";
  write(other, "part xcu280-fsvh2892-2L-e\nslrs 3\nmemory DDR 2\n");
  const Outcome made = make({"link", "PLATFORM=other.xpfm"});
  EXPECT_NE(made.status, 0);
  EXPECT_TRUE(
      has(made.err, "warning: link of design: the platform does not list these memories: HBM"))
      << made.err;
  EXPECT_TRUE(has(error_line(made), "the connections of link/design.cfg do not suit")) << made.err;
}

TEST_F(FlowFailures, NoValueIsExecuted) {
  const std::string hostile =
      "x\"; touch pwned; '$(touch pwned)`touch pwned`$(shell touch pwned)\n"
      "$(error pwned)";
  for (const char* name : {"PLATFORM", "JOBS", "IDS", "DEVICE", "MIN_DISK_GB", "STREAMTENSOR",
                           "ALLOW_TIMING", "ROOTFS", "TARGET"}) {
    for (const bool on_command_line : {false, true}) {
      const std::vector<std::string> words =
          on_command_line ? std::vector<std::string>{"link", std::string(name) + "=" + hostile}
                          : std::vector<std::string>{"link"};
      make(words, on_command_line ? Environment{} : Environment{{name, hostile}});
      EXPECT_FALSE(exists("pwned")) << name;
      const std::vector<std::string> top = {"make",
                                            "-f",
                                            source("Makefile.hls").string(),
                                            "BUILD=.",
                                            on_command_line ? words[1] : "V=1",
                                            "link"};
      run(top, on_command_line ? Environment{} : Environment{{name, hostile}});
      EXPECT_FALSE(exists("pwned")) << name << " by the top makefile";
    }
  }
}

TEST_F(FlowFailures, ARunLooksAtTheCard) {
  fake_host();
  ASSERT_EQ(make({"package"}).status, 0);
  const Outcome none = make({"run", "IDS=1"});
  EXPECT_TRUE(has(error_line(none), "there is no card 0")) << none.err;
  const Environment other = {{"DOUBLE_CARD", "xilinx_u55c_gen3x16_xdma_base_3"}};
  const Outcome wrong = make({"run", "IDS=1"}, other);
  EXPECT_TRUE(has(error_line(wrong), "card 0 has the shell xilinx_u55c_gen3x16_xdma_base_3"))
      << wrong.err;
  const Outcome ids = make({"run"}, other);
  EXPECT_TRUE(has(error_line(ids), "IDS=1,2,3")) << ids.err;
}

}  // namespace
}  // namespace st::test
