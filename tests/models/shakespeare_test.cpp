// SPDX-License-Identifier: Apache-2.0
// char_shakespeare, a trained byte-level model with a context of 32, through its emitted code.
#include <algorithm>
#include <iostream>

#include "tests/common/builds.h"
#include "tests/common/tool.h"
#include "tests/models/greedy.h"

namespace st::test {
namespace {

constexpr size_t ShakespeareTexts = 3;
constexpr int64_t ShakespeareVocabulary = 256;

TEST(CharShakespeare, F32GivesTheReferencesTextsBeyondTheContext) {
  ST_NEEDS_SHARED();
  const std::vector<Greedy> texts = greedy_texts("char_shakespeare");
  ASSERT_EQ(texts.size(), ShakespeareTexts);
  for (const Greedy& text : texts) {
    const Outcome outcome = streamtensor({"run", built({"char_shakespeare"}), "--prompt",
                                          text.prompt, "--max-tokens", "100", "--window"});
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(outcome.out, text.text + "\n");
    EXPECT_EQ(text.ids.size(), text.prompt_ids + 100);
  }
}

TEST(CharShakespeare, F32LogitsAreTheReferences) {
  ST_NEEDS_SHARED();
  const std::vector<Greedy> texts = greedy_texts("char_shakespeare");
  ASSERT_EQ(texts.size(), ShakespeareTexts);
  double largest = 0;
  for (const Greedy& text : texts) {
    const std::filesystem::path file = scratch() / "shakespeare.logits";
    const std::vector<int64_t> ids(text.ids.begin(), text.ids.begin() + text.logits.count());
    const Outcome outcome = streamtensor({"run", built({"char_shakespeare"}), "--ids", joined(ids),
                                          "--max-tokens", "0", "--logits", file});
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    const Rows logits = read_logits(file, ShakespeareVocabulary);
    ASSERT_EQ(logits.count(), text.logits.count());
    const double difference = largest_difference(logits, text.logits);
    EXPECT_LE(difference, 1e-3);
    largest = std::max(largest, difference);
  }
  std::cout << "char_shakespeare, f32: logits differ by " << largest << " at most\n";
}

}  // namespace
}  // namespace st::test
