// SPDX-License-Identifier: Apache-2.0
// Checkpoints of each family, imported and built, against logits that a numpy implementation of the
// papers computed in float64 (huggingface/reference.py).
#include <iostream>

#include "tests/common/builds.h"
#include "tests/common/safetensors.h"
#include "tests/common/tool.h"
#include "tests/models/rows.h"

namespace st::test {
namespace fs = std::filesystem;
namespace {

/// The tiny checkpoint, imported: five tokens a launch, so that a text takes several.
fs::path imported(const std::string& family) {
  const fs::path folder = scratch() / ("imported_" + family);
  const Outcome outcome = streamtensor(
      {"import", tiny_checkpoint(family), folder, "--context", "16", "--sequence", "5"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  return folder;
}

/// A family, and whether its layers fold.
struct Case {
  const char* family;
  bool folded;
};

/// Its emitted code, without optimisation, which takes longer than to run it.
fs::path built_family(const Case& made_as) {
  const std::string family = made_as.family;
  const fs::path folder = scratch() / ("built_" + family + (made_as.folded ? "_folded" : ""));
  std::vector<std::string> arguments = {"build",    imported(family) / "model.json",
                                        "--target", "u280",
                                        "--synth",  "none",
                                        "--fifo",   "lp",
                                        "-o",       folder};
  if (made_as.folded) arguments.emplace_back("--fold-layers");
  const Outcome outcome = streamtensor(arguments);
  EXPECT_EQ(outcome.status, 0) << outcome.err;
#ifdef ST_TEST_SANITIZED
  const std::string flags = ST_TEST_CXXFLAGS;
#else
  const std::string flags = "-std=c++17 -O0";
#endif
  const Outcome made = run_program(
      {"make", "-s", "-C", folder / "stub", "CXX=" ST_TEST_CXX, "CXXFLAGS=" + flags, "host"});
  EXPECT_EQ(made.status, 0) << made.err;
  if (made_as.folded) {
    const std::string source = read(folder / "groups/decoder/src/decoder.cpp");
    EXPECT_NE(source.find("for (int layer = 0; layer < 2; ++layer)"), std::string::npos);
  }
  return folder;
}

class EmittedFamily : public ::testing::TestWithParam<Case> {};

TEST_P(EmittedFamily, GivesTheReferencesLogits) {
  const std::string family = GetParam().family;
  const fs::path build = built_family(GetParam()), file = scratch() / "huggingface.logits";
  const Rows expected = read_npy(tiny_checkpoint(family) / "logits.npy");
  ASSERT_EQ(expected.count(), static_cast<int64_t>(TinyIds.size()));
  // Prefill with rows of the caches from the second launch on; then token by token, as decode does.
  for (const char* prefill : {"5", "1"}) {
    const Outcome outcome = streamtensor({"run", build, "--ids", joined(TinyIds), "--prefill",
                                          prefill, "--max-tokens", "0", "--logits", file});
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    const Rows logits = read_logits(file, TinyVocabulary);
    ASSERT_EQ(logits.count(), expected.count());
    const double difference = largest_difference(logits, expected);
    EXPECT_LE(difference, 1e-4) << "launches of " << prefill;
    std::cout << family << (GetParam().folded ? ", folded" : "") << ", launches of " << prefill
              << ": logits differ by " << difference << " at most\n";
  }
}

// Gemma and Llama with biases have nothing that these five do not have; import_test.cpp has all
// seven on the interpreter.
#ifdef ST_TEST_SANITIZED
INSTANTIATE_TEST_SUITE_P(HuggingFace, EmittedFamily,
                         ::testing::Values(Case{"gpt2", false}, Case{"gemma3", true}));
#else
// Gemma's layers differ in their windows and in their rotary tables.
INSTANTIATE_TEST_SUITE_P(HuggingFace, EmittedFamily,
                         ::testing::Values(Case{"gpt2", false}, Case{"llama", false},
                                           Case{"qwen2", true}, Case{"qwen3", true},
                                           Case{"gemma3", false}, Case{"gemma3", true}));
#endif

}  // namespace
}  // namespace st::test
