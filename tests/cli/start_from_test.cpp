// SPDX-License-Identifier: Apache-2.0
/// Builds that start from a stage are the builds that wrote it, byte for byte.
#include "tests/cli/expect_error.h"
#include "tests/cli/snapshot.h"
#include "tests/common/builds.h"
#include "tests/common/tiny_model.h"

namespace st::test {
namespace fs = std::filesystem;
namespace {

/// The command that builds an example; without its output.
std::vector<std::string> command(const std::string& model, const std::string& precision) {
  std::vector<std::string> arguments = {"build", source("examples/" + model + "/model.json"),
                                        "--weights", weights_of(model), "--precision", precision,
                                        "--target", "u280", "--synth", "none",
                                        // The search would take most of the time of forty builds.
                                        "--fifo", "lp"};
  if (model == "stories260k")
    arguments.insert(arguments.end(), {"--tokenizer", shared("models/stories260k/tok512.bin")});
  return arguments;
}

Outcome run(std::vector<std::string> arguments, const std::vector<std::string>& more) {
  arguments.insert(arguments.end(), more.begin(), more.end());
  return streamtensor(arguments);
}

/// `streamtensor` on the path of a shell, for cmd.sh; it compiles nothing.
void put_tool_into(const fs::path& bin) {
  fs::create_directories(bin);
  write(bin / "streamtensor",
        std::string("#!/bin/sh\nexec '") + ST_TEST_TOOL + "' \"$@\" --synth none\n");
  fs::permissions(bin / "streamtensor", fs::perms::owner_all);
}

/// What a build from stage `number` shares with the whole one: all but the stages before it, and
/// the two files that tell where it started.
Snapshot comparable(Snapshot files, const std::string& stage) {
  files.erase("cmd.sh");
  files.erase("config.json");
  std::erase_if(files, [&](const auto& file) {
    return file.first.rfind("ir/", 0) == 0 && file.first < "ir/" + stage;
  });
  return files;
}

void expect_same_from_every_stage(const std::string& model, const std::string& precision) {
  const fs::path folder = own_folder("start_" + model + "_" + precision);
  const auto build = command(model, precision);
  const Outcome whole = run(build, {"-o", folder / "whole", "--dump-ir", folder / "dump"});
  ASSERT_EQ(whole.status, 0) << whole.err;
  const Snapshot files = snapshot(folder / "whole");
  int stages = 0;
  for (const auto& entry : fs::directory_iterator(folder / "dump")) {
    const std::string stage = entry.path().filename().string();
    // Of a larger model every third one will do.
    if (model == "stories260k" && std::stoi(stage) % 3 != 0) continue;
    SCOPED_TRACE(stage);
    EXPECT_EQ(read(entry.path()), read(folder / "whole/ir" / stage));
    const Outcome outcome =
        run(build, {"-o", folder / "part", "--start-from", entry.path().string()});
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(difference(comparable(files, stage), comparable(snapshot(folder / "part"), stage)),
              "");
    EXPECT_FALSE(stage[1] != '0' && fs::exists(folder / "part/ir/00-check.txt"));
    ++stages;
  }
  EXPECT_GE(stages, 5);
}

TEST(StartFrom, EveryStageOfTheAdderGivesTheSameBuild) {
#ifndef ST_TEST_SANITIZED  // instrumented builds are slow; those in int8 have all passes
  expect_same_from_every_stage("adder", "f32");
#endif
  expect_same_from_every_stage("adder", "w8a8");
}

TEST(StartFrom, EveryStageOfStories260kGivesTheSameBuild) {
  ST_NEEDS_SHARED();
#ifdef ST_TEST_SANITIZED
  GTEST_SKIP() << "instrumented builds are slow; the adder has to do";
#endif
  expect_same_from_every_stage("stories260k", "w8a8");
}

/// The tiny model, built from its stage `pass` after an edit.
struct Started {
  fs::path folder, model;

