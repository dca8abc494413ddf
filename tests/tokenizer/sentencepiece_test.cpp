// SPDX-License-Identifier: Apache-2.0
/// SentencePiece's own programs (Debian's package sentencepiece) against our reader of their
/// models.
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "frontends/tokenizer/tokenizer.h"
#include "tests/common/onnx_wire.h"
#include "tests/common/tool.h"
#include "tests/frontends/test_files.h"
#include "tests/tokenizer/strings.h"

namespace st::test {
namespace {

using Ids = std::vector<int64_t>;

/// Skips a test, loudly, where SentencePiece is not installed.
#define ST_NEEDS_SENTENCEPIECE()                                                        \
  if (run_program({"spm_encode", "--version"}).status != 0) {                           \
    GTEST_SKIP() << "SKIPPED: spm_train and spm_encode are not here: install Debian's " \
                    "package sentencepiece";                                            \
  }

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

/// Strings that a file of lines can hold.
std::vector<std::string> lines_to_encode(int count) {
  std::vector<std::string> lines = unicode_strings(count);
  for (std::string& line : lines) std::replace(line.begin(), line.end(), '\n', ' ');
  lines.emplace_back("  two  spaces \u2581 and a mark \u2581");
  lines.emplace_back("   ");
  lines.emplace_back("ﬁ ① ½ Å ｶﾞ a\u00a0b\u200bc\u00add");
  return lines;
}

/// The model that spm_train makes of `options`; "" where it fails.
std::filesystem::path trained(const std::filesystem::path& folder,
                              const std::vector<std::string>& options) {
  write(folder / "text.txt", joined(training_lines(600)) + joined(lines_to_encode(300)));
  std::vector<std::string> arguments = {"spm_train",
                                        "--input=" + (folder / "text.txt").string(),
                                        "--model_prefix=" + (folder / "m").string(),
                                        "--minloglevel=1",
                                        "--character_coverage=0.98",
                                        "--hard_vocab_limit=false"};
  arguments.insert(arguments.end(), options.begin(), options.end());
  const Outcome outcome = run_program(arguments);
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  return folder / "m.model";
}

/// Encodes as spm_encode does, and decodes as spm_decode does.
void expect_same(const std::vector<std::string>& options) {
  const TemporaryDirectory folder;
  const std::filesystem::path model = trained(folder.path(), options);
  const auto tokenizer =
      make_tokenizer(R"({"type": "sentencepiece", "file": "m.model"})", folder.path());
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.errors().front().message;
  const std::vector<std::string> lines = lines_to_encode(1000);
  write(folder / "lines.txt", joined(lines));
  const auto run = [&](const std::string& program, const std::string& format,
                       const std::string& input) {
    const Outcome outcome = run_program(
        {program, "--model=" + model.string(), format, "--input=" + (folder / input).string()});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    return outcome.out;
  };
  const std::string encoded = run("spm_encode", "--output_format=id", "lines.txt");
  const std::vector<std::string> wanted = lines_of(encoded);
  ASSERT_EQ(wanted.size(), lines.size());
  std::vector<std::string> texts;
  for (size_t i = 0; i < lines.size(); ++i) {
    const auto ids = (*tokenizer)->encode(lines[i]);
    ASSERT_TRUE(ids.ok());
    std::string listed;
    for (const int64_t id : *ids) listed += (listed.empty() ? "" : " ") + std::to_string(id);
    ASSERT_EQ(listed, wanted[i]) << "'" << lines[i] << "'";
    std::string text;
    int64_t previous = -1;
    for (const int64_t id : *ids) {
      text += (*tokenizer)->decode(previous, id);
      previous = id;
    }
    texts.push_back(text);
  }
  write(folder / "ids.txt", encoded);
  EXPECT_EQ(joined(texts), run("spm_decode", "--input_format=id", "ids.txt"));
}

TEST(SentencePiece, BpeWithBytesAsLlamaHasIt) {
  ST_NEEDS_SENTENCEPIECE();
  expect_same({"--model_type=bpe", "--vocab_size=1500", "--byte_fallback=true",
               "--normalization_rule_name=identity", "--remove_extra_whitespaces=false"});
}

TEST(SentencePiece, BpeWithItsDefaults) {
  ST_NEEDS_SENTENCEPIECE();
  expect_same({"--model_type=bpe", "--vocab_size=1200"});
}

TEST(SentencePiece, BpeWithChosenSymbolsAndCaseFolding) {
  ST_NEEDS_SENTENCEPIECE();
  expect_same({"--model_type=bpe", "--vocab_size=1500", "--byte_fallback=true",
               "--user_defined_symbols=<sep>,the quick,é", "--add_dummy_prefix=false",
               "--normalization_rule_name=nmt_nfkc_cf"});
}

TEST(SentencePiece, UnigramWithItsDefaults) {
  ST_NEEDS_SENTENCEPIECE();
  expect_same({"--model_type=unigram", "--vocab_size=800"});
}

TEST(SentencePiece, UnigramWithBytesAndChosenSymbols) {
  ST_NEEDS_SENTENCEPIECE();
  expect_same({"--model_type=unigram", "--vocab_size=1000", "--byte_fallback=true",
               "--user_defined_symbols=<sep>,the,un", "--normalization_rule_name=identity",
               "--remove_extra_whitespaces=false"});
}

TEST(SentencePiece, Characters) {
  ST_NEEDS_SENTENCEPIECE();
  expect_same({"--model_type=char", "--vocab_size=400"});
}

TEST(SentencePiece, WordsAreRefused) {
  ST_NEEDS_SENTENCEPIECE();
  const TemporaryDirectory folder;
  trained(folder.path(), {"--model_type=word", "--vocab_size=300"});
  const Diagnostic problem =
      error_of(make_tokenizer(R"({"type": "sentencepiece", "file": "m.model"})", folder.path()));
  EXPECT_EQ(problem.code, "E0106");
  EXPECT_EQ(problem.message, "a model of words is not supported");
}

}  // namespace
}  // namespace st::test
