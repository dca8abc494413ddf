// SPDX-License-Identifier: Apache-2.0
/// Files of tokenizers that are cut or changed at random end in an error or in a tokenizer that
/// works, never in a crash or a hang.
#include <gtest/gtest.h>

#include <functional>

#include "core/tokenizer/files/form_file.h"
#include "frontends/tokenizer/huggingface.h"
#include "frontends/tokenizer/llama2c.h"
#include "frontends/tokenizer/sentencepiece.h"
#include "frontends/tokenizer/tokenizer.h"
#include "tests/common/onnx_wire.h"
#include "tests/common/random.h"
#include "tests/tokenizer/patterns.h"
#include "tests/tokenizer/strings.h"

namespace st::test {
namespace {

#ifdef ST_TEST_SANITIZED
constexpr int Changes = 1000;
#else
constexpr int Changes = 5000;
#endif

/// What a reader makes of bytes.
using Read = std::function<Result<tokens::Form>(const std::string&)>;

/// A tokenizer that was made has to work; whether it was.
bool expect_sane(const Result<tokens::Form>& result) {
  if (!result.ok()) {
    EXPECT_FALSE(result.errors().empty());
    for (const Diagnostic& problem : result.errors()) {
      EXPECT_NE(find_error_code(problem.code), nullptr) << problem.code;
      EXPECT_FALSE(problem.message.empty());
    }
    EXPECT_EQ(fault_of(result.errors()), Fault::BadInput) << result.errors().front().message;
    return false;
  }
  static const std::vector<std::string> strings = broken_strings(12);
  EXPECT_EQ(tokens::problem_of(*result), "");
  const tokens::Tokenizer tokenizer(*result);
  for (const std::string& text : strings) {
    const tokens::Encoded encoded = tokenizer.encode(text);
    const auto count = static_cast<tokens::Id>(result->tokens.size());
    for (const tokens::Id id : encoded.ids) EXPECT_TRUE(id >= 0 && id < count) << id;
    tokenizer.decode(encoded.ids);
  }
  return true;
}

/// `bytes` with one to four changes: other bytes, bytes that are gone, bytes that are there twice.
std::string changed(std::string bytes, Random& random) {
  for (int64_t changes = random.between(1, 4); changes > 0 && !bytes.empty(); --changes) {
    const auto at = static_cast<size_t>(random.below(static_cast<int64_t>(bytes.size())));
    const auto count = static_cast<size_t>(random.between(1, 8));
    const int64_t kind = random.below(6);
    if (kind == 0) bytes.erase(at, count);
    if (kind == 1) bytes.insert(at, bytes.substr(at, count));
    if (kind == 2) bytes[at] = static_cast<char>(random.below(256));
    if (kind >= 3) bytes[at] ^= static_cast<char>(1 << random.below(8));
  }
  return bytes;
}

/// Every way to cut `bytes`, and many to change them. `least`: of the changed ones that are to be
/// tokenizers still, so that what is behind the readers is tested as well.
void expect_sane_when_damaged(const std::string& bytes, const Read& read, int least) {
  ASSERT_TRUE(expect_sane(read(bytes)));
  for (size_t size = 0; size < bytes.size(); ++size) expect_sane(read(bytes.substr(0, size)));
  Random random(11);
  int working = 0;
  for (int i = 0; i < Changes; ++i) working += expect_sane(read(changed(bytes, random))) ? 1 : 0;
  EXPECT_GE(working, least);
}

std::string huggingface_file() {
  const std::string pattern = Json(Llama3Pattern).dump();
  return R"({"version": "1.0", "added_tokens": [{"id": 9, "content": "<s>", "lstrip": true,
 "special": true}, {"id": 10, "content": "q", "normalized": true, "rstrip": true}],
 "normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Prepend",
 "prepend": "e"}, {"type": "Replace", "pattern": {"String": "u"}, "content": "w"}]},
 "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Digits",
 "individual_digits": true}, {"type": "Split", "pattern": {"Regex": )" +
         pattern + R"(}, "behavior": "Isolated", "invert": false}]},
 "post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>"}},
 {"Sequence": {"id": "A"}}], "special_tokens": {"<s>": {"id": "<s>", "ids": [9]}}},
 "decoder": {"type": "Sequence", "decoders": [{"type": "ByteFallback"}, {"type": "Fuse"}]},
 "model": {"type": "BPE", "unk_token": "?", "fuse_unk": true, "byte_fallback": true,
 "ignore_merges": true, "vocab": {"?": 0, "a": 1, "b": 2, "e": 3, "t": 4, "h": 5, "th": 6, "the": 7,
 "<0x0A>": 8}, "merges": ["t h", ["th", "e"]]}})";
}

std::string unigram_file() {
  return R"({"added_tokens": [], "normalizer": null, "pre_tokenizer": {"type": "Metaspace",
 "replacement": "\u2581", "prepend_scheme": "first", "split": true}, "decoder": {"type":
 "Metaspace", "replacement": "\u2581"}, "model": {"type": "Unigram", "unk_id": 0, "vocab": [["<u>",
 0], ["\u2581", -2.5], ["a", -3], ["the", -4e0], ["e", -5.25], ["\u2581the", -4.5]]}})";
}

/// A float32 field.
std::string wire_float(int field, float value) {
  std::string bytes(1, static_cast<char>(field << 3 | 5));
  uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  for (int b = 0; b < 4; ++b) bytes += static_cast<char>(bits >> (8 * b) & 0xff);
  return bytes;
}

