// SPDX-License-Identifier: Apache-2.0
// Generated tables, link configuration and makefiles.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "backends/host/emit_host.h"
#include "backends/link/emit_link.h"
#include "core/support/json.h"
#include "tests/backends_host/temporary_build.h"
#include "tests/backends_host/toy_program.h"

namespace st::testing {
namespace {

std::string content_of(const std::vector<EmittedFile>& files, const std::string& path) {
  for (const EmittedFile& file : files) {
    if (file.path == path) return file.content;
  }
  ADD_FAILURE() << "no file " << path;
  return "";
}

TEST(ProgramHeader, HoldsLimitsAndIndices) {
  const std::string text = program_header(toy_program(), toy_target(), toy_checksums(), 0);
  EXPECT_TRUE(has(text, "int MaxSequence = 4;")) << text;
  EXPECT_TRUE(has(text, "int MaxPositions = 8;")) << text;
  EXPECT_TRUE(has(text, "int Vocabulary = 20;")) << text;
  EXPECT_TRUE(has(text, "int Logits = 5;")) << text;
  EXPECT_TRUE(has(text, "Kernel1Pointers[] = {\n    {\"hidden\", 4},\n    {\"logits\", 5},\n};"))
      << text;
  EXPECT_TRUE(has(text,
                  "{\"logits\", \"logits\", Role::Output, Element::F32, 5, 4, 2, 4, 512, "
                  "\"HBM[5]\", nullptr, 0}"))
      << text;
}

TEST(ProgramHeader, EscapesUserStrings) {
  const std::string text = program_header(toy_program(), toy_target(), toy_checksums(), 0);
  // The newline, the end of a comment and the backslashes come as printable() spells them.
  EXPECT_TRUE(has(text, "Model = \"toy \\\"quoted\\\"\\\\x0a")) << text;
  EXPECT_TRUE(has(text, "\"keys\\\"\\\\x0a\"")) << text;
}

TEST(LaunchPlan, IdsStayInsideTheEmbeddingTable) {
  Program program = toy_program();
  program.memories.push_back(program.memories[3]);
  program.memories.back().role = MemoryRole::Table;
  program.memories.back().rows = 17;
  Kernel gather;
  gather.kind = "gather_rows";
  gather.inputs.resize(1);
  gather.inputs[0].tensor = 0;
  gather.memories = {6};
  program.kernels.push_back(gather);
  EXPECT_EQ(vocabulary_of(program), 17);
  program.kernels.back().inputs[0].tensor = 1;
  EXPECT_EQ(vocabulary_of(program), 20) << "a table of positions says nothing about ids";
}

TEST(ProgramJson, ParsesAndNamesBuffersAndLaunches) {
  const std::string text = program_json(toy_program(), toy_target(), toy_checksums());
  const auto parsed = json::parse(text, "program.json");
  ASSERT_TRUE(parsed.ok()) << text;
  EXPECT_EQ(*parsed->find("schema")->string(), "streamtensor.program/1");
  EXPECT_EQ(*parsed->find("vocabulary")->integer(), 20);
  const json::Array& buffers = *parsed->find("buffers")->array();
  ASSERT_EQ(buffers.size(), 6u);
  EXPECT_EQ(*buffers[2].find("file")->string(), "params/params0.bin");
  EXPECT_EQ(buffers[2].find("checksum")->string()->size(), 16u);
  EXPECT_EQ(*buffers[5].find("bank")->string(), "HBM[5]");
  const json::Array& launches = *parsed->find("launches")->array();
  ASSERT_EQ(launches.size(), 2u);
  EXPECT_EQ(launches[1].find("arguments")->array()->size(), 4u);
}

TEST(LinkConfig, PutsAllGroupsIntoOneDesign) {
  const std::string text = content_of(emit_link(toy_program(), toy_target()), "link/design.cfg");
  for (const char* line :
       {"nk=group0:1:group0_1\n", "nk=group1:1:group1_1\n", "sp=group0_1.input_ids:HBM[1]\n",
        "sp=group0_1.hidden:HBM[4]\n", "sp=group1_1.hidden:HBM[4]\n", "kernel_frequency="}) {
    EXPECT_TRUE(has(text, line)) << line << "\n" << text;
  }
}

TEST(LinkConfig, TargetStringsCannotAddLines) {
  Target target = toy_target();
  target.platform = "p\nnk=evil:1:evil $(shell x)";
  target.part = "p];exec x";
  for (const EmittedFile& file : emit_link(toy_program(), target)) {
    EXPECT_FALSE(has(file.content, "\nnk=evil")) << file.path;
    EXPECT_FALSE(has(file.content, "$(shell x)")) << file.path;
  }
  EXPECT_FALSE(has(run_hls_tcl("group0", target), ";exec"));
}

TEST(HlsProject, NamesSourcesPartAndClock) {
  const std::string config = hls_config("group1", toy_target());
  for (const char* line :
       {"syn.top=group1\n", "syn.file=src/group1.cpp\n", "tb.file=tb/group1_tb.cpp\n",
        "csim.argv=../../../../tb/data\n", "syn.dataflow.strict_mode=error\n",
        "flow_target=vitis\n", "-I../../hls_templates -std=c++17\n"}) {
    EXPECT_TRUE(has(config, line)) << line << "\n" << config;
  }
  EXPECT_LT(config.find("part="), config.find("[hls]")) << "part is a global key";
  const std::string script = run_hls_tcl("group1", toy_target());
  EXPECT_TRUE(has(script, "set_top group1\n")) << script;
  EXPECT_FALSE(has(config + script, "{group}") || has(config + script, "{period}"));
}

/// A build directory with makefiles and a test bench that checks where its data is.
class Makefiles : public ::testing::Test {
 protected:
  void SetUp() override {
    build_.write(emit_link(toy_program(), toy_target()));
    build_.write(emit_host(toy_program(), toy_target(), toy_checksums()));
    build_.write(toy_kernels());
    for (const std::string group : {"group0", "group1"}) {
      build_.write("groups/" + group + "/hls_config.cfg", hls_config(group, toy_target()));
      build_.write("groups/" + group + "/run_hls.tcl", run_hls_tcl(group, toy_target()));
      build_.write("groups/" + group + "/tb/data/answer.txt", "42");
      build_.write("groups/" + group + "/tb/" + group + "_tb.cpp",
                   "#include \"" + group +
                       ".h\"\n#include <cstdio>\n#include <string>\n"
                       "int main(int, char** argv) {\n"
                       "  std::FILE* f = std::fopen((std::string(argv[1]) + "
                       "\"/answer.txt\").c_str(), \"r\");\n"
                       "  return f == nullptr ? 1 : std::fclose(f);\n}\n");
    }
    std::filesystem::create_directory_symlink(source_root() / "hls_templates",
                                              build_.path() / "hls_templates");
  }

