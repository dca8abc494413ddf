// SPDX-License-Identifier: Apache-2.0
/// tokenizer.json files that are trained here, against plain encoders that share nothing with ours.
#include <gtest/gtest.h>

#include "frontends/tokenizer/huggingface.h"
#include "frontends/tokenizer/tokenizer.h"
#include "tests/frontends/test_files.h"
#include "tests/tokenizer/pattern.h"
#include "tests/tokenizer/patterns.h"
#include "tests/tokenizer/strings.h"
#include "tests/tokenizer/trained.h"

namespace st::test {
namespace {

using Ids = std::vector<int64_t>;
using Json = nlohmann::ordered_json;

constexpr int Strings = 1000;

/// The tokenizer of `json`; fails the test if there is none.
std::unique_ptr<Tokenizer> made_of(const Json& json, const std::string& more = "") {
  TemporaryDirectory directory;
  write_bytes(directory / "tokenizer.json", json.dump());
  auto made = make_tokenizer(R"({"type": "huggingface", "file": "tokenizer.json")" + more + "}",
                             directory.path());
  if (made.ok()) return std::move(*made);
  const Diagnostic& problem = made.errors().front();
  ADD_FAILURE() << problem.message << " " << problem.where;
  return nullptr;
}

std::string decoded(const Tokenizer& tokenizer, const Ids& ids) {
  std::string text;
  int64_t previous = -1;
  for (const int64_t id : ids) {
    text += tokenizer.decode(previous, id);
    previous = id;
  }
  return text;
}

void expect_byte_level(const Trained& trained, const std::string& pattern) {
  const auto tokenizer = made_of(trained.json);
  ASSERT_TRUE(tokenizer);
  const Pattern cutter(pattern);
  const auto cut = [&](const std::string& text) { return cutter.split(text); };
  size_t merged = 0, bytes = 0;
  for (const auto& strings : {unicode_strings(Strings), broken_strings(Strings)}) {
    for (const std::string& text : strings) {
      const auto ids = tokenizer->encode(text);
      ASSERT_TRUE(ids.ok()) << text;
      ASSERT_EQ(*ids, trained.byte_level_ids(text, cut)) << text;
      ASSERT_EQ(decoded(*tokenizer, *ids), text);
      merged += ids->size();
      bytes += text.size();
    }
  }
  EXPECT_LT(merged, bytes * 3 / 4) << "merges have to matter";
}

TEST(HuggingFaceTokenizer, Gpt2StyleEncodesAsTheReferenceAndRoundTrips) {
  expect_byte_level(gpt2_style(), Gpt2Pattern);
}

TEST(HuggingFaceTokenizer, SplitPatternsCutAsTheirTextSays) {
  for (const char* pattern :
       {Gpt2Pattern, ShortGpt2Pattern, Llama3Pattern, Cl100kPattern, Qwen2Pattern})
    expect_byte_level(split_style(pattern), pattern);
}

TEST(HuggingFaceTokenizer, LlamaStyleEncodesAsTheReferenceAndRoundTrips) {
  const Trained trained = llama_style();
  const auto tokenizer = made_of(trained.json);
  ASSERT_TRUE(tokenizer);
  for (const std::string& text : unicode_strings(Strings)) {
    const auto ids = tokenizer->encode(text);
    ASSERT_TRUE(ids.ok());
    ASSERT_EQ(*ids, trained.llama_ids(text)) << text;
    ASSERT_EQ(decoded(*tokenizer, *ids), text);
  }
  for (const std::string& text : broken_strings(Strings))
    ASSERT_EQ(decoded(*tokenizer, *tokenizer->encode(text)), text) << "bytes stand for themselves";
}

TEST(HuggingFaceTokenizer, TheFileOfTheFormIsTheSameTokenizer) {
  for (const Trained& trained : {gpt2_style(), llama_style()}) {
    const auto tokenizer = made_of(trained.json, R"(, "stop": [1, 2])");
    ASSERT_TRUE(tokenizer);
    const auto again = read_tokens_file(tokenizer->file());
    ASSERT_TRUE(again.ok());
    EXPECT_EQ((*again)->file(), tokenizer->file());
    EXPECT_EQ((*again)->stops(), (std::vector<tokens::Id>{1, 2}));
    for (const std::string& text : unicode_strings(200))
      ASSERT_EQ(*(*again)->encode(text), *tokenizer->encode(text));
  }
}

TEST(HuggingFaceTokenizer, AddedTokensAreFoundFirstTheLongestOfThem) {
  Trained trained = gpt2_style();
  int64_t next = static_cast<int64_t>(trained.ids.size());
  Json& added = trained.json["added_tokens"];
  const auto add = [&](const char* text, bool special, bool left, bool right) {
    added.push_back({{"id", next++},
                     {"content", text},
                     {"single_word", false},
                     {"lstrip", left},
                     {"rstrip", right},
                     {"normalized", false},
                     {"special", special}});
    return next - 1;
  };
  const int64_t im = add("<|im|>", true, false, false),
                im_end = add("<|im|>end", false, false, false),
                wide = add("<wide>", true, true, true);
  const auto tokenizer = made_of(trained.json);
  ASSERT_TRUE(tokenizer);
  const int64_t stop = trained.ids.at("<|endoftext|>");
  const Ids a = *tokenizer->encode("a"), b = *tokenizer->encode("b");
  const auto join = [](std::initializer_list<Ids> lists) {
    Ids all;
    for (const Ids& list : lists) all.insert(all.end(), list.begin(), list.end());
    return all;
  };
  EXPECT_EQ(*tokenizer->encode("a<|im|>b<|endoftext|>"), join({a, {im}, b, {stop}}));
  EXPECT_EQ(*tokenizer->encode("a<|im|>endb"), join({a, {im_end}, b}));
  EXPECT_EQ(*tokenizer->encode("a \n<wide>\t b"), join({a, {wide}, b})) << "spaces belong to it";
  EXPECT_EQ(tokenizer->decode(-1, im), "") << "a special one says nothing";
  EXPECT_EQ(tokenizer->decode(-1, im_end), "<|im|>end");
  EXPECT_EQ(tokenizer->vocabulary_size(), next);
}

TEST(HuggingFaceTokenizer, NormalisersComposeAndReplace) {
  Trained trained = gpt2_style();
  trained.json["normalizer"] = {{"type", "NFC"}};
  const auto tokenizer = made_of(trained.json);
  ASSERT_TRUE(tokenizer);
  EXPECT_EQ(*tokenizer->encode("cafe\u0301"), *tokenizer->encode("café"));
  EXPECT_NE(*tokenizer->encode("cafe"), *tokenizer->encode("café"));
  trained.json["normalizer"] = {
      {"type", "Replace"}, {"pattern", {{"String", "ab"}}}, {"content", "x"}};
  const auto replacing = made_of(trained.json);
  ASSERT_TRUE(replacing);
  EXPECT_EQ(*replacing->encode("aabbab"), *replacing->encode("axbx"));
}

TEST(HuggingFaceTokenizer, DigitsAndPrefixSpacesStandInFrontOfByteLevel) {
  Trained trained = gpt2_style();
  const auto plain = made_of(trained.json);
  trained.json["pre_tokenizer"] = {
      {"type", "Sequence"},
      {"pretokenizers",
       {{{"type", "Digits"}, {"individual_digits", true}},
        {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", true}}}}};
  const auto digits = made_of(trained.json);
  trained.json["pre_tokenizer"] = {{"type", "ByteLevel"}, {"add_prefix_space", true}};
  const auto prefix = made_of(trained.json);
  ASSERT_TRUE(plain && digits && prefix);
  EXPECT_LT(plain->encode("2024")->size(), 4U) << "a word that was trained";
  EXPECT_EQ(digits->encode("2024")->size(), 4U);
  EXPECT_EQ(*prefix->encode("quick"), *plain->encode(" quick"));
  EXPECT_EQ(*prefix->encode(" quick"), *plain->encode(" quick"));
}

/// A unigram model of "a" to "e" and some of their pairs.
Json unigram() {
  Json vocabulary = Json::array({Json::array({"<unk>", 0.0})});
  const std::pair<const char*, double> pieces[] = {{"\u2581", -3},  {"a", -4},    {"b", -4},
                                                   {"c", -4},       {"ab", -5},   {"bc", -4.5},
                                                   {"\u2581a", -6}, {"abc", -9.5}};
  for (const auto& [text, score] : pieces) vocabulary.push_back(Json::array({text, score}));
  return {
      {"version", "1.0"},
      {"added_tokens", Json::array()},
      {"pre_tokenizer",
       {{"type", "Metaspace"}, {"replacement", "\u2581"}, {"prepend_scheme", "always"}}},
      {"decoder", {{"type", "Metaspace"}, {"replacement", "\u2581"}, {"prepend_scheme", "always"}}},
      {"model", {{"type", "Unigram"}, {"unk_id", 0}, {"vocab", vocabulary}}}};
}

TEST(HuggingFaceTokenizer, UnigramTakesTheBestSegmentation) {
  const auto tokenizer = made_of(unigram());
  ASSERT_TRUE(tokenizer);
  EXPECT_EQ(*tokenizer->encode("abc"), (Ids{7, 6})) << "_a bc: -10.5; _ abc: -12.5";
  EXPECT_EQ(*tokenizer->encode("bab"), (Ids{1, 3, 5}));
  EXPECT_EQ(*tokenizer->encode("a b"), (Ids{7, 1, 3}));
  EXPECT_EQ(*tokenizer->encode("xyb"), (Ids{1, 0, 3})) << "unknown ones are one token";
  EXPECT_EQ(decoded(*tokenizer, {7, 1, 3}), "a b");
  EXPECT_EQ(tokenizer->decode(7, 0), "<unk>") << "no special token: it is shown";
  EXPECT_EQ(tokenizer->decode(7, 7), " a") << "the first space alone is not shown";
}

/// What is reported of `json`: code and pointer of the first problem.
std::string problem_of(const Json& json) {
  const auto form = read_huggingface(json.dump(), "t.json");
  if (form.ok()) return "ok";
  return form.errors().front().code + " " + form.errors().front().where;
}

TEST(HuggingFaceTokenizer, WhatIsNotSupportedIsNamedByItsPointer) {
  const Json good = gpt2_style().json;
  EXPECT_EQ(problem_of(good), "ok");
  const auto with = [&](const char* pointer, Json value) {
    Json changed = good;
    changed[Json::json_pointer(pointer)] = std::move(value);
    return problem_of(changed);
  };
  EXPECT_EQ(with("/surprise", 1), "E0106 t.json /surprise");
  EXPECT_EQ(with("/truncation", {{"max_length", 5}}), "E0106 t.json /truncation");
  EXPECT_EQ(with("/normalizer", {{"type", "NFKD"}}), "E0106 t.json /normalizer/type");
  EXPECT_EQ(with("/normalizer", {{"type", "Sequence"},
                                 {"normalizers", {{{"type", "NFC"}}, {{"type", "Lowercase"}}}}}),
            "E0106 t.json /normalizer/normalizers/1/type");
  EXPECT_EQ(with("/pre_tokenizer",
                 {{"type", "Split"}, {"pattern", {{"Regex", "[a-z]+"}}}, {"behavior", "Isolated"}}),
            "E0106 t.json /pre_tokenizer/pattern/Regex");
  EXPECT_EQ(with("/pre_tokenizer/type", "Whitespace"), "E0106 t.json /pre_tokenizer/type");
  EXPECT_EQ(with("/post_processor", {{"type", "BertProcessing"}}),
            "E0106 t.json /post_processor/type");
  EXPECT_EQ(with("/decoder", {{"type", "WordPiece"}}), "E0106 t.json /decoder/type");
  EXPECT_EQ(with("/model/type", "WordPiece"), "E0106 t.json /model/type");
  EXPECT_EQ(with("/model/dropout", 0.1), "E0106 t.json /model/dropout");
  EXPECT_EQ(with("/model/end_of_word_suffix", "</w>"), "E0106 t.json /model/end_of_word_suffix");
  EXPECT_EQ(with("/added_tokens/0/single_word", true), "E0106 t.json /added_tokens/0/single_word");
}

TEST(HuggingFaceTokenizer, WhatMakesNoSenseIsNamedByItsPointer) {
  const Json good = gpt2_style().json;
  const auto with = [&](const char* pointer, Json value) {
    Json changed = good;
    changed[Json::json_pointer(pointer)] = std::move(value);
    return problem_of(changed);
  };
  EXPECT_EQ(with("/model/vocab/!", "x"), "E0103 t.json /model/vocab/!");
  EXPECT_EQ(with("/model/vocab/!", -1), "E0103 t.json /model/vocab/!");
  EXPECT_EQ(with("/model/vocab/!", 1), "E0103 t.json /model/vocab/\u0101") << "given twice";
  EXPECT_EQ(with("/model/merges/3", "nospace"), "E0103 t.json /model/merges/3");
  EXPECT_EQ(with("/model/merges/3", "q zzzz"), "E0103 t.json /model/merges/3");
  EXPECT_EQ(with("/model/merges/3", Json::array({"a"})), "E0103 t.json /model/merges/3");
  EXPECT_EQ(with("/model/unk_token", "zzzz"), "E0103 t.json /model/unk_token");
  EXPECT_EQ(with("/model/merges", 5), "E0103 t.json /model/merges");
  EXPECT_EQ(with("/added_tokens/0/id", 5), "E0103 t.json /added_tokens/0/id");
  EXPECT_EQ(problem_of(Json::array()), "E0106 t.json /model/type");
  EXPECT_EQ(codes_of(read_huggingface("{", "t.json")), "E0102");
  Json several = good;
  several["normalizer"] = {{"type", "NFKD"}};
  several["model"]["merges"][3] = "nospace";
  EXPECT_EQ(codes_of(read_huggingface(several.dump(), "t.json")), "E0106 E0103") << "all at once";
}

TEST(HuggingFaceTokenizer, MergesArePairsOrTexts) {
  const Trained trained = gpt2_style();
  Json pairs = trained.json;
  for (Json& merge : pairs["model"]["merges"]) {
    const std::string both = merge.get<std::string>();
    const size_t space = both.find(' ');
    merge = Json::array({both.substr(0, space), both.substr(space + 1)});
  }
  const auto one = made_of(trained.json), other = made_of(pairs);
  ASSERT_TRUE(one && other);
  EXPECT_EQ(one->file(), other->file());
}

}  // namespace
}  // namespace st::test
