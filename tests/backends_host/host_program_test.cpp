// SPDX-License-Identifier: Apache-2.0
// The emitted host program on the stub device, with hand-written kernels.
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tests/backends_host/temporary_build.h"
#include "tests/backends_host/toy_program.h"

namespace st::testing {
namespace {

/// The toy program's stub host, compiled once.
class HostProgram : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    build_ = std::make_unique<TemporaryBuild>();
    write_compiled_toy_build(*build_);
  }
  static void TearDownTestSuite() { build_.reset(); }

  static Outcome host(const std::string& arguments, const std::string& input = "") {
    return build_->run("stub/host --build . " + arguments, input);
  }

  static std::unique_ptr<TemporaryBuild> build_;
};

std::unique_ptr<TemporaryBuild> HostProgram::build_;

std::string text_of(const std::vector<int>& ids) {
  std::string out;
  for (int id : ids) out += (out.empty() ? "" : ",") + std::to_string(id);
  return out;
}

/// What greedy decoding of the toy program must print, computed from scratch for each id.
std::string greedy(std::vector<int> text, int count) {
  std::vector<int> made;
  for (int i = 0; i < count; ++i) {
    if (text.size() > ToyPositions) text.erase(text.begin(), text.end() - ToyPositions);
    made.push_back(toy_rows(text).back());
    text.push_back(made.back());
  }
  return text_of(made) + "\n";
}

TEST_F(HostProgram, GeneratesOneIdAfterAnother) {
  const Outcome got = host("generate --ids 3,1,4 --max-tokens 6");
  EXPECT_EQ(got.exit_code, 0) << got.err;
  EXPECT_EQ(got.out, greedy({3, 1, 4}, 6));
  EXPECT_EQ(got.err, "");
}

TEST_F(HostProgram, FeedsALongPromptInChunksOfAnySize) {
  for (int chunk = 1; chunk <= ToySequence; ++chunk) {
    const Outcome got =
        host("generate --ids 5,0,19,2,7,7 --max-tokens 3 --prefill " + std::to_string(chunk));
    EXPECT_EQ(got.out, greedy({5, 0, 19, 2, 7, 7}, 3)) << "prefill " << chunk;
  }
}

TEST_F(HostProgram, EndsAfterTheStopId) {
  const std::string all = greedy({3, 1, 4}, 6);
  const std::string first = all.substr(0, all.find(','));
  EXPECT_EQ(host("generate --ids 3,1,4 --max-tokens 6 --stop " + first).out, first + "\n");
}

TEST_F(HostProgram, FillsEveryPositionAndThenRefuses) {
  const Outcome full = host("generate --ids 1,2,3,4,5,6 --max-tokens 3");
  EXPECT_EQ(full.exit_code, 0) << full.err;
  EXPECT_EQ(full.out, greedy({1, 2, 3, 4, 5, 6}, 3));
  const Outcome over = host("generate --ids 1,2,3,4,5,6 --max-tokens 4");
  EXPECT_EQ(over.exit_code, 2);
  EXPECT_EQ(over.out, full.out) << "what was computed before the error is still printed";
  EXPECT_NE(over.err.find("outgrows the 8 positions"), std::string::npos) << over.err;
  EXPECT_NE(over.err.find("--window"), std::string::npos) << over.err;
}

