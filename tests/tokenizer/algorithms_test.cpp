// SPDX-License-Identifier: Apache-2.0
/// The parts of core/tokenizer by themselves.
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <map>

#include "core/tokenizer/files/form_file.h"
#include "core/tokenizer/files/tokenizer.h"
#include "tests/common/random.h"
#include "tests/tokenizer/pattern.h"
#include "tests/tokenizer/patterns.h"
#include "tests/tokenizer/strings.h"

namespace st::test {
namespace {

using namespace tokens;  // NOLINT: all of it is tested

TEST(Unicode, CharactersAreDecodedStrictly) {
  const auto at = [](const std::string& text) {
    const Character character = character_at(text, 0);
    return std::pair(character.point, character.size);
  };
  const auto no = std::pair(NoPoint, size_t{1});
  EXPECT_EQ(at("a"), std::pair(0x61U, size_t{1}));
  EXPECT_EQ(at("é"), std::pair(0xe9U, size_t{2}));
  EXPECT_EQ(at("\u20ac"), std::pair(0x20acU, size_t{3}));
  EXPECT_EQ(at("\U0010ffff"), std::pair(0x10ffffU, size_t{4}));
  EXPECT_EQ(at("\xc3"), no);
  EXPECT_EQ(at("\xc3("), no);
  EXPECT_EQ(at("\xc0\x80"), no) << "longer than needed";
  EXPECT_EQ(at("\xe0\x80\x80"), no);
  EXPECT_EQ(at("\xed\xa0\x80"), no) << "a surrogate";
  EXPECT_EQ(at("\xf4\x90\x80\x80"), no) << "beyond U+10FFFF";
  EXPECT_EQ(at("\x80"), no);
  for (uint32_t point = 0; point <= 0x10ffff; point += 7) {
    if (point >= 0xd800 && point < 0xe000) continue;
    std::string text;
    append_point(text, point);
    ASSERT_EQ(at(text), std::pair(point, text.size()));
  }
}

TEST(Unicode, ClassesAreThoseOfTheStandard) {
  for (const uint32_t letter : {0x41U, 0x7aU, 0xaaU, 0xe9U, 0x17fU, 0x3b1U, 0x5d0U, 0x4e00U,
                                0xac00U, 0x1d400U, 0x20000U, 0x2b0U})
    EXPECT_EQ(class_of(letter), CharacterClass::Letter) << letter;
  for (const uint32_t number : {0x30U, 0x39U, 0xb2U, 0xbdU, 0x663U, 0x2167U, 0x1d7ceU})
    EXPECT_EQ(class_of(number), CharacterClass::Number) << number;
  for (const uint32_t space :
       {0x20U, 0x9U, 0xaU, 0xbU, 0xdU, 0x85U, 0xa0U, 0x1680U, 0x2028U, 0x3000U})
    EXPECT_EQ(class_of(space), CharacterClass::Space) << space;
  for (const uint32_t symbol :
       {0x0U, 0x1cU, 0x21U, 0x5fU, 0x301U, 0x200bU, 0x2581U, 0xfeffU, 0x1f600U, 0xe000U, 0xd800U})
    EXPECT_EQ(class_of(symbol), CharacterClass::Symbol) << symbol;
}

TEST(Unicode, NormalisationFormCIsThatOfTheStandard) {
  // UAX #15 and the standard's own examples.
  EXPECT_EQ(composed("e\u0301"), "é");
  EXPECT_EQ(composed("\u212b"), "Å") << "a singleton";
  EXPECT_EQ(composed("\u1e9b\u0323"), "\u1e9b\u0323");
  EXPECT_EQ(composed("s\u0323\u0307"), "\u1e69");
  EXPECT_EQ(composed("s\u0307\u0323"), "\u1e69") << "marks are put in order";
  EXPECT_EQ(composed("q\u0307\u0323"), "q\u0323\u0307");
  EXPECT_EQ(composed("\u0958"), "\u0915\u093c") << "excluded from composition";
  EXPECT_EQ(composed("\u0344"), "\u0308\u0301");
  EXPECT_EQ(composed("\u1112\u1161\u11ab"), "한");
  EXPECT_EQ(composed("\uac00\u11a8"), "각");
  EXPECT_EQ(composed("a\u0315\u0300\u05ae\u0300b"), "\u00e0\u05ae\u0300\u0315b");
  EXPECT_EQ(composed("a\u0300\u0300"), "à\u0300");
  EXPECT_EQ(composed("a\u0345\u0301"), "\u00e1\u0345");
  EXPECT_EQ(composed("e\xff\u0301"), "e\xff\u0301") << "nothing joins across a broken byte";
  for (const std::string& text : unicode_strings(1000))
    ASSERT_EQ(composed(composed(text)), composed(text));
}

TEST(Unicode, UnfinishedCharactersAreKeptBack) {
  const std::string text = "aé€\U0001f600";
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    const std::string part = text.substr(0, cut);
    const size_t kept = unfinished_bytes(part);
    const bool whole = cut == 0 || cut == 1 || cut == 3 || cut == 6 || cut == 10;
    EXPECT_EQ(kept == 0, whole) << cut;
    for (size_t at = 0; at + kept < part.size();) {
      EXPECT_NE(character_at(part, at).point, NoPoint);
      at += character_at(part, at).size;
    }
  }
  for (const char* broken : {"\x80", "\xff", "\xc3(", "\xe2\x82(", "\xc0", "\xed\xa0", "\xf4\x90"})
    EXPECT_EQ(unfinished_bytes(broken), 0U) << "no byte makes a character of it";
}

TEST(SplitPatterns, CutAsTheirTextSays) {
  const auto cut = [](StepKind kind, const std::string& text) {
    Step step;
    step.kind = kind;
    return split_by(step, {text}, true);
  };
  const std::pair<const char*, StepKind> patterns[] = {
      {Gpt2Pattern, StepKind::CutGpt2},          {Llama3Pattern, StepKind::CutThreeDigits},
      {Cl100kPattern, StepKind::CutThreeDigits}, {Qwen2Pattern, StepKind::CutSingleDigit},
      {R"(\p{N})", StepKind::CutDigit},          {R"(\p{N}+)", StepKind::CutDigits}};
  for (const auto& [pattern, kind] : patterns) {
    const Pattern reference(pattern);
    for (const auto& strings : {unicode_strings(1000), broken_strings(1000)}) {
      for (const std::string& text : strings) {
        if (text.empty()) continue;
        ASSERT_EQ(cut(kind, text), reference.split(text)) << pattern;
      }
    }
  }
}

/// A form of RankedMerges with random merges of a few letters.
Form random_form(Random& random, size_t merges) {
  Form form;
  for (const char* letter : {"a", "b", "c", "d"}) form.tokens.push_back({letter});
  for (size_t i = 0; i < merges; ++i) {
    const auto any = [&] {
      return static_cast<Id>(random.below(static_cast<int64_t>(form.tokens.size())));
    };
    const Merge merge{any(), any(), static_cast<Id>(form.tokens.size())};
    const std::string both = form.tokens[static_cast<size_t>(merge.left)].text +
                             form.tokens[static_cast<size_t>(merge.right)].text;
    if (both.size() > 40) continue;
    form.tokens.push_back({both});
    form.merges.push_back(merge);
  }
  return form;
}

TEST(RankedMerges, AreThoseOfTheDefinition) {
  Random random(3);
  for (int round = 0; round < 300; ++round) {
    const Form form = random_form(random, 30);
    const Tokenizer tokenizer(form);
    std::string text;
    std::vector<Id> ids;
    for (int64_t i = random.below(60); i >= 0; --i) {
      ids.push_back(static_cast<Id>(random.below(3)));
      text += form.tokens[static_cast<size_t>(ids.back())].text;
    }
    while (true) {  // the last of equal merges counts, as in a table
      size_t best = ids.size(), rank = form.merges.size();
      for (size_t i = 0; i + 1 < ids.size(); ++i) {
        size_t found = form.merges.size();
        for (size_t m = 0; m < form.merges.size(); ++m)
          if (form.merges[m].left == ids[i] && form.merges[m].right == ids[i + 1]) found = m;
        if (found >= rank) continue;
        rank = found;
        best = i;
      }
      if (best == ids.size()) break;
      ids[best] = form.merges[rank].result;
      ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(best) + 1);
    }
    ASSERT_EQ(tokenizer.encode(text).ids, ids) << text;
  }
}

