// SPDX-License-Identifier: Apache-2.0
// The doubles refuse what the real tools refuse, so that a flow which passes them says something.
#include "tests/flow/flow_fixture.h"

namespace st::test {
namespace {

class FlowDoubles : public Flow {
 protected:
  /// Expects `make STAGE` to fail with the file altered, and the log to say why.
  void refuses(const std::string& stage, const std::string& file, const std::string& from,
               const std::string& to, const std::string& log, const std::string& why) {
    const std::string kept = read(file);
    alter(file, from, to);
    EXPECT_NE(make({stage}).status, 0) << to;
    EXPECT_TRUE(has(read("logs/" + log), why)) << to << "\n" << read("logs/" + log);
    write(build_ / file, kept);
  }
};

TEST_F(FlowDoubles, RefuseWrongConnections) {
  const std::string file = "link/design.cfg", log = "link-design.log";
  ASSERT_EQ(make({"xo"}).status, 0);
  refuses("link", file, "nk=group1:1:group1_1", "nk=group7:1:group1_1", log, "no kernel group7");
  refuses("link", file, "nk=group1:1:group1_1", "nk=group1:2:group1_1", log, "another number");
  refuses("link", file, "sp=group0_1.params0", "sp=group0_1.params9", log,
          "no memory port params9");
  refuses("link", file, "sp=group0_1.params0", "sp=group0_2.params0", log, "no compute unit");
  refuses("link", file, ":HBM[2]", ":HBM[32]", log, "no memory HBM[32]");
  refuses("link", file, ":HBM[2]", ":PLRAM[0]", log, "no memory PLRAM[0]");
  refuses("link", file, "slr=group0_1:SLR0", "slr=group0_1:SLR3", log, "no such SLR");
  refuses("link", file, "[vivado]", "[vivaldi]", log, "unrecognised key 'vivaldi.prop'");
  refuses("link", file, "slr=", "stream_connect=group0_1.params0:group1_1.params1:64\nslr=", log,
          "group0 has no stream params0");
  EXPECT_EQ(make({"link"}).status, 0);
}

TEST_F(FlowDoubles, ConnectStreamsOfSeveralKernels) {
  ASSERT_EQ(make({"xo"}).status, 0);
  write(build_ / "link/group0.xo", read("link/group0.xo") + "port ahead axis\n");
  write(build_ / "link/group1.xo", read("link/group1.xo") + "port behind axis\n");
  alter("link/design.cfg", "slr=", "stream_connect=group0_1.ahead:group1_1.behind:64\nslr=");
  const Outcome made = make({"link"});
  EXPECT_EQ(made.status, 0) << made.err;
}

TEST_F(FlowDoubles, RefuseWrongProjects) {
  const std::string file = "groups/group0/hls_config.cfg", log = "csynth-group0.log";
  refuses("csynth", file, "syn.top=group0", "syn.top=group9", log, "does not name group9.xo");
  refuses("csynth", file, "syn.file=", "syn.fiel=", log, "unrecognised key 'hls.syn.fiel'");
  refuses("csynth", file, "-I../../hls_templates", "-I../hls_templates", log, "no such folder");
  refuses("csynth", file, "tb/group0_tb.cpp", "tb/none.cpp", log, "does not exist: tb/none.cpp");
  refuses("csynth", file, "clock=4.000ns", "clock=fast", log, "no clock: fast");
  refuses("csynth", "groups/group0/src/group0.cpp", "void group0(", "void group9(", log,
          "Cannot find the top function 'group0'");
  refuses("csynth", "groups/group0/src/group0.cpp", "port=params0 ", "port=parmas0 ", log,
          "interface of 'parmas0', which is no argument");
}

}  // namespace
}  // namespace st::test
