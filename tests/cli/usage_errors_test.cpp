// SPDX-License-Identifier: Apache-2.0
/// Command lines, prompts and build directories that are wrong.
#include "tests/cli/expect_error.h"
#include "tests/cli/good_build.h"
#include "tests/cli/snapshot.h"
#include "tests/common/tiny_model.h"

namespace st::test {
namespace fs = std::filesystem;
namespace {

TEST(UsageErrors, AreBadInputAndSayWhereHelpIs) {
  expect_error(streamtensor({}), BadInput, {"error[E0801]", "`streamtensor --help`"});
  expect_error(streamtensor({"biuld"}), BadInput,
               {"error[E0801]: there is no command 'biuld'", "did you mean 'build'"});
  expect_error(streamtensor({"build"}), BadInput, {"error[E0801]", "`streamtensor build --help`"});
  expect_error(streamtensor({"build", "model.json"}), BadInput,
               {"error[E0801]", "--target is required"});
  expect_error(streamtensor({"run", "x", "--bogus", "--ids", "1"}), BadInput,
               {"error[E0801]", "--bogus", "`streamtensor run --help`"});
  expect_error(streamtensor({"run", "x"}), BadInput, {"error[E0801]", "--prompt,--ids,--prompts"});
  expect_error(streamtensor({"run", "x", "--ids", "1", "--prompt", "1"}), BadInput,
               {"error[E0801]", "2 were given"});
  expect_error(streamtensor({"run", "x", "--ids", "1", "-n", "-1"}), BadInput,
               {"error[E0801]", "-1 not in range 0 to 2147483648"});
  expect_error(streamtensor({"run", "x", "--ids", "1", "--prefill", "0"}), BadInput,
               {"error[E0801]", "--prefill"});
  expect_error(streamtensor({"explain", "E9999"}), BadInput,
               {"error[E0801]", "no error code 'E9999'"});
}

TEST(UsageErrors, HelpAndVersionAreNone) {
  for (const char* command :
       {"build", "import", "run", "inspect", "verify", "targets", "ops", "passes"}) {
    const Outcome help = streamtensor({command, "--help"});
    EXPECT_EQ(help.status, 0);
    EXPECT_NE(help.out.find(command), std::string::npos);
    EXPECT_EQ(help.err, "");
  }
  EXPECT_EQ(streamtensor({"--version"}).status, 0);
}

TEST(UsageErrors, PrecisionsAndDimensionsAreChecked) {
  const fs::path folder = own_folder("usage_precision");
  const fs::path model = TinyModel().write(folder);
  expect_error(write_only(model, folder / "out", {"--precision", "w3a1"}), BadInput,
               {"error[E0801]", "--precision: w3a1 not in {f32,w8a8,w4a8}"});
  expect_error(write_only(model, folder / "out", {"--activation-scales", "row"}), BadInput,
               {"error[E0801]", "--activation-scales: row not in {token,group}"});
  expect_error(write_only(model, folder / "out", {"--activation-scales", "group"}), BadInput,
               {"error[E0801]", "choose --precision w8a8 or w4a8"});
  for (const char* dim : {"sequence_length", "=1..2", "sequence_length=1", "sequence_length=..",
                          "sequence_length=2..1", "sequence_length=-1..4", "sequence_length=1..4x",
                          "sequence_length=1..99999999999999999999"}) {
    expect_error(write_only(model, folder / "out", {"--dim", dim}), BadInput,
                 {std::string("error[E0801]: --dim '") + dim + "' is not NAME=LOW..HIGH",
                  "such as --dim sequence_length=1..128"});
  }
  expect_error(write_only(model, folder / "out", {"--dim", "a", "--dim", "b"}), BadInput,
               {"--dim 'a'", "--dim 'b'", "2 errors\n"});
  expect_error(write_only(model, folder / "out", {"--dim", "sequence_lenght=1..4"}), BadInput,
               {"error[E0801]: no input has a dimension 'sequence_lenght'",
                "did you mean 'sequence_length'"});
  expect_error(write_only(model, folder / "out", {"--dim", "sequence_length=1..5000000000"}),
               BadInput, {"error[E0801]", "cannot be 1..5000000000", "at most 2147483648"});
  expect_error(write_only(model, folder / "out", {"--dim", "sequence_length=0..0"}), BadInput,
               {"error[E0308]"});
  EXPECT_FALSE(fs::exists(folder / "out"));
}

TEST(UsageErrors, SharedBindingsSayWhatTheyNeed) {
  const fs::path folder = own_folder("usage_binding");
  const fs::path model = TinyModel().write(folder);
  expect_error(write_only(model, folder / "out", {"--binding", "both"}), BadInput,
               {"error[E0801]", "--binding: both not in {spatial,shared,auto}"});
  expect_error(write_only(model, folder / "out", {"--engine-ports", "3"}), BadInput,
               {"error[E0801]", "--engine-ports requires --binding"});
  expect_error(write_only(model, folder / "out", {"--binding", "shared", "--budget", "5"}),
               BadInput, {"error[E0801]: a search cuts linear layers", "leave out one of them"});
  expect_error(write_only(model, folder / "out", {"--binding", "shared"}), BadInput,
               {"error[E0338]: the binding cannot be shared", "no scales for groups", "node '",
                "--activation-scales group"});
  EXPECT_FALSE(fs::exists(folder / "out"));
}

TEST(UsageErrors, MissingCompilersAreTheEnvironmentsFault) {
  const fs::path folder = own_folder("usage_compiler");
  const fs::path model = TinyModel().write(folder);
  ASSERT_EQ(write_only(model, folder / "out").status, 0);
  const Snapshot before = snapshot(folder);
  expect_error(build(model, folder / "out", {"--cxx", "/nonexistent"}), Environment,
               {"error[E0503]", "/nonexistent", "--synth none"});
  expect_error(run_program({ST_TEST_TOOL, "build", model.string(), "--target", "u280", "-o",
                            (folder / "out").string()},
                           {}, {{"PATH", (folder / "empty").string()}}),
               Environment, {"error[E0503]: cannot run 'make'", "not found"});
  EXPECT_EQ(difference(before, snapshot(folder)), "") << "a failed build left traces";
}

TEST(RunErrors, PromptsMustFitTheVocabulary) {
  const std::string out = good_build().string();
  expect_error(streamtensor({"run", out, "--prompt", "12a4"}), BadInput,
               {"error[E0604]: character 'a' is not in the model's vocabulary",
                "--> prompt, character 3", "0 1 2 3 4 5 6 7 8 9 + = $"});
  const Outcome hostile = streamtensor({"run", out, "--prompt", "\x1b[31m\xff"});
  expect_error(hostile, BadInput, {"error[E0604]", "\\x1b"});
  EXPECT_EQ(hostile.err.find('\x1b'), std::string::npos);
  expect_error(streamtensor({"run", out, "--prompt", ""}), BadInput, {"error[E0604]", "empty"});
}

TEST(RunErrors, IdsMustFitTheVocabulary) {
  const std::string out = good_build().string();
  for (const char* ids : {"1,13", "1,-1", "1,x", "1,", "1,99999999999999999999"}) {
    expect_error(streamtensor({"run", out, "--ids", ids}), BadInput,
                 {"error[E0604]: token id 2", "from 0 to 12"});
  }
  expect_error(streamtensor({"run", out, "--ids", ""}), BadInput, {"error[E0604]"});
}

TEST(RunErrors, PromptsMustFitThePositions) {
  const std::string out = good_build().string();
  const Outcome outcome = streamtensor({"run", out, "--prompt", "01234567890123456"});
  expect_error(outcome, BadInput, {"error[E0604]", "16 positions", "--window"});
  EXPECT_EQ(outcome.out, "") << "an error should stand alone";
  const Outcome fits = streamtensor({"run", out, "--prompt", "0123456789012345", "-n", "1"});
  EXPECT_EQ(fits.status, 0) << fits.err;
  EXPECT_EQ(fits.out.size(), 16U + 1 + 1) << fits.out;
}

TEST(RunErrors, PromptFilesNameTheLine) {
  const fs::path file = own_folder("run_prompts") / "prompts.txt";
  write(file, "1+1=\n2+x=\n3+3=\n4-4=\n");
  expect_error(streamtensor({"run", good_build().string(), "--prompts", file.string()}), BadInput,
               {"character 'x'", "prompts.txt:2", "character '-'", "prompts.txt:4", "2 errors\n"});
  expect_error(streamtensor({"run", good_build().string(), "--prompts", file.string() + ".absent"}),
               BadInput, {"error[E0101]", "does not exist"});
}

TEST(RunErrors, LogitsThatCannotBeWritten) {
  expect_error(streamtensor({"run", good_build().string(), "--ids", "1", "--logits",
                             (good_build() / "config.json/x").string()}),
               Environment, {"cannot write", "config.json/x"});
}

TEST(BuildDirectories, OtherFoldersAreRefused) {
  const fs::path folder = own_folder("no_build");
  for (const char* command : {"run", "verify", "inspect"}) {
    for (const fs::path& path : {folder, folder / "absent"}) {
      std::vector<std::string> arguments = {command, path.string()};
      if (arguments[0] == "run") arguments.insert(arguments.end(), {"--ids", "1"});
      expect_error(streamtensor(arguments), BadInput,
                   {"error[E0601]", "is not a build directory", "config.json"});
    }
  }
}

TEST(CommandLine, AWorkloadIsAPromptAndWhatFollows) {
  const std::string model = source("examples/adder/model.json").string();
  for (const std::string bad : {"", "8", "8:", ":8", "0:8", "8:-1", "8:x", "8:8:8"}) {
    expect_error(
        streamtensor({"explore", model, "--target", "u280", "--budget", "1", "--workload=" + bad}),
        BadInput, {"error[E0801]", "--workload"});
  }
  expect_error(streamtensor({"explore", model, "--target", "u280", "--workload", "8:8"}), BadInput,
               {"error[E0801]", "--budget"});
}

TEST(BuildDirectories, BuildsWithoutAStubSaySo) {
  const fs::path folder = own_folder("no_stub");
  ASSERT_EQ(write_only(TinyModel().write(folder), folder / "out").status, 0);
  const std::string out = (folder / "out").string();
  expect_error(streamtensor({"run", out, "--ids", "1"}), BadInput,
               {"error[E0603]", "has no stub device", "--synth stub"});
  expect_error(streamtensor({"verify", out}), BadInput, {"error[E0603]", "has no stub device"});
  EXPECT_EQ(streamtensor({"inspect", out}).status, 0);
}

TEST(BuildDirectories, DamagedOnesAreRefused) {
  const fs::path folder = own_folder("damaged_build");
  const auto damaged = [&](const std::string& file, const std::string& content) {
    fs::remove_all(folder / "out");
    fs::copy(good_build(), folder / "out", fs::copy_options::recursive);
    fs::remove(folder / "out" / file);
    if (!content.empty()) write(folder / "out" / file, content);
    return (folder / "out").string();
  };
  expect_error(streamtensor({"inspect", damaged("config.json", "{")}), BadInput,
               {"error[E0102]", "config.json:1:"});
  expect_error(streamtensor({"inspect", damaged("config.json", "{\"schema\": \"other\"}")}),
               BadInput, {"error[E0602]", "'other'"});
  expect_error(streamtensor({"inspect", damaged("target.json", "")}), BadInput, {"target.json"});
  std::string bytes = read(good_build() / "params/params0.bin");
  bytes[0] = static_cast<char>(bytes[0] ^ 1);
  const Outcome run = streamtensor({"run", damaged("params/params0.bin", bytes), "--ids", "1"});
  EXPECT_EQ(run.status, BadInput);
  EXPECT_NE(run.err.find("error[E0602]"), std::string::npos) << run.err;
  EXPECT_NE(run.err.find("params0.bin"), std::string::npos) << run.err;
}

}  // namespace
}  // namespace st::test