  /// Runs a target with the usual commands, and no Vitis that this machine may have.
  Outcome make(const std::string& target) {
    return build_.run("PATH=/usr/bin:/bin make -f Makefile.hls " + target);
  }

  TemporaryBuild build_;
};

TEST_F(Makefiles, CsimNeedsNoVitisAndFailsWithTheTestBench) {
  const Outcome good = make("csim");
  EXPECT_EQ(good.exit_code, 0) << good.err;
  ASSERT_EQ(make("clean").exit_code, 0);
  std::filesystem::remove(build_.path() / "groups/group1/tb/data/answer.txt");
  EXPECT_NE(make("csim").exit_code, 0);
}

TEST_F(Makefiles, SayClearlyThatVitisIsMissing) {
  for (const char* target : {"csynth", "link", "doctor"}) {
    const Outcome got = make(target);
    EXPECT_NE(got.exit_code, 0) << target;
    EXPECT_TRUE(has(got.err + got.out, "settings64.sh")) << target << got.out << got.err;
  }
}

TEST_F(Makefiles, TopLevelMakefileForwards) {
  const std::string top = "make -f '" + (source_root() / "Makefile.hls").string() + "' ";
  EXPECT_EQ(build_.run(top + "BUILD=. help").exit_code, 0);
  const Outcome none = build_.run(top + "csim");
  EXPECT_NE(none.exit_code, 0);
  EXPECT_TRUE(has(none.err, "BUILD=")) << none.err;
}

}  // namespace
}  // namespace st::testing
