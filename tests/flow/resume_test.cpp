// SPDX-License-Identifier: Apache-2.0
// What was done is kept, what was killed is done again, and nothing is done twice at a time.
#include <chrono>
#include <csignal>
#include <thread>

#include "tests/flow/flow_fixture.h"

namespace st::test {
namespace {

class FlowResumes : public Flow {
 protected:
  static constexpr const char* Hang = "groups/group1/hang.pid";

  /// The tool that hangs.
  pid_t hanging() const { return static_cast<pid_t>(std::stol(read(Hang))); }

  /// Waits until that process is gone.
  static bool gone(pid_t process) {
    for (int i = 0; i < 100 && kill(process, 0) == 0; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    return kill(process, 0) != 0;
  }

  const Environment hang_ = {{"DOUBLE_FAULT", "hang"}, {"DOUBLE_UNIT", "group1"}};
};

TEST_F(FlowResumes, AfterAToolWasKilled) {
  const Environment killed = {{"DOUBLE_FAULT", "killed"}, {"DOUBLE_UNIT", "group1"}};
  ASSERT_NE(make({"package"}, killed).status, 0);
  EXPECT_TRUE(exists("groups/group0/csynth.xml"));
  EXPECT_TRUE(exists("groups/group1/build/hls/syn/report/partial.rpt"));
  EXPECT_FALSE(exists("groups/group1/csynth.xml"));
  write(build_ / "groups/group1/build/hls/lock", "");
  calls();
  ASSERT_EQ(make({"package"}).status, 0);
  const std::vector<std::string> done = calls();
  EXPECT_EQ(count(done, "group0 v++ -c"), 0U);
  EXPECT_EQ(count(done, "group1 v++ -c"), 1U);
  EXPECT_FALSE(exists("groups/group1/build/hls/lock")) << "it starts from an empty folder";
}

TEST_F(FlowResumes, AfterALinkWasKilled) {
  ASSERT_NE(make({"package"}, {{"DOUBLE_FAULT", "killed"}, {"DOUBLE_UNIT", "hw"}}).status, 0);
  EXPECT_FALSE(exists("link/design.xclbin"));
  calls();
  ASSERT_EQ(make({"package"}).status, 0);
  const std::vector<std::string> done = calls();
  EXPECT_EQ(count(done, "v++ --link"), 1U);
  EXPECT_EQ(count(done, "group"), count(done, "--link")) << "the kernels are not made again";
}

TEST_F(FlowResumes, AfterMakeWasKilledAndNotBesideWhatItLeftRunning) {
  const Outcome killed =
      run({"timeout", "-s", "KILL", "1", "make", "-j2", "-f", "Makefile.hls", "package"}, hang_);
  EXPECT_EQ(killed.status, 137);
  ASSERT_TRUE(exists(Hang));
  const Outcome beside = make({"csynth"});
  EXPECT_NE(beside.status, 0);
  EXPECT_TRUE(has(error_line(beside), "another make, or what one that was killed left running"));
  ASSERT_EQ(kill(hanging(), SIGKILL), 0);
  ASSERT_TRUE(gone(hanging()));
  calls();
  const Outcome again = make({"package"});
  EXPECT_EQ(again.status, 0) << again.err;
  EXPECT_EQ(count(calls(), "group0 v++ -c"), 0U);
}

TEST_F(FlowResumes, AnInterruptEndsTheTools) {
  for (const char* signal : {"TERM", "INT"}) {
    std::filesystem::remove(build_ / Hang);
    const Outcome stopped =
        run({"timeout", "-s", signal, "1", "make", "-f", "Makefile.hls", "package"}, hang_);
    EXPECT_EQ(stopped.status, 124);
    ASSERT_TRUE(exists(Hang));
    EXPECT_TRUE(gone(hanging())) << signal;
    EXPECT_TRUE(has(stopped.err, "error: csynth of group1: interrupted by signal")) << stopped.err;
    EXPECT_FALSE(exists("groups/group1/csynth.xml"));
    EXPECT_TRUE(exists("groups/group0/csynth.xml"));
  }
  EXPECT_EQ(make({"package"}).status, 0);
}

TEST_F(FlowResumes, SourcesThatChangeAreDoneAgain) {
  ASSERT_EQ(make({"package"}).status, 0);
  calls();
  std::filesystem::last_write_time(build_ / "groups/group1/src/group1.cpp",
                                   std::filesystem::file_time_type::clock::now());
  ASSERT_EQ(make({"package"}).status, 0);
  const std::vector<std::string> done = calls();
  EXPECT_EQ(count(done, "group0 v++ -c"), 0U);
  EXPECT_EQ(count(done, "group1 v++ -c"), 1U);
  EXPECT_EQ(count(done, "v++ --link"), 1U);
}

TEST_F(FlowResumes, TheLogBeforeIsKept) {
  ASSERT_NE(make({"csynth"}, {{"DOUBLE_FAULT", "dataflow"}}).status, 0);
  ASSERT_EQ(make({"csynth"}).status, 0);
  EXPECT_FALSE(has(read("logs/csynth-group0.log"), "ERROR"));
  EXPECT_TRUE(has(read("logs/csynth-group0.log.1"), "ERROR: [HLS 200-1013]"));
}

}  // namespace
}  // namespace st::test