  explicit Started(const std::string& name) : folder(own_folder(name)) {
    model = TinyModel().write(folder);
    const Outcome outcome = write_only(model, folder / "whole");
    EXPECT_EQ(outcome.status, 0) << outcome.err;
  }
  [[nodiscard]] fs::path stage(const std::string& pass) const {
    for (const auto& entry : fs::directory_iterator(folder / "whole/ir")) {
      if (entry.path().stem().string().substr(3) == pass) return entry.path();
    }
    ADD_FAILURE() << "there is no stage after " << pass;
    return {};
  }
};

TEST(StartFrom, AnEditedStageIsBuiltVerifiedRunAndBuiltAgain) {
  const Started tiny("start_edited");
  // Another depth and its reason, somewhere in the text.
  const fs::path edited = tiny.folder / "my stage.txt";
  write(edited, read(tiny.stage("size-fifos")));
  replace(edited, ", depth 2 srl why \"", ", depth 37 bram why \"by hand, not ");
  const fs::path out = tiny.folder / "out";
  const Outcome built = build(tiny.model, out, {"--start-from", edited, "--fifo", "lp"});
  ASSERT_EQ(built.status, 0) << built.err;
  const std::string stage = tiny.stage("size-fifos").filename();
  EXPECT_EQ(read(out / "ir" / stage), read(edited)) << "its bytes as they were read";
  EXPECT_NE(read(out / "groups/group0/src/group0.cpp").find("by hand, not "), std::string::npos);
  EXPECT_NE(
      read(out / "config.json").find("\"started_from\": \"" + stage.substr(0, stage.find('.'))),
      std::string::npos);
  const Outcome verified = streamtensor({"verify", out});
  EXPECT_EQ(verified.status, 0) << verified.err;
  const Outcome inspected = streamtensor({"inspect", out});
  EXPECT_EQ(inspected.status, 0) << inspected.err;
  EXPECT_NE(inspected.out.find("by hand, not "), std::string::npos)
      << "the program as it was built";
  EXPECT_EQ(streamtensor({"run", out, "--ids", "1,2", "-n", "2", "--print-ids"}).status, 0);

  put_tool_into(tiny.folder / "bin");
  const char* path = std::getenv("PATH");
  const Outcome again =
      run_program({out / "cmd.sh", tiny.folder / "weights.h5", tiny.folder / "again"}, tiny.folder,
                  {{"PATH", (tiny.folder / "bin").string() + ":" + (path != nullptr ? path : "")}});
  ASSERT_EQ(again.status, 0) << again.err;
  Snapshot first = snapshot(out);
  const Snapshot second = snapshot(tiny.folder / "again");
  std::erase_if(first, [&](const auto& file) {  // what was compiled
    return file.first.rfind("stub/", 0) == 0 && second.count(file.first) == 0;
  });
  EXPECT_EQ(difference(first, second), "");
}

TEST(StartFrom, WhatIsNoStageOfThisBuildIsRefused) {
  const Started tiny("start_refused");
  auto started = [&](const std::string& text, const std::vector<std::string>& more = {}) {
    write(tiny.folder / "a.txt", text);
    std::vector<std::string> arguments = {"--start-from", tiny.folder / "a.txt"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return write_only(tiny.model, tiny.folder / "out", arguments);
  };
  const std::string lowered = read(tiny.stage("lower"));
  auto edited = [&](const std::string& from, const std::string& to) {
    write(tiny.folder / "b.txt", lowered);
    replace(tiny.folder / "b.txt", from, to);
    return started(read(tiny.folder / "b.txt"));
  };
  expect_error(write_only(tiny.model, tiny.folder / "out", {"--start-from", "none.txt"}), BadInput,
               {"error[E0101]", "none.txt"});
  expect_error(started("graph"), BadInput,
               {"error[E0312]", "is no stage of a build", "// streamtensor.ir/1 after PASS"});
  expect_error(edited("after lower", "after lowr"), BadInput,
               {"error[E0312]: there is no pass 'lowr'", "did you mean 'lower'?"});
  expect_error(started(lowered, {"--precision", "w8a8"}), BadInput,
               {"error[E0312]", "precision: f32 in the stage, w8a8 here"});
  expect_error(started(lowered, {"--dim", "sequence_length=1..2"}), BadInput,
               {"error[E0312]", "rows of a launch: "});
  expect_error(edited("tensor #0", "tensr #0"), BadInput,
               {"error[E0311]: expected tensor", "a.txt, line 3, column 1", "^"});
  expect_error(edited("load \"", "load \"no such "), BadInput,
               {"error[E0311]: the model has no constant 'no such "});
  expect_error(edited("= layer_norm<", "= layer_norms<"), BadInput,
               {"error[E0313]: there is no kind of kernel 'layer_norms'", "a.txt"});
  expect_error(edited("= layer_norm<Beats=", "= layer_norm<Beads="), BadInput,
               {"error[E0313]: layer_norm needs size 'Beats'"});
  expect_error(edited("= layer_norm<Beats=1", "= layer_norm<Beats=1000000"), BadInput,
               {"error[E0313]: the sizes of this layer_norm are not those of f32[sequence,8]"});
}

TEST(StartFrom, BuildDirectoriesAreReadFromTheirLastStage) {
  const Started tiny("start_last");
  fs::remove(tiny.folder / "whole/model.json");
  EXPECT_EQ(streamtensor({"inspect", tiny.folder / "whole"}).status, 0) << "needs no model";
  const fs::path last = tiny.stage("place-kernels");
  const std::string text = read(last);
  write(last, "// of an older version\n" + text);
  expect_error(streamtensor({"inspect", tiny.folder / "whole"}), BadInput, {"error[E0312]", "ir/"});
  write(last, read(tiny.stage("lower")));
  expect_error(streamtensor({"inspect", tiny.folder / "whole"}), BadInput,
               {"error[E0602]: the last stage is another one"});
  write(last, text.substr(0, text.size() / 2));
  expect_error(streamtensor({"inspect", tiny.folder / "whole"}), BadInput, {"error[E03", "ir/"});
  fs::remove(last);
  expect_error(streamtensor({"inspect", tiny.folder / "whole"}), BadInput, {"error[E0101]", "ir/"});
}

}  // namespace
}  // namespace st::test