/// A SentencePiece model of a few pieces. `type`: 1 for unigram, 2 for BPE.
std::string sentencepiece_file(int type) {
  std::string bytes;
  const auto piece = [&](const std::string& text, float score, int kind) {
    bytes += wire_bytes(1, wire_bytes(1, text) + wire_float(2, score) +
                               wire_number(3, static_cast<uint64_t>(kind)));
  };
  piece("<unk>", 0, 2);
  piece("<s>", 0, 3);
  piece("<0x41>", 0, 6);
  piece("<sep>", 0, 4);
  float score = -1;
  for (const char* text : {"\u2581", "t", "h", "e", "th", "\u2581the", "a", "he"})
    piece(text, score -= 0.5F, 1);
  piece("the", -1.25F, 5);
  bytes += wire_bytes(
      2, wire_number(3, static_cast<uint64_t>(type)) + wire_number(35, 1) + wire_bytes(44, "?"));
  // A map of characters with a trie of a few units that lead to each other.
  std::string trie;
  for (const uint32_t unit : {0x400U, 0x161U, 0x80000000U, 0x5c0U, 0x1ffU})
    for (int b = 0; b < 4; ++b) trie += static_cast<char>(unit >> (8 * b) & 0xff);
  const std::string map = std::string("\x14\0\0\0", 4) + trie + std::string("x\0yz\0", 5);
  bytes += wire_bytes(3, wire_bytes(1, "nmt") + wire_bytes(2, map) + wire_number(3, 1) +
                             wire_number(4, 1) + wire_number(5, 1));
  return bytes;
}

std::string llama2c_file() {
  const auto word = [](uint32_t value) {
    std::string bytes;
    for (int b = 0; b < 4; ++b) bytes += static_cast<char>(value >> (8 * b) & 0xff);
    return bytes;
  };
  std::string bytes = word(8);
  const auto add = [&](const std::string& text, float score) {
    uint32_t bits = 0;
    std::memcpy(&bits, &score, sizeof bits);
    bytes += word(bits) + word(static_cast<uint32_t>(text.size())) + text;
  };
  for (int i = 0; i < 259; ++i) add("x", 0);
  for (const char* text : {" ", "t", "h", "e", "th", " the"})
    add(text, -static_cast<float>(std::string(text).size()));
  return bytes;
}

Result<tokens::Form> read_tokens(const std::string& bytes) {
  tokens::Form form;
  if (const std::string problem = tokens::read_form(bytes, form); !problem.empty())
    return Diagnostic{"E0602", problem, "", {}, ""};
  return form;
}

Read named(Result<tokens::Form> (*read)(const std::string&, const std::string&)) {
  return [read](const std::string& bytes) { return read(bytes, "file"); };
}

TEST(DamagedTokenizers, HuggingFace) {
  expect_sane_when_damaged(huggingface_file(), named(&read_huggingface), Changes / 500);
  expect_sane_when_damaged(unigram_file(), named(&read_huggingface), Changes / 500);
}

TEST(DamagedTokenizers, HuggingFaceWithOtherValuesInItsPlaces) {
  Random random(12);
  int working = 0;
  for (const std::string& source : {huggingface_file(), unigram_file()}) {
    const Json good = Json::parse(source);
    std::vector<Json::json_pointer> places;
    const Json flat = good.flatten();
    for (const auto& [pointer, value] : flat.items()) {
      for (Json::json_pointer at(pointer); !at.empty(); at.pop_back()) places.push_back(at);
    }
    const std::vector<Json> others = {
        nullptr,           true,   -1, 0, 3, 1e300, "", "a", "<0x0A>", Json::array(),
        {{"type", "NFC"}}, 1 << 20};
    for (int i = 0; i < Changes; ++i) {
      Json damaged = good;
      for (int64_t changes = random.between(1, 3); changes > 0; --changes) {
        const Json::json_pointer at = random.pick(places);
        if (!damaged.contains(at)) continue;
        damaged[at] = random.chance(0.5) ? random.pick(others) : good[random.pick(places)];
      }
      working += expect_sane(read_huggingface(damaged.dump(), "file")) ? 1 : 0;
    }
  }
  EXPECT_GE(working, Changes / 20);
}

TEST(DamagedTokenizers, SentencePiece) {
  expect_sane_when_damaged(sentencepiece_file(1), named(&read_sentencepiece), Changes / 20);
  expect_sane_when_damaged(sentencepiece_file(2), named(&read_sentencepiece), Changes / 20);
}

TEST(DamagedTokenizers, Llama2c) {
  expect_sane_when_damaged(llama2c_file(), named(&read_llama2c), Changes / 20);
}

TEST(DamagedTokenizers, TheFormIsGuardedByAChecksum) {
  for (const std::string& source : {huggingface_file(), unigram_file()}) {
    const std::string bytes = tokens::form_file(*read_huggingface(source, "file"));
    for (size_t size = 0; size < bytes.size(); ++size)
      ASSERT_FALSE(read_tokens(bytes.substr(0, size)).ok());
    for (size_t at = 0; at < bytes.size(); ++at) {
      std::string damaged = bytes;
      damaged[at] ^= 4;
      ASSERT_FALSE(read_tokens(damaged).ok()) << at;
    }
  }
}

TEST(DamagedTokenizers, TheFormIsCheckedWhateverItsChecksumSays) {
  const auto sealed = [](std::string content) {
    const uint64_t checksum = tokens::form_checksum(content);
    for (int b = 0; b < 8; ++b) content += static_cast<char>(checksum >> (8 * b) & 0xff);
    return read_tokens(content);
  };
  for (const auto& form :
       {read_huggingface(huggingface_file(), "file"), read_huggingface(unigram_file(), "file"),
        read_sentencepiece(sentencepiece_file(2), "file")}) {
    const std::string bytes = tokens::form_file(*form);
    expect_sane_when_damaged(bytes.substr(0, bytes.size() - 8), sealed, Changes / 100);
  }
}

}  // namespace
}  // namespace st::test
