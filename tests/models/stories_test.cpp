// SPDX-License-Identifier: Apache-2.0
// stories260k, a trained Llama-2-style model, through its emitted code.
#include <algorithm>
#include <cmath>
#include <iostream>

#include "core/resources/program_network.h"
#include "core/simulate/simulator.h"
#include "tests/common/builds.h"
#include "tests/common/tool.h"
#include "tests/models/greedy.h"

namespace st::test {
namespace {

constexpr size_t StoryTexts = 4;
constexpr int64_t StoryVocabulary = 512;
constexpr size_t Generated = 200;

const std::vector<Greedy>& texts() {
  static const std::vector<Greedy> all = greedy_texts("stories260k");
  return all;
}

/// The ids of a text that have a row of reference logits.
std::vector<int64_t> scored_ids(const Greedy& text) {
  return {text.ids.begin(), text.ids.begin() + text.logits.count()};
}

/// Teacher-forced logits of a text by the emitted code of `precision`.
Rows scored(const std::string& precision, const Greedy& text) {
  const std::filesystem::path file = scratch() / "stories.scored";
  const Outcome outcome =
      streamtensor({"run", built({"stories260k", precision}), "--ids", joined(scored_ids(text)),
                    "--max-tokens", "0", "--logits", file});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  return read_logits(file, StoryVocabulary);
}

TEST(Stories260k, F32GivesTheReferencesIdsAndLogits) {
  ST_NEEDS_SHARED();
  ASSERT_EQ(texts().size(), StoryTexts);
  double largest = 0;
  for (const Greedy& text : texts()) {
    SCOPED_TRACE("prompt '" + text.prompt + "'");
    const std::filesystem::path file = scratch() / "stories.logits";
    const Outcome outcome =
        streamtensor({"run", built({"stories260k"}), "--prompt", text.prompt, "--max-tokens",
                      std::to_string(Generated), "--print-ids", "--logits", file});
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    ASSERT_GE(text.ids.size(), text.prompt_ids + Generated);
    const auto first = text.ids.begin() + static_cast<std::ptrdiff_t>(text.prompt_ids);
    EXPECT_EQ(numbers_of(outcome.out), std::vector<int64_t>(first, first + Generated));
    const Rows logits = read_logits(file, StoryVocabulary);
    ASSERT_EQ(logits.count(), static_cast<int64_t>(text.prompt_ids + Generated) - 1);
    ASSERT_GE(text.logits.count(), logits.count());
    const double difference = largest_difference(logits, text.logits);
    EXPECT_LE(difference, 1e-3);
    largest = std::max(largest, difference);
  }
  std::cout << "stories260k, f32: logits differ by " << largest << " at most\n";
}

TEST(Stories260k, F32GivesTheReferencesTexts) {
  ST_NEEDS_SHARED();
  ASSERT_EQ(texts().size(), StoryTexts);
  for (const Greedy& text : texts()) {
    // As many tokens as the reference made, and one more where it met the token that ends a text.
    const size_t tokens = 257 - text.prompt_ids;
    const Outcome outcome = streamtensor({"run", built({"stories260k"}), "--prompt", text.prompt,
                                          "--max-tokens", std::to_string(tokens)});
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(outcome.out, text.text + "\n");
  }
}

TEST(Stories260k, W8a8AgreesWithTheReferenceOn95PercentOfTokens) {
  ST_NEEDS_SHARED();
  ASSERT_EQ(texts().size(), StoryTexts);
  int64_t rows = 0, agreeing = 0;

  double full_loss = 0, quantised_loss = 0;
  for (const Greedy& text : texts()) {
    const Rows f32 = scored("f32", text), w8a8 = scored("w8a8", text);
    ASSERT_EQ(w8a8.count(), text.logits.count());
    EXPECT_LE(largest_difference(f32, text.logits), 1e-3);
    for (int64_t i = 0; i < w8a8.count(); ++i)
      agreeing += argmax(w8a8.row(i)) == argmax(text.logits.row(i));
    rows += w8a8.count();
    const auto weight = static_cast<double>(w8a8.count());
    full_loss += weight * std::log(perplexity(f32, text.ids));
    quantised_loss += weight * std::log(perplexity(w8a8, text.ids));
  }
  const auto total = static_cast<double>(rows);
  const double share = static_cast<double>(agreeing) / total;
  const double full_perplexity = std::exp(full_loss / total);
  const double quantised_perplexity = std::exp(quantised_loss / total);
  std::cout << "stories260k, w8a8, teacher-forced on the reference's texts: top-1 agreement "
            << 100 * share << " % of " << rows << " tokens; perplexity f32 " << full_perplexity
            << ", w8a8 " << quantised_perplexity << "\n";
  RecordProperty("top1_agreement", std::to_string(share));
  RecordProperty("perplexity_f32", std::to_string(full_perplexity));
  RecordProperty("perplexity_w8a8", std::to_string(quantised_perplexity));
  EXPECT_GE(share, 0.95);
  EXPECT_LE(quantised_perplexity, 1.05 * full_perplexity);
}

// A softmax sends a head's probabilities at once, and its reader takes its time: the LP's FIFO of
// two slots makes it wait.
TEST(Stories260k, AFifoWithRoomForAHeadMakesDecodingFaster) {
  ST_NEEDS_SHARED();
#ifdef ST_TEST_SANITIZED
  GTEST_SKIP() << "instrumented builds have the LP's depths";
#endif
  const auto decoding = [](const Request& request) {
    const Program program = program_of(built(request));
    const Network network = network_of(program, 0, *find_target("u280"),
                                       {{{Sequence, 1}, {Past, program.max_positions - 1}}});
    const SimulationResult run = Simulator(network).run();
    EXPECT_TRUE(run.completed);
    return run.cycles;
  };
  const int64_t sized = decoding({.model = "stories260k", .synth = "none"});
  EXPECT_LT(decoding({.model = "stories260k"}), sized - sized / 10);
}

}  // namespace
}  // namespace st::test