TEST_F(HostProgram, SlidesTheWindowByRecomputingFromPositionZero) {
  EXPECT_EQ(host("generate --ids 1,2,3,4,5,6 --max-tokens 9 --window").out,
            greedy({1, 2, 3, 4, 5, 6}, 9));
  EXPECT_EQ(host("generate --ids 1,2,3,4,5,6,7,8,9,10,11 --max-tokens 4 --window").out,
            greedy({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, 4));
}

TEST_F(HostProgram, WritesEveryRowOfLogitsInOrder) {
  const std::vector<int> prompt = {5, 0, 19, 2, 7, 7};
  const Outcome got = host("generate --ids 5,0,19,2,7,7 --max-tokens 0 --logits rows.f32");
  EXPECT_EQ(got.exit_code, 0) << got.err;
  EXPECT_EQ(got.out, "\n");
  const std::string bytes = build_->read("rows.f32");
  ASSERT_EQ(bytes.size(), prompt.size() * ToyVocabulary * sizeof(float));
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  const std::vector<int> winners = toy_rows(prompt);
  for (size_t row = 0; row < prompt.size(); ++row) {
    for (int v = 0; v < ToyVocabulary; ++v) {
      const float want = v == winners[row] ? 1.5f : -0.25f * static_cast<float>(v);
      EXPECT_EQ(values[row * ToyVocabulary + static_cast<size_t>(v)], want) << row << " " << v;
    }
  }
}

TEST_F(HostProgram, BatchStartsEachLineWithEmptyCaches) {
  const Outcome got = host("batch --max-tokens 3", "3,1,4\n19\r\n5,0,19,2,7\n");
  EXPECT_EQ(got.exit_code, 0) << got.err;
  EXPECT_EQ(got.out, greedy({3, 1, 4}, 3) + greedy({19}, 3) + greedy({5, 0, 19, 2, 7}, 3));
}

TEST_F(HostProgram, BatchNamesTheLineOfABadPrompt) {
  const Outcome got = host("batch --max-tokens 1", "3\n4,x\n5\n");
  EXPECT_EQ(got.exit_code, 2);
  EXPECT_EQ(got.out, greedy({3}, 1));
  EXPECT_NE(got.err.find("(line 2 of the input)"), std::string::npos) << got.err;
}

TEST_F(HostProgram, RefusesBadCommandLinesInOneLine) {
  for (const char* arguments :
       {"", "generate", "dance", "batch --ids 1", "generate --ids",
        "generate --ids 1 --max-tokens -1", "generate --ids 1 --prefill 0",
        "generate --ids 1 --prefill 5", "generate --ids 1 --stop 20",
        "generate --ids 1 --timeout-ms 0", "generate --ids 1 --frob", "generate batch --ids 1",
        "generate --ids 20", "generate --ids -1", "generate --ids 1,,2", "generate --ids 1,",
        "generate --ids ''", "generate --ids 99999999999999999999", "generate --ids 1.5"}) {
    const Outcome got = host(arguments);
    EXPECT_EQ(got.exit_code, 2) << arguments;
    EXPECT_EQ(got.out, "") << arguments;
    EXPECT_EQ(got.err.find("error[E0"), 0u) << arguments << ": " << got.err;
    EXPECT_EQ(got.err.find('\n'), got.err.size() - 1) << arguments << ": " << got.err;
  }
}

TEST_F(HostProgram, RefusesDamagedParameters) {
  const std::string good = build_->read("params/params0.bin");
  std::string bad = good;
  bad[5] = 1;
  build_->write("params/params0.bin", bad);
  const Outcome damaged = host("generate --ids 1");
  build_->write("params/params0.bin", good + "x");
  const Outcome longer = host("generate --ids 1");
  build_->write("params/params0.bin", good.substr(1));
  const Outcome shorter = host("generate --ids 1");
  std::filesystem::remove(build_->path() / "params/params0.bin");
  const Outcome missing = host("generate --ids 1");
  build_->write("params/params0.bin", good);
  EXPECT_EQ(damaged.exit_code, 2);
  EXPECT_NE(damaged.err.find("wrong checksum: ./params/params0.bin"), std::string::npos)
      << damaged.err;
  EXPECT_EQ(longer.exit_code, 2);
  EXPECT_NE(longer.err.find("has 65 bytes, not 64"), std::string::npos) << longer.err;
  EXPECT_EQ(shorter.exit_code, 2);
  EXPECT_NE(shorter.err.find("has 63 bytes, not 64: it is cut off"), std::string::npos)
      << shorter.err;
  EXPECT_EQ(missing.exit_code, 2);
  EXPECT_NE(missing.err.find("cannot read ./params/params0.bin"), std::string::npos) << missing.err;
}

TEST_F(HostProgram, ReportsAMissingDeviceAndAnUnwritableFile) {
  const Outcome device = host("--device 3 generate --ids 1");
  EXPECT_EQ(device.exit_code, 4);
  EXPECT_NE(device.err.find("no device 3"), std::string::npos) << device.err;
  const Outcome file = host("generate --ids 1 --logits nowhere/rows.f32");
  EXPECT_EQ(file.exit_code, 4);
  EXPECT_NE(file.err.find("cannot write nowhere/rows.f32"), std::string::npos) << file.err;
}

TEST_F(HostProgram, PrintsTimesOnlyWhenAsked) {
  const Outcome got = host("generate --ids 1,2,3 --max-tokens 3 --time");
  EXPECT_EQ(got.exit_code, 0);
  EXPECT_NE(got.err.find("load: "), std::string::npos) << got.err;
  EXPECT_NE(got.err.find("prefill: 3 tokens in "), std::string::npos) << got.err;
  EXPECT_NE(got.err.find("decode: 2 tokens in "), std::string::npos) << got.err;
}

TEST_F(HostProgram, RefusesTheDirectoryOfAnotherBuild) {
  const std::string good = build_->read("program.json");
  build_->write("program.json", good + " ");
  const Outcome other = host("generate --ids 1");
  build_->write("program.json", good);
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_NE(other.err.find("belongs to another build"), std::string::npos) << other.err;
  const Outcome nowhere = build_->run("stub/host --build params generate --ids 1");
  EXPECT_EQ(nowhere.exit_code, 2);
  EXPECT_NE(nowhere.err.find("cannot read params/program.json"), std::string::npos) << nowhere.err;
}

TEST_F(HostProgram, ReadsParametersBack) {
  const Outcome got = host("--read-back generate --ids 3,1,4 --max-tokens 2");
  EXPECT_EQ(got.exit_code, 0) << got.err;
  EXPECT_EQ(got.out, greedy({3, 1, 4}, 2));
  EXPECT_NE(got.err.find("parameters on the card are right"), std::string::npos) << got.err;
}

TEST(StubDevice, EndsWithTheSimulatorsExitCodeWhenAKernelDeadlocks) {
  TemporaryBuild build;
  write_compiled_toy_build(build);
  build.write("groups/group1/src/group1.cpp",
              "#include \"group1.h\"\n#include <hls_stream.h>\n"
              "extern \"C\" void group1(const ap_uint<512>*, ap_uint<512>*, int, int) {\n"
              "  hls::stream<int, 2> never(\"never\");\n  never.read();\n}\n");
  const Outcome made = make_stub(build);
  ASSERT_EQ(made.exit_code, 0) << made.err;
  const Outcome got = build.run("stub/host generate --ids 1");
  EXPECT_EQ(got.exit_code, 75);
  EXPECT_NE(got.err.find("never"), std::string::npos) << got.err;
}

TEST(StubDevice, GivesUpAKernelThatNeverFinishes) {
  TemporaryBuild build;
  write_compiled_toy_build(build);
  build.write("groups/group1/src/group1.cpp",
              "#include \"group1.h\"\n"
              "extern \"C\" void group1(const ap_uint<512>*, ap_uint<512>*, int, int past) {\n"
              "  volatile int waits = past;\n  while (waits >= 3) waits = past;\n}\n");
  const Outcome made = make_stub(build);
  ASSERT_EQ(made.exit_code, 0) << made.err;
  const Outcome got = build.run("timeout 60 stub/host --timeout-ms 200 generate --ids 1,2,3");
  EXPECT_EQ(got.exit_code, 4);
  EXPECT_EQ(got.out, "0\n") << "what was computed before the error is still printed";
  EXPECT_EQ(got.err,
            "error: kernel 'group1' did not finish within 200 ms, at 1 tokens after 3; if the card "
            "stays busy: xbutil reset\n");
}

TEST(StubDevice, BuildsTheSameBytesTwice) {
  TemporaryBuild one, two;
  for (const TemporaryBuild* build : {&one, &two}) {
    write_toy_build(*build);
    ASSERT_EQ(make_stub(*build, "kernels.o", "KEEP_OBJECTS=no").exit_code, 0);
  }
  EXPECT_EQ(one.read("stub/kernels.o"), two.read("stub/kernels.o"));
}

}  // namespace
}  // namespace st::testing
