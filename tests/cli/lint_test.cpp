// SPDX-License-Identifier: Apache-2.0
// `streamtensor lint`: what it prints, and how it ends.
#include "backends/lint/finding.h"
#include "tests/cli/expect_error.h"
#include "tests/common/builds.h"
#include "tests/common/tool.h"

namespace st::test {
namespace fs = std::filesystem;
namespace {

const Request Adder = {"adder", "f32", "u280", "none"};

TEST(LintCommand, FindsNothingInABuild) {
  const Outcome outcome = streamtensor({"lint", built(Adder).string()});
  EXPECT_EQ(outcome.status, 0) << outcome.out << outcome.err;
  EXPECT_EQ(outcome.out.find("1 file: 0 errors, 0 other findings"), 0U) << outcome.out;
  const Outcome notes = streamtensor({"lint", "--notes", built(Adder).string()});
  EXPECT_EQ(notes.status, 0);
  EXPECT_NE(notes.out.find("region-late-input"), std::string::npos) << notes.out;
}

TEST(LintCommand, NamesTheFaultOfAnEditedBuild) {
  const fs::path build = copy_of(built(Adder), "edited");
  const fs::path file = build / "groups/group0/src/group0.cpp";
  const std::string text = read(file);
  fs::remove(file);  // it may be linked to what others use
  const size_t at = text.find("#pragma HLS DATAFLOW");
  const auto line = std::count(text.begin(), text.begin() + static_cast<ptrdiff_t>(at), '\n') + 1;
  write(file, std::string(text).replace(at, 20, "#pragma HLS DATAFLOWW"));
  const Outcome outcome = streamtensor({"lint", build.string()});
  EXPECT_EQ(outcome.status, 1);
  const std::string place = file.string() + ":" + std::to_string(line) + ":13: ";
  EXPECT_EQ(outcome.out.find(place + "pragma-unknown-directive: "), 0U) << outcome.out;
  EXPECT_NE(outcome.out.find("did you mean 'DATAFLOW'?"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("1 file: 1 error, "), std::string::npos) << outcome.out;
  // A file by itself finds the library of the build around it.
  EXPECT_EQ(streamtensor({"lint", file.string()}).status, 1);
  write(file, text);
  EXPECT_EQ(streamtensor({"lint", file.string()}).status, 0);
}

TEST(LintCommand, ReadsTheLibraryOfTheBuild) {
  const fs::path build = copy_of(built(Adder), "edited_library");
  const fs::path header = build / "hls_templates/streamtensor/memory.h";
  const std::string text = read(header);
  fs::remove(header);
  const std::string from = "#pragma HLS PIPELINE II = PerPart";
  write(header,
        std::string(text).replace(text.find(from), from.size(), "#pragma HLS PIPELINE II = 0"));
  const Outcome outcome = streamtensor({"lint", build.string()});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_NE(outcome.out.find("memory.h:"), std::string::npos) << outcome.out;
}

TEST(LintCommand, TakesTheNamesOfKernels) {
  const fs::path file = scratch() / "plain.cpp";
  write(file, "void f(int n) {}\n");
  EXPECT_EQ(streamtensor({"lint", file.string()}).status, 0);
  const Outcome outcome = streamtensor({"lint", file.string(), "--top", "f"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_NE(outcome.out.find("interface-missing: 'n' of 'f' has no s_axilite interface"),
            std::string::npos)
      << outcome.out;
}

TEST(LintCommand, WarningsAreNoErrors) {
  const fs::path file = scratch() / "warning.cpp";
  write(file, "void f() {\n#pragma HLS PIPELINE enable_flush\n}\n");
  const Outcome outcome = streamtensor({"lint", file.string()});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_NE(outcome.out.find("pragma-deprecated"), std::string::npos);
  EXPECT_NE(outcome.out.find("use style=flp"), std::string::npos);
}

TEST(LintCommand, ListsItsRules) {
  const Outcome outcome = streamtensor({"lint", "--rules"});
  EXPECT_EQ(outcome.status, 0);
  for (const lint::RuleRecord& rule : lint::rule_records())
    EXPECT_NE(outcome.out.find(std::string(rule.name) + "  "), std::string::npos) << rule.name;
}

TEST(LintCommand, RefusesWhatIsNoCode) {
  EXPECT_EQ(streamtensor({"lint"}).status, 2);
  const Outcome missing = streamtensor({"lint", "/nowhere/at/all", scratch().string()});
  EXPECT_EQ(missing.status, 2);
  EXPECT_NE(missing.err.find("E0801"), std::string::npos) << missing.err;
  EXPECT_NE(missing.err.find("E0601"), std::string::npos) << missing.err;
}

}  // namespace
}  // namespace st::test