TEST(ScoredMerges, AreThoseOfTheDefinition) {
  Random random(4);
  for (int round = 0; round < 300; ++round) {
    Form form = random_form(random, 30);
    form.algorithm = Algorithm::ScoredMerges;
    for (Token& token : form.tokens) token.score = static_cast<double>(-random.below(12));
    const Tokenizer tokenizer(form);
    const auto find = [&](const std::string& text) -> const Token* {
      for (const Token& token : form.tokens)
        if (token.text == text) return &token;
      return nullptr;
    };
    std::vector<std::string> symbols;
    std::string text;
    for (int64_t i = random.below(60); i >= 0; --i) {
      symbols.emplace_back(1, static_cast<char>('a' + random.below(3)));
      text += symbols.back();
    }
    while (true) {
      size_t best = symbols.size();
      double score = 0;
      for (size_t i = 0; i + 1 < symbols.size(); ++i) {
        const Token* both = find(symbols[i] + symbols[i + 1]);
        if (both == nullptr || (best < symbols.size() && both->score <= score)) continue;
        best = i;
        score = both->score;
      }
      if (best == symbols.size()) break;
      symbols[best] += symbols[best + 1];
      symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(best) + 1);
    }
    std::vector<Id> ids;
    for (const std::string& symbol : symbols)
      ids.push_back(static_cast<Id>(find(symbol) - form.tokens.data()));
    ASSERT_EQ(tokenizer.encode(text).ids, ids) << text;
  }
}

