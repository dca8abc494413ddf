// SPDX-License-Identifier: Apache-2.0
// The stages of Makefile.hls one after another, for each release, target and flow.
#include <algorithm>

#include "tests/flow/flow_fixture.h"

namespace st::test {
namespace fs = std::filesystem;
namespace {

TEST_F(Flow, GoesThroughAllStagesWithTwoGroupsSideBySide) {
  fake_host();
  const Outcome made = make({"-j2", "csim", "cosim", "all", "CXXFLAGS=-O0 -Wno-unknown-pragmas"});
  ASSERT_EQ(made.status, 0) << made.err;
  EXPECT_TRUE(has(made.out, "csim of group1: passed: ")) << made.out;
  for (const char* file :
       {"groups/group0/csim/passed", "groups/group1/csim/passed", "groups/group0/csynth.xml",
        "groups/group1/csynth.xml", "groups/group0/cosim.rpt", "groups/group1/cosim.rpt",
        "link/group0.xo", "link/group1.xo", "link/hw/linked", "link/design.xclbin",
        "logs/csynth-group0.log", "logs/link-design.log"})
    EXPECT_TRUE(exists(file)) << file;
  const std::vector<std::string> done = calls();
  EXPECT_EQ(count(done, "v++ -c --mode hls --config hls_config.cfg --work_dir build"), 2U);
  EXPECT_EQ(count(done, "vitis-run --mode hls --package"), 2U);
  EXPECT_EQ(count(done, "vitis-run --mode hls --cosim"), 2U);
  EXPECT_EQ(count(done, "v++ --link --target hw"), 1U);
  EXPECT_EQ(count(done, "../group0.xo ../group1.xo"), 1U);
  EXPECT_EQ(count(done, "vitis_hls"), 0U);

  const Outcome again = make({"csim", "cosim", "all"});
  EXPECT_EQ(again.status, 0) << again.err;
  EXPECT_EQ(calls().size(), 0U) << "what is done is done";

  const Outcome ran =
      make({"run", "IDS=1,2,3"}, {{"DOUBLE_CARD", "xilinx_u280_gen3x16_xdma_base_1"}});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_TRUE(has(ran.out,
                  "host --build . --xclbin link/design.xclbin --device 0 generate --ids "
                  "1,2,3 --max-tokens 16 --time"))
      << ran.out;
}

TEST_F(Flow, HelpAndDoctorNeedNothing) {
  const Outcome help = make({"help"});
  EXPECT_EQ(help.status, 0);
  for (const char* stage : {"doctor", "csim", "csynth", "cosim", "xo", "link", "package", "host",
                            "run", "report", "clean"})
    EXPECT_TRUE(has(help.out, std::string("\n") + stage + " ") || help.out.starts_with(stage))
        << stage;
  const Outcome doctor = make({"doctor"});
  EXPECT_TRUE(has(doctor.out, "2023.2, unified launcher")) << doctor.out;
  EXPECT_TRUE(has(doctor.out, "(xcu280-fsvh2892-2l-e)")) << doctor.out;
  EXPECT_EQ(has(doctor.out, "MISSING"), doctor.status != 0) << doctor.out;
}

TEST_F(Flow, DoctorNamesAllThatIsMissing) {
  const Outcome doctor = make({"doctor", "PLATFORM=elsewhere"},
                              {{"PATH", "/usr/bin:/bin"}, {"MIN_MEMORY_GB", "1000000"}});
  EXPECT_NE(doctor.status, 0);
  EXPECT_TRUE(has(error_line(doctor), "of what the flow needs is missing")) << doctor.err;
  EXPECT_TRUE(has(doctor.err, "Error 4")) << doctor.err;
  for (const char* what : {"Vitis HLS", "v++ linker", "platform", "memory"})
    EXPECT_TRUE(has(doctor.out, what)) << doctor.out;
  EXPECT_TRUE(has(doctor.out, "linking takes 1000000 GB")) << doctor.out;
  EXPECT_TRUE(has(doctor.out, "'elsewhere' was not found")) << doctor.out;
}

TEST_F(Flow, ChoosesTheLauncherByTheRelease) {
  for (const std::string release : {"2022.1", "2023.1", "2023.2", "2024.2", "2025.2"}) {
    ASSERT_EQ(make({"clean"}).status, 0);
    calls();
    const Outcome made = make({"package"}, {{"DOUBLE_VERSION", release}});
    EXPECT_EQ(made.status, 0) << release << made.err;
    EXPECT_FALSE(has(made.err, "warning")) << made.err;
    const bool unified = release >= "2023.2";
    const std::vector<std::string> done = calls();
    EXPECT_EQ(count(done, "vitis_hls -f run_hls.tcl"), unified ? 0U : 4U) << release;
    EXPECT_EQ(count(done, "v++ -c --mode hls"), unified ? 2U : 0U) << release;
    EXPECT_EQ(read("link/hw/linked"),
              "v++ " + release + ", xilinx_u280_gen3x16_xdma_1_202211_1.xpfm\n");
  }
}

TEST_F(Flow, TakesTheOlderLauncherWhereTheNewerIsNotThere) {
  const fs::path bin = build_ / "bin";
  fs::create_directories(bin);
  for (const char* name : {"v++", "vitis_hls"}) fs::create_symlink(ST_TEST_DOUBLES, bin / name);
  const std::string path = bin.string() + ":/usr/bin:/bin";
  EXPECT_EQ(make({"xo"}, {{"PATH", path}}).status, 0);
  EXPECT_EQ(count(calls(), "vitis_hls -f run_hls.tcl"), 4U);
  fs::remove(bin / "vitis_hls");
  const Outcome none = make({"clean", "xo"}, {{"PATH", path}});
  EXPECT_NE(none.status, 0);
  EXPECT_TRUE(has(error_line(none), "Vitis 2023.2 has neither v++ with vitis-run nor vitis_hls"));
}

TEST_F(Flow, RefusesOldReleasesAndWarnsOfNewOnes) {
  const Outcome old = make({"csynth"}, {{"DOUBLE_VERSION", "2021.2"}});
  EXPECT_NE(old.status, 0);
  EXPECT_TRUE(has(error_line(old), "Vitis 2021.2 is too old")) << old.err;
  const Outcome later = make({"csynth"}, {{"DOUBLE_VERSION", "2026.1"}});
  EXPECT_EQ(later.status, 0) << later.err;
  EXPECT_TRUE(has(later.err, "warning: csynth of group0: Vitis 2026.1")) << later.err;
}

TEST_F(Flow, DoublesAreNoTools) {
  for (const char* stage : {"doctor", "csynth"}) {
    const Outcome refused = make({stage}, {{"STREAMTENSOR_ALLOW_DOUBLES", ""}});
    EXPECT_NE(refused.status, 0);
    EXPECT_TRUE(has(error_line(refused), "is a test double and makes nothing real")) << refused.err;
  }
  EXPECT_EQ(calls().size(), 0U) << "they are not even run";
}

TEST_F(Flow, EmulatesHardware) {
  fake_host();
  const Outcome made = make({"run", "TARGET=hw_emu", "IDS=1"});
  EXPECT_EQ(made.status, 0) << made.err;
  EXPECT_TRUE(exists("link/design.hw_emu.xclbin"));
  EXPECT_FALSE(exists("link/design.xclbin"));
  EXPECT_TRUE(exists("link/hw_emu/emconfig.json"));
  EXPECT_TRUE(has(made.out, "--xclbin link/design.hw_emu.xclbin")) << made.out;
  EXPECT_TRUE(has(made.err, "mode hw_emu")) << made.err;
  const std::vector<std::string> done = calls();
  EXPECT_EQ(count(done, "--target hw_emu"), 1U);
  EXPECT_EQ(count(done, "xbutil"), 0U);
}

TEST_F(Flow, PackagesWhatAVersalCardLoads) {
  alter("link/design.mk", "FLOW := alveo", "FLOW := versal");
  const Outcome made = make({"package"});
  EXPECT_EQ(made.status, 0) << made.err;
  EXPECT_EQ(read("link/design.xclbin"), "test double of v++\npackaged design\n");
  const std::vector<std::string> done = calls();
  EXPECT_EQ(count(done, "--output design.xsa"), 1U);
  EXPECT_EQ(count(done, "--package.boot_mode=ospi"), 1U);
}

TEST_F(Flow, AsksForWhatAnSdCardNeeds) {
  alter("link/design.mk", "FLOW := alveo", "FLOW := embedded");
  const Outcome host = make({"host"});
  EXPECT_NE(host.status, 0);
  EXPECT_TRUE(has(error_line(host), "SYSROOT=<sysroot of the board's Linux> is not set"));
  const Outcome none = make({"package"});
  EXPECT_NE(none.status, 0);
  EXPECT_TRUE(has(error_line(none), "ROOTFS=<rootfs.ext4 of the board's Linux> is not set"));
  const Outcome wrong = make({"package", "ROOTFS=host/Makefile", "IMAGE=nothing"});
  EXPECT_NE(wrong.status, 0);
  EXPECT_TRUE(has(error_line(wrong), "IMAGE is 'nothing', which is no file"));
  const Outcome made = make({"package", "ROOTFS=host/Makefile", "IMAGE=host/main.cpp"});
  EXPECT_EQ(made.status, 0) << made.err;
  EXPECT_TRUE(exists("link/hw/package/sd_card.img"));
}

TEST_F(Flow, CleanRemovesWhatStagesMade) {
  const auto files = [&] {
    std::vector<std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator(build_))
      found.push_back(fs::relative(entry.path(), build_).string());
    std::sort(found.begin(), found.end());
    return found;
  };
  const std::vector<std::string> before = files();
  ASSERT_EQ(make({"cosim", "package"}).status, 0);
  ASSERT_EQ(make({"link"}, {{"TARGET", "hw_emu"}}).status, 0);
  fs::remove(build_ / "groups/group0/csynth.xml");
  ASSERT_EQ(make({"xo"}, {{"DOUBLE_VERSION", "2022.1"}}).status, 0);
  EXPECT_TRUE(exists("groups/group0/group0.xo")) << "where the legacy launcher leaves it";
  calls();
  EXPECT_NE(files(), before);
  ASSERT_EQ(make({"clean"}).status, 0);
  EXPECT_EQ(files(), before);
}

TEST_F(Flow, ShowsMilestonesWhileALinkRuns) {
  const Outcome made = make({"link"}, {{"DOUBLE_SECONDS", "0.6"}, {"WATCH_SECONDS", "0.2"}});
  EXPECT_EQ(made.status, 0) << made.err;
  EXPECT_TRUE(has(made.out, "link of design: [21:34:00] Run vpl: Step impl: Started")) << made.out;
}

TEST_F(Flow, TheTopMakefileHandsEverythingOver) {
  const fs::path top = source("Makefile.hls");
  const Outcome made =
      run({"make", "-j2", "-f", top.string(), "BUILD=" + build_.string(), "csynth"});
  EXPECT_EQ(made.status, 0) << made.err;
  EXPECT_TRUE(exists("groups/group1/csynth.xml"));
}

}  // namespace
}  // namespace st::test
