// SPDX-License-Identifier: Apache-2.0
// A kernel on each SLR, joined by streams at link time: the same values as one kernel for all.
#include <algorithm>
#include <filesystem>
#include <sstream>

#include "core/dataflow/units.h"
#include "tests/common/builds.h"
#include "tests/common/tool.h"

namespace st::test {
namespace {
namespace fs = std::filesystem;

const Request Whole = {.model = "adder"};
const Request Split = {.model = "adder", .kernel_per_slr = true};

std::string run(const Request& request, std::vector<std::string> arguments) {
  const fs::path logits = scratch() / "slrs.logits";
  arguments.insert(arguments.begin(), {"run", built(request)});
  arguments.insert(arguments.end(), {"--logits", logits, "--print-ids"});
  const Outcome outcome = streamtensor(arguments);
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  return outcome.out + read(logits);
}

TEST(KernelPerSlr, ComputesTheSameBits) {
  for (const char* ids : {"1,2,3", "12,0,4,5,6,7,8", "9"})
    EXPECT_EQ(run(Split, {"--ids", ids, "-n", "5"}), run(Whole, {"--ids", ids, "-n", "5"})) << ids;
}

TEST(KernelPerSlr, IsVerifiedKernelByKernel) {
  const Outcome outcome = streamtensor({"verify", built(Split)});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("group0_slr1      "), std::string::npos) << outcome.out;
}

TEST(KernelPerSlr, ThereAreStreamsInBothDirections) {
  const Program program = program_of(built(Split));
  const std::vector<Unit> units = units_of(program);
  ASSERT_GE(units.size(), 2U);
  // One that goes there and one that comes back: the units can only run together.
  const std::vector<StreamArgument> streams = stream_arguments(program, units[0]);
  const auto written = [](const StreamArgument& stream) { return stream.written; };
  EXPECT_TRUE(std::any_of(streams.begin(), streams.end(), written));
  EXPECT_FALSE(std::all_of(streams.begin(), streams.end(), written));
}

// Each kernel, channel and memory of the program is in one unit, and the link joins what is cut.
TEST(KernelPerSlr, UnitsAndTheLinkMakeUpTheProgram) {
  const Program program = program_of(built(Split));
  const std::string link = read(built(Split) / "link/design.cfg");
  size_t kernels = 0, inside = 0, written = 0, read_ends = 0;
  for (const Unit& unit : units_of(program)) {
    kernels += kernels_of(program, unit).size();
    inside += channels_of(program, unit).size();
    EXPECT_NE(link.find("nk=" + unit.name + ":1:" + unit.name + "_1\n"), std::string::npos);
    EXPECT_NE(link.find("slr=" + unit.name + "_1:SLR" + std::to_string(unit.slr) + "\n"),
              std::string::npos);
    for (const StreamArgument& stream : stream_arguments(program, unit)) {
      (stream.written ? written : read_ends)++;
      if (!stream.written) continue;
      const Channel& channel = program.channels[stream.channel];
      const std::string from = "stream_connect=" + unit.name + "_1." + channel.name + ":";
      const size_t at = link.find(from);
      ASSERT_NE(at, std::string::npos) << from;
      const std::string line = link.substr(at, link.find('\n', at) - at);
      EXPECT_TRUE(line.ends_with("_1." + channel.name + ":" + std::to_string(channel.depth)))
          << line;
      EXPECT_EQ(line.find(from + unit.name + "_1."), std::string::npos) << line;
    }
  }
  EXPECT_EQ(kernels, program.kernels.size());
  EXPECT_EQ(inside + written, program.channels.size());
  EXPECT_EQ(written, read_ends);
}

TEST(KernelPerSlr, TestBenchNamesAStreamWithAnAlteredByte) {
  const fs::path build = copy_of(built(Split), "slrs_altered", Links::Broken);
  const Program program = program_of(build);
  const Unit unit = units_of(program).back();
  for (const StreamArgument& stream : stream_arguments(program, unit)) {
    const std::string& name = program.channels[stream.channel].name;
    const fs::path file = build / "groups" / unit.name / "tb/data" / (name + ".0.bin");
    flip(file, 3, 0x40);
    const Outcome outcome = streamtensor({"verify", build});
    EXPECT_NE(outcome.status, 0) << name;
    EXPECT_NE(outcome.err.find(name), std::string::npos) << outcome.err;
    flip(file, 3, 0x40);
  }
  EXPECT_EQ(streamtensor({"verify", build}).status, 0);
}

TEST(KernelPerSlr, IsBuiltAgainFromItsCommandAndItsLastStage) {
  EXPECT_NE(read(built(Split) / "cmd.sh").find(" --kernel-per-slr"), std::string::npos);
  const Program program = program_of(built(Split));
  EXPECT_TRUE(program.unit_per_slr);
  EXPECT_EQ(streamtensor({"build", source("examples/adder/model.json"), "--target", "u280",
                          "--fold-layers", "--kernel-per-slr", "-o", scratch() / "both"})
                .status,
            2);
}

}  // namespace
}  // namespace st::test