TEST(Unigram, HasTheHighestSumOfAllSegmentations) {
  Random random(5);
  for (int round = 0; round < 300; ++round) {
    Form form = random_form(random, 12);
    form.algorithm = Algorithm::Unigram;
    std::map<std::string, double> scores;  // equal texts have equal ones
    for (Token& token : form.tokens) {
      const double score = -1.0 - static_cast<double>(random.below(1000)) / 100;
      token.score = scores.emplace(token.text, score).first->second;
    }
    const Tokenizer tokenizer(form);
    std::string text;
    for (int64_t i = random.below(10); i >= 0; --i)
      text += static_cast<char>('a' + random.below(4));
    double best = -1e9;
    const std::function<void(size_t, double)> all = [&](size_t at, double sum) {
      if (at == text.size()) best = std::max(best, sum);
      for (const Token& token : form.tokens)
        if (text.compare(at, token.text.size(), token.text) == 0)
          all(at + token.text.size(), sum + token.score);
    };
    all(0, 0);
    double sum = 0;
    std::string back;
    for (const Id id : tokenizer.encode(text).ids) {
      sum += form.tokens[static_cast<size_t>(id)].score;
      back += form.tokens[static_cast<size_t>(id)].text;
    }
    ASSERT_EQ(back, text);
    ASSERT_NEAR(sum, best, 1e-9);
  }
}

TEST(Tokenizer, AMegabyteTakesNoTimeThatMatters) {
  // One piece without a place to cut it, where a search for each merge would take 10^12 steps.
  for (const Algorithm algorithm :
       {Algorithm::RankedMerges, Algorithm::ScoredMerges, Algorithm::Unigram}) {
    Random random(6);
    Form form = random_form(random, 60);
    form.algorithm = algorithm;
    for (Token& token : form.tokens)
      token.score = -1.0 - static_cast<double>(token.text.size() % 7);
    const Tokenizer tokenizer(std::move(form));
    for (const char* unit : {"a", "ab", "abcbacd"}) {
      std::string text;
      while (text.size() < (size_t{1} << 20)) text += unit;
      const auto begin = std::chrono::steady_clock::now();
      const std::vector<Id> ids = tokenizer.encode(text).ids;
      const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
      EXPECT_EQ(tokenizer.decode(ids), text);
      EXPECT_LT(took.count(), 30) << "a quadratic search takes hours";
    }
  }
}

TEST(Form, ANormaliserThatExplodesIsStopped) {
  Form form;
  form.unit = Unit::Bytes;
  for (int byte = 0; byte < 256; ++byte)
    form.tokens.push_back({std::string(1, static_cast<char>(byte))});
  for (int i = 0; i < 8; ++i)
    form.normaliser.push_back({StepKind::Replace, "a", std::string(1000, 'a')});
  ASSERT_EQ(problem_of(form), "");
  EXPECT_NE(Tokenizer(form).encode("aaaa").problem, "");
  EXPECT_EQ(Tokenizer(form).encode("bbbb").problem, "");
}

}  // namespace
}  // namespace st::test
