// SPDX-License-Identifier: Apache-2.0
// Folded layers: one set of kernels for all of them, one launch for each token, the same values.
#include <filesystem>

#include "tests/common/builds.h"
#include "tests/common/tool.h"
#include "tests/models/greedy.h"

namespace st::test {
namespace {
namespace fs = std::filesystem;

// The device samples, too.
const Request Adder = {.model = "adder", .precision = "w8a8", .fold_layers = true, .top_k = 8};
const Request Stories = {.model = "stories260k", .fold_layers = true, .top_k = 1};

/// Logits of a run, and what it printed.
std::pair<std::string, Rows> run(const fs::path& build, std::vector<std::string> arguments,
                                 int64_t vocabulary) {
  const fs::path file = scratch() / "folded.logits";
  arguments.insert(arguments.begin(), {"run", build});
  arguments.insert(arguments.end(), {"--logits", file});
  const Outcome outcome = streamtensor(arguments);
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  return {outcome.out, read_logits(file, vocabulary)};
}

TEST(Folded, Adds) {
  for (const std::string sum : {"345+516=861", "0+0=0", "999+1=1000"}) {
    const Outcome outcome =
        streamtensor({"run", built(Adder), "--prompt", sum.substr(0, sum.find('=') + 1)});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(outcome.out, sum + "\n");
  }
}

TEST(Folded, TellsTheReferencesStories) {
  ST_NEEDS_SHARED();
  constexpr int64_t Vocabulary = 512;
  for (const Greedy& text : greedy_texts("stories260k")) {
    const size_t tokens = 257 - text.prompt_ids;
    const auto told =
        run(built(Stories), {"--prompt", text.prompt, "--max-tokens", std::to_string(tokens)},
            Vocabulary);
    EXPECT_EQ(told.first, text.text + "\n");
    EXPECT_LE(largest_difference(told.second, text.logits), 1e-3);
#ifdef ST_TEST_SANITIZED
    break;  // one text runs all of the code
#endif
  }
}

TEST(Folded, DrawsTokensByTheirSeed) {
  const auto drawn = [](std::vector<std::string> more) {
    std::vector<std::string> arguments = {
        "run", built(Adder), "--prompt", "345+516=", "--max-tokens", "12", "--temperature", "40"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Outcome outcome = streamtensor(arguments);
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    return outcome.out;
  };
  EXPECT_EQ(drawn({}), drawn({"--seed", "1"}));
  EXPECT_NE(drawn({"--seed", "1"}), drawn({"--seed", "2"}));
  EXPECT_EQ(drawn({"--top-k", "1"}), "345+516=861\n");
  for (const std::string wrong : {"x", "-1", "1e9", ""}) {
    const Outcome refused =
        streamtensor({"run", built(Adder), "--ids", "1", "--temperature=" + wrong});
    EXPECT_EQ(refused.status, 2) << wrong;
  }
  ST_NEEDS_SHARED();
  const Outcome greedy =
      streamtensor({"run", built(Stories), "--ids", "1", "--temperature", "0.5"});
  EXPECT_EQ(greedy.status, 2);
  EXPECT_NE(greedy.err.find("build it with --top-k 2 to 64"), std::string::npos) << greedy.err;
}

TEST(Folded, VerifyNamesTheKernelWhoseLayerWasAltered) {
  EXPECT_EQ(streamtensor({"verify", built(Adder)}).status, 0);
  const fs::path build = copy_of(built(Adder), "folded_altered", Links::Broken);
  // The last word belongs to the last layer; the test bench reads its own copy.
  for (const fs::path& folder : {build / "params", build / "groups/decoder/tb/data"}) {
    const fs::path file = folder / "params1.bin";
    flip(file, static_cast<int64_t>(fs::file_size(file)) - 64, 0x40);
  }
  const Outcome outcome = streamtensor({"verify", build});
  EXPECT_NE(outcome.status, 0);
  EXPECT_NE(outcome.err.find("params/params1.bin"), std::string::npos) << outcome.err;
}

TEST(Folded, IsOneKernelForTheHost) {
  const std::string program = read(built(Adder) / "program.json");
  EXPECT_NE(program.find("\"kernel\": \"decoder\""), std::string::npos);
  EXPECT_EQ(program.find("\"kernel\": \"group"), std::string::npos);
  EXPECT_NE(read(built(Adder) / "cmd.sh").find(" --fold-layers"), std::string::npos);
  const std::string link = read(built(Adder) / "link/design.cfg");
  EXPECT_NE(link.find("nk=decoder:1:decoder_1\n"), std::string::npos);
  const std::string source = read(built(Adder) / "groups/decoder/src/decoder.cpp");
  EXPECT_NE(source.find("for (int layer = 0; layer < 3; ++layer)"), std::string::npos);
}

}  // namespace
}  // namespace st::test
