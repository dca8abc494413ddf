// SPDX-License-Identifier: Apache-2.0
#include "frontends/tokenizer/tokenizer.h"

#include <gtest/gtest.h>

#include <bit>

#include "core/support/json.h"
#include "tests/frontends/test_files.h"
#include "tests/tokenizer/strings.h"

namespace st {
namespace {

using test::error_of;
using Ids = std::vector<int64_t>;
using Stops = std::vector<tokens::Id>;

std::string word(uint32_t value) {
  std::string bytes;
  for (int b = 0; b < 4; ++b) bytes += static_cast<char>(value >> (8 * b) & 0xff);
  return bytes;
}

/// A tokenizer.bin with the 259 fixed tokens and `merges` with their scores.
std::string llama2c_file(const std::vector<std::pair<std::string, float>>& merges) {
  std::vector<std::pair<std::string, float>> tokens = {
      {"<unk>", 0}, {"\n<s>\n", 0}, {"\n</s>\n", 0}};
  const std::string digits = "0123456789ABCDEF";
  for (size_t b = 0; b < 256; ++b) {
    tokens.emplace_back(std::string("<0x") + digits[b / 16] + digits[b % 16] + ">", 0.0F);
  }
  tokens.insert(tokens.end(), merges.begin(), merges.end());
  std::string bytes = word(8);
  for (const auto& [text, score] : tokens) {
    bytes += word(std::bit_cast<uint32_t>(score)) + word(static_cast<uint32_t>(text.size())) + text;
  }
  return bytes;
}

TEST(Tokenizer, CharactersMapToTheirPosition) {
  const auto tokenizer = make_tokenizer(
      R"({"type": "characters", "vocabulary": ["0", "+", "é", "$"], "stop": "$"})", ".");
  ASSERT_TRUE(tokenizer.ok());
  EXPECT_EQ(*(*tokenizer)->encode("+é0$"), (Ids{1, 2, 0, 3}));
  EXPECT_EQ((*tokenizer)->decode(-1, 2), "é");
  EXPECT_EQ((*tokenizer)->decode(-1, 4), "");
  EXPECT_EQ((*tokenizer)->stops(), Stops{3});
  EXPECT_EQ((*tokenizer)->vocabulary_size(), 4);
  const auto problem = error_of((*tokenizer)->encode("é0x"));
  EXPECT_EQ(problem.code, "E0604");
  EXPECT_EQ(problem.message, "character 'x' is not in the model's vocabulary");
  EXPECT_EQ(problem.where, "prompt, character 3");
  EXPECT_EQ(problem.details, std::vector<std::string>{"the vocabulary is: 0 + é $"});
}

TEST(Tokenizer, BytesMapToThemselves) {
  const auto tokenizer = make_tokenizer(R"({"type": "bytes"})", ".");
  ASSERT_TRUE(tokenizer.ok());
  EXPECT_EQ(*(*tokenizer)->encode("a\xff"), (Ids{97, 255}));
  EXPECT_EQ((*tokenizer)->decode(0, 255), "\xff");
  EXPECT_EQ((*tokenizer)->decode(0, 256), "");
  EXPECT_EQ((*tokenizer)->stops(), Stops{});
  EXPECT_EQ((*make_tokenizer(R"({"type": "bytes", "stop": 10})", "."))->stops(), Stops{10});
}

TEST(Tokenizer, BadDescriptionsAreRefused) {
  const auto code = [](const std::string& text) {
    return test::codes_of(make_tokenizer(text, "/none"));
  };
  EXPECT_EQ(code("{"), "E0102");
  EXPECT_EQ(code("5"), "E0103");
  EXPECT_EQ(code(R"({"type": "sentencepiece"})"), "E0103");
  EXPECT_EQ(code(R"({"type": "characters"})"), "E0103");
  EXPECT_EQ(code(R"({"type": "characters", "vocabulary": ["a", "a"]})"), "E0103");
  EXPECT_EQ(code(R"({"type": "characters", "vocabulary": ["a", 5]})"), "E0103");
  EXPECT_EQ(code(R"({"type": "characters", "vocabulary": ["a"], "stop": "b"})"), "E0103");
  EXPECT_EQ(code(R"({"type": "bytes", "stop": 256})"), "E0103");
  EXPECT_EQ(code(R"({"type": "llama2c"})"), "E0103");
  EXPECT_EQ(code(R"({"type": "llama2c", "file": "../t.bin"})"), "E0103");
  EXPECT_EQ(code(R"({"type": "llama2c", "file": "t.bin", "bos": -1})"), "E0103");
  EXPECT_EQ(code(R"({"type": "llama2c", "file": "t.bin"})"), "E0101");
}

TEST(Tokenizer, Llama2cMergesTheBestPairFirst) {
  test::TemporaryDirectory directory;
  const std::string file = llama2c_file({{" ", -9},
                                         {"a", -9},
                                         {"b", -9},
                                         {"c", -9},
                                         {"ab", -2},
                                         {"bc", -1},
                                         {" a", -3},
                                         {"abc", -5}});
  test::write_bytes(directory / "t.bin", file);
  const std::string description = R"({"type": "llama2c", "file": "t.bin", "bos": 1, "stop": 2})";
  const auto tokenizer = make_tokenizer(description, directory.path());
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.errors().front().message;
  EXPECT_EQ(*(*tokenizer)->encode(""), (Ids{1}));
  EXPECT_EQ(*(*tokenizer)->encode("abc"), (Ids{1, 265, 264})) << "bc, then ' a'";
  EXPECT_EQ(*(*tokenizer)->encode("é"), (Ids{1, 259, 0xc3 + 3, 0xa9 + 3})) << "byte fallback";
  EXPECT_EQ((*tokenizer)->decode(1, 265), "a") << "no space at the start";
  EXPECT_EQ((*tokenizer)->decode(5, 265), " a");
  EXPECT_EQ((*tokenizer)->decode(5, 0xc3 + 3), "\xc3");
  EXPECT_EQ((*tokenizer)->stops(), Stops{2});
  EXPECT_EQ((*tokenizer)->vocabulary_size(), 267);
  EXPECT_TRUE(make_tokenizer(description, "/none", directory / "t.bin").ok())
      << "given as an argument";
}

TEST(Tokenizer, DamagedLlama2cFilesAreRefused) {
  test::TemporaryDirectory directory;
  const std::string file = llama2c_file({{" ", -9}, {"a", -9}});
  const std::string description = R"({"type": "llama2c", "file": "t.bin", "bos": 1, "stop": 1})";
  for (size_t size = 0; size < file.size(); size += 7) {
    test::write_bytes(directory / "t.bin", file.substr(0, size));
    const auto tokenizer = make_tokenizer(description, directory.path());
    // A file cut exactly between two tokens of the merges is a shorter vocabulary.
    EXPECT_TRUE(tokenizer.ok() || tokenizer.errors().front().code == "E0103");
  }
  test::write_bytes(directory / "t.bin", file + word(0) + word(0x7fffffff));
  EXPECT_EQ(error_of(make_tokenizer(description, directory.path())).code, "E0103");
}

/// The ids and texts of a shared model's reference are those of the tokenizer that `description`
/// has.
void expect_reference(const std::string& model, const std::string& description) {
  const auto shared = test::shared_folder();
  if (!shared) GTEST_SKIP() << "the shared models are not on this machine: set STREAMTENSOR_SHARED";
  const auto folder = *shared / "models" / model;
  const auto tokenizer = make_tokenizer(description, folder);
  ASSERT_TRUE(tokenizer.ok());
  const auto greedy =
      json::parse(test::read_bytes(folder / "reference" / "greedy.json"), "greedy.json");
  ASSERT_TRUE(greedy.ok());
  const auto ids_of = [](const json::Value& list) {
    Ids ids;
    for (const json::Value& id : *list.array()) ids.push_back(*id.integer());
    return ids;
  };
  const auto& results = *greedy->find("results")->array();
  ASSERT_GE(results.size(), 3U);
  for (const json::Value& result : results) {
    const std::string& prompt = *result.find("prompt")->string();
    EXPECT_EQ(*(*tokenizer)->encode(prompt), ids_of(*result.find("prompt_ids"))) << prompt;
    std::string text;
    int64_t previous = -1;
    const Ids ids = ids_of(*result.find("all_ids"));
    for (const int64_t id : ids) {
      text += (*tokenizer)->decode(previous, id);
      previous = id;
    }
    EXPECT_EQ(text, *result.find("text")->string());
  }
}

TEST(Tokenizer, AgreesWithTheReferenceOnStories260k) {
  expect_reference("stories260k",
                   R"({"type": "llama2c", "file": "tok512.bin", "bos": 1, "stop": 1})");
}

TEST(Tokenizer, AgreesWithTheReferenceOnCharShakespeare) {
  expect_reference("char_shakespeare", R"({"type": "bytes"})");
}

TEST(Tokenizer, StoriesTokenizerRoundTripsStrings) {
  const auto shared = test::shared_folder();
  if (!shared) GTEST_SKIP() << "the shared models are not on this machine: set STREAMTENSOR_SHARED";
  const auto tokenizer = make_tokenizer(R"({"type": "llama2c", "file": "tok512.bin"})",
                                        *shared / "models/stories260k");
  ASSERT_TRUE(tokenizer.ok());
  for (const auto& strings : {test::unicode_strings(1000), test::broken_strings(1000)}) {
    for (const std::string& text : strings) {
      std::string back;
      int64_t previous = -1;
      const Ids ids = *(*tokenizer)->encode(text);
      for (const int64_t id : ids) {
        back += (*tokenizer)->decode(previous, id);
        previous = id;
      }
      ASSERT_EQ(back, text);
    }
  }
}

}  // namespace
}  // namespace st
