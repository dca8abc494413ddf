// SPDX-License-Identifier: Apache-2.0
/// Designs that do not fit, targets that are wrong, and outputs that cannot be written.
#include <sys/file.h>
#include <unistd.h>

#include <fcntl.h>

#include "tests/cli/expect_error.h"
#include "tests/cli/snapshot.h"
#include "tests/common/tiny_model.h"

namespace st::test {
namespace fs = std::filesystem;
namespace {

class TargetErrors : public testing::Test {
 protected:
  TargetErrors()
      : folder_(own_folder(std::string("target_") +
                           testing::UnitTest::GetInstance()->current_test_info()->name())) {}

  /// A copy of the u280's description, changed.
  template <typename Change>
  std::string target(Change change) {
    Json json = Json::parse(read(source("targets/u280.json")));
    json["name"] = "mini";
    change(json);
    write(folder_ / "mini.json", json.dump());
    return (folder_ / "mini.json").string();
  }
  Outcome built_for(const std::string& target, const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {
        "build", model.write(folder_).string(), "--target", target, "--synth", "none",
        "-o",    (folder_ / "out").string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Outcome outcome = streamtensor(arguments);
    EXPECT_EQ(outcome.status == 0, fs::exists(folder_ / "out"));
    return outcome;
  }
  void remove_context() { model.json["metadataProps"].erase(0); }

  TinyModel model;
  fs::path folder_;
};

TEST_F(TargetErrors, CachesBeyondTheChipGiveNeedAndBudget) {
  remove_context();
  expect_error(built_for("u280", {"--dim", "past_sequence_length=0..4000000"}), Infeasible,
               {"error[E0403]: the design does not fit u280", "URAM of storage alone: needs ",
                "the budget is 768", "it fits (predicted) with --dim past_sequence_length=0.."});
}

TEST_F(TargetErrors, LaunchesOfAbsurdLengthAreInfeasible) {
  remove_context();
  expect_error(built_for("u280", {"--dim", "sequence_length=1..4000000"}), Infeasible,
               {"error[E0403]: one launch of group 0 is too long", "beats on one stream",
                "at most 1099511627776 are supported", "smaller bounds"});
}

TEST_F(TargetErrors, PositionsHaveALimit) {
  remove_context();
  expect_error(
      built_for("u280", {"--dim", "past_sequence_length=0..2000000000"}), Infeasible,
      {"error[E0403]: the bounds give 2000000016 positions", "the largest design has 4194304"});
}

TEST_F(TargetErrors, PositionsNeedARowOfTheirTable) {
  remove_context();
  expect_error(built_for("u280", {"--dim", "past_sequence_length=0..20"}), Infeasible,
               {"error[E0403]: a table has 16 rows, the bounds give 36 positions",
                "--> node 'position'", "it fits (predicted) with --dim past_sequence_length=0..0"});
}

TEST_F(TargetErrors, AChipWithoutMemoryIsTooSmall) {
  // Two blocks of 18 and two of 288 kbit remain within the budget of 80 %.
  remove_context();
  const std::string mini = target([](Json& json) {
    for (Json& slr : json["slrs"]) slr["bram18"]["value"] = slr["uram"]["value"] = 1;
    json["total"]["bram18"]["value"] = json["total"]["uram"]["value"] = 3;
  });
  expect_error(built_for(mini, {"--dim", "past_sequence_length=0..20000"}), Infeasible,
               {"error[E0403]: unit 'attention' fits no group", "on-chip bits: needs ",
                "the budget of a group is 626688: ", " too many"});
}

TEST_F(TargetErrors, MemoryChannelsThatAreTooSmallNameTheBuffer) {
  const std::string mini = target([](Json& json) {
    json["memory"]["channel_bytes"]["value"] = 1024;
    json.erase("large_memory");
  });
  expect_error(built_for(mini), Infeasible,
               {"error[E0403]: buffer 'past_key_values_0_key' does not fit",
                "bytes: needs 2048 (predicted), a channel has 1024: 1024 too many"});
}

TEST_F(TargetErrors, TooFewPortsAreInfeasible) {
  const std::string mini = target([](Json& json) { json["memory"]["max_ports"]["value"] = 1; });
  expect_error(built_for(mini), Infeasible, {"error[E0403]", "memory ports", "the target has 1"});
}

TEST_F(TargetErrors, UnknownTargetsSuggestKnownOnes) {
  expect_error(built_for("u820"), BadInput,
               {"error[E0401]: unknown target 'u820'",
                "known targets: kv260, u200, u250, u280, u50, u55c, vck5000, zcu104"});
  expect_error(built_for("u281"), BadInput, {"did you mean 'u280'"});
  expect_error(streamtensor({"targets", "u281"}), BadInput, {"error[E0401]", "'u281'"});
}

TEST_F(TargetErrors, TheV80IsRefusedWithTheReason) {
  for (const char* name : {"v80", "V80"}) {
    expect_error(built_for(name), BadInput,
                 {"error[E0404]: the target 'v80' is not supported", "no platform of v++ and XRT",
                  "AVED", "SLASH", "u55c and u280"});
  }
  expect_error(streamtensor({"targets", "v80"}), BadInput, {"error[E0404]"});
  expect_error(streamtensor({"targets", "--check", "v80"}), BadInput, {"error[E0404]"});
}

TEST_F(TargetErrors, ConsistencyIsChecked) {
  const Outcome all = streamtensor({"targets", "--check"});
  EXPECT_EQ(all.status, 0) << all.err;
  for (const char* name : {"kv260", "u200", "u250", "u280", "u50", "u55c", "vck5000", "zcu104"})
    EXPECT_NE(all.out.find("\n" + std::string(name) + " "), std::string::npos) << all.out;
  EXPECT_NE(all.out.find("bandwidth  "), std::string::npos) << all.out;
  const std::string mixed = target([](Json& json) {
    json["part"] = "xcu250-figd2104-2L-e";
    json["budgets"]["dsp"]["value"] = 100;
  });
  const Outcome outcome = streamtensor({"targets", "--check", "u55c", mixed});
  expect_error(
      outcome, BadInput,
      {"error[E0402]: 'xilinx_u280_gen3x16_xdma_1_202211_1' is a u280", "mini.json, /platform",
       "xcu250-figd2104-2L-e has no HBM", "mini.json, /memory/tag", "mini.json, /budgets/dsp"});
  EXPECT_NE(outcome.out.find("3 inconsistencies"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("u55c"), std::string::npos) << outcome.out;
}

TEST_F(TargetErrors, TargetFilesThatAreWrong) {
  expect_error(built_for((folder_ / "absent.json").string()), BadInput,
               {"error[E0101]", "absent.json"});
  expect_error(built_for(target([](Json& json) { json["slrs"][1].erase("uram"); })), BadInput,
               {"error[E0402]", "is missing", "/slrs/1/uram"});
  write(folder_ / "mini.json", "{\"schema\": ");
  expect_error(built_for((folder_ / "mini.json").string()), BadInput, {"mini.json:1:"});
}

TEST_F(TargetErrors, TargetNamesCannotAddLinesOrCommands) {
  for (const char* hostile : {"u280\nkernel=x", "$(shell touch pwned)", "a b", "../../u280", "]"}) {
    const std::string mini = target([&](Json& json) { json["part"] = hostile; });
    expect_error(built_for(mini), BadInput, {"error[E0402]", "/part"});
  }
}

TEST_F(TargetErrors, OutputsBelowAFileCannotBeWritten) {
  const fs::path path = model.write(folder_);
  expect_error(write_only(path, path / "out"), Environment,
               {"error[E0501]: cannot write", "model.json/out", "Not a directory", "--output"});
  expect_error(write_only(path, folder_ / std::string(300, 'x')), Environment, {"error[E0501]"});
}

TEST_F(TargetErrors, OnlyBuildDirectoriesAreReplaced) {
  const fs::path path = model.write(folder_);
  write(folder_ / "mine/thesis.tex", "years of work");
  const Snapshot before = snapshot(folder_);
  expect_error(write_only(path, folder_ / "mine"), BadInput,
               {"error[E0502]", "mine' is not empty, and no build directory", "--output"});
  expect_error(write_only(path, path), BadInput, {"error[E0502]", "is a file"});
  EXPECT_EQ(difference(before, snapshot(folder_)), "");
  // A link to somebody's folder is not followed either.
  fs::create_directory_symlink("mine", folder_ / "link");
  expect_error(write_only(path, folder_ / "link"), BadInput, {"error[E0502]"});
  EXPECT_EQ(read(folder_ / "mine/thesis.tex"), "years of work");
  // An empty directory is as good as none.
  fs::create_directory(folder_ / "empty");
  EXPECT_EQ(write_only(path, folder_ / "empty").status, 0);
  EXPECT_TRUE(fs::exists(folder_ / "empty/config.json"));
}

TEST_F(TargetErrors, ASecondBuildOfTheSameDirectoryIsTurnedAway) {
  const fs::path path = model.write(folder_);
  const int lock =
      open((folder_ / ".out.partial.lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0644);
  ASSERT_EQ(flock(lock, LOCK_EX), 0);
  expect_error(write_only(path, folder_ / "out"), Environment,
               {"error[E0504]: another build of", "is under way"});
  close(lock);
  EXPECT_EQ(write_only(path, folder_ / "out").status, 0);
}

}  // namespace
}  // namespace st::test
