// SPDX-License-Identifier: Apache-2.0
// What integers of eight and of four bits cost real models, measured through their emitted code.
#include <algorithm>
#include <cmath>
#include <iostream>

#include "tests/common/builds.h"
#include "tests/common/kept_build.h"
#include "tests/common/tool.h"
#include "tests/models/greedy.h"

namespace st::test {
namespace {
namespace fs = std::filesystem;

struct Quality {
  double perplexity = 0;
  int64_t agreeing = 0, rows = 0;  ///< rows with the reference's top token
};

/// Teacher-forced on the reference's texts.
Quality quality_of(const std::string& model, const fs::path& build) {
  Quality made;
  double loss = 0;
  for (const Greedy& text : greedy_texts(model)) {
    const fs::path file = scratch() / "quantised.logits";
    const std::vector<int64_t> ids(text.ids.begin(), text.ids.begin() + text.logits.count());
    const Outcome outcome =
        streamtensor({"run", build, "--ids", joined(ids), "--max-tokens", "0", "--logits", file});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    const Rows logits = read_logits(file, text.logits.width);
    EXPECT_EQ(logits.count(), text.logits.count());
    for (int64_t i = 0; i < logits.count(); ++i)
      made.agreeing += argmax(logits.row(i)) == argmax(text.logits.row(i));
    made.rows += logits.count();
    loss += static_cast<double>(logits.count()) * std::log(perplexity(logits, text.ids));
  }
  made.perplexity = std::exp(loss / static_cast<double>(made.rows));
  return made;
}

#ifndef ST_TEST_SANITIZED

/// Texts that the model itself writes after other beginnings than the reference's.
fs::path calibration_text(const std::string& model, const std::vector<std::string>& beginnings) {
  const fs::path prompts = scratch() / (model + ".prompts"), file = scratch() / (model + ".texts");
  std::string lines;
  for (const std::string& beginning : beginnings) lines += beginning + "\n";
  write(prompts, lines);
  const Outcome outcome = streamtensor(
      {"run", built({model}), "--prompts", prompts, "--max-tokens", "190", "--window"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  write(file, outcome.out);
  return file;
}

/// Built with int4 weights that were rounded for a text.
fs::path four_bits(const std::string& model, const std::vector<std::string>& beginnings) {
  std::vector<std::string> arguments = {
      "build",          source("examples/" + model + "/model.json"),
      "--weights",      weights_of(model),
      "--precision",    "w4a8",
      "--weight-group", "32",
      "--calibration",  calibration_text(model, beginnings),
      "--target",       "u280"};
  if (model == "stories260k")
    arguments.insert(arguments.end(), {"--tokenizer", shared("models/stories260k/tok512.bin")});
  const KeptBuild build = kept_build(model + "_w4a8_calibrated", arguments);
  EXPECT_EQ(build.outcome.status, 0) << build.outcome.err;
  return build.path;
}

const std::vector<std::string> StoryPrompts = {"The",       "One day, Tim",   "Lily and",
                                               "Tom was",   "In a",           "Mom said",
                                               "She had a", "There was a big"};
const std::vector<std::string> Plays = {"The king ", "My lord, ", "What is ", "And so ",
                                        "He shall ", "DUKE: ",    "In ",      "We are "};

#endif

void expect_within(const std::string& model, const std::string& precision, const fs::path& build,
                   double share) {
  const Quality full = quality_of(model, built({model})), quantised = quality_of(model, build);
  std::cout << model << ", " << precision << ": perplexity " << quantised.perplexity << ", f32 "
            << full.perplexity << "; same top token at " << quantised.agreeing << " of "
            << quantised.rows << " positions (csim)\n";
  EXPECT_LE(quantised.perplexity, (1 + share) * full.perplexity) << precision;
}

TEST(Quantised, StoriesLoseOnePercentInEightBits) {
  ST_NEEDS_SHARED();
  expect_within("stories260k", "w8a8", built({"stories260k", "w8a8"}), 0.01);
}

TEST(Quantised, StoriesLoseOnePercentInEightBitsWithScalesOfGroups) {
  ST_NEEDS_SHARED();
  const Request groups = {.model = "stories260k", .precision = "w8a8", .group_scales = true};
  expect_within("stories260k", "w8a8 in groups", built(groups), 0.01);
}

TEST(Quantised, ShakespeareLosesOnePercentInEightBits) {
  ST_NEEDS_SHARED();
  expect_within("char_shakespeare", "w8a8", built({"char_shakespeare", "w8a8"}), 0.01);
}

#ifndef ST_TEST_SANITIZED

TEST(Quantised, StoriesLoseTenPercentInFourBits) {
  ST_NEEDS_SHARED();
  expect_within("stories260k", "w4a8", four_bits("stories260k", StoryPrompts), 0.1);
}

TEST(Quantised, ShakespeareLosesTenPercentInFourBits) {
  ST_NEEDS_SHARED();
  expect_within("char_shakespeare", "w4a8", four_bits("char_shakespeare", Plays), 0.1);
}

#endif

}  // namespace
}  // namespace st::test
