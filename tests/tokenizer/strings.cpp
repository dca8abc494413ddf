// SPDX-License-Identifier: Apache-2.0
#include "tests/tokenizer/strings.h"

#include "core/tokenizer/files/unicode.h"
#include "tests/common/random.h"

namespace st::test {
namespace {

const std::vector<std::string>& words() {
  static const std::vector<std::string> Words = {"the",
                                                 "quick",
                                                 "brown",
                                                 "fox's",
                                                 "don't",
                                                 "I'LL",
                                                 "we've",
                                                 "They're",
                                                 "2024",
                                                 "3.14159",
                                                 "naïve",
                                                 "café",
                                                 "Zürich",
                                                 "Привет",
                                                 "мир",
                                                 "你好世界",
                                                 "こんにちは",
                                                 "안녕하세요",
                                                 "مرحبا",
                                                 "שלום",
                                                 "ไทย",
                                                 "हिन्दी",
                                                 "👩‍👩‍👧",
                                                 "🏳️‍🌈",
                                                 "½",
                                                 "Ⅷ",
                                                 "٣٤",
                                                 "x=1;",
                                                 "{}",
                                                 "if(a!=b)",
                                                 "__init__",
                                                 "http://a.b/c?d=e",
                                                 "ſ",
                                                 "'ſ",
                                                 "'S",
                                                 "ﬁ",
                                                 "İ",
                                                 "straße",
                                                 "Once",
                                                 "upon",
                                                 "a",
                                                 "time",
                                                 "there",
                                                 "was",
                                                 "little",
                                                 "girl",
                                                 "named",
                                                 "Lily",
                                                 "She",
                                                 "loved",
                                                 "to",
                                                 "play",
                                                 "outside",
                                                 "in",
                                                 "park",
                                                 "and",
                                                 "One",
                                                 "day",
                                                 "she",
                                                 "saw",
                                                 "big",
                                                 "dog",
                                                 "running",
                                                 "happily",
                                                 "mother's",
                                                 "unbelievable",
                                                 "tokenization",
                                                 "12345678",
                                                 "!!!",
                                                 "...",
                                                 "--",
                                                 "\"quoted\"",
                                                 "(hello)",
                                                 "<s",
                                                 "|>",
                                                 "don't,",
                                                 "I'm"};
  return Words;
}

const std::vector<std::string>& spaces() {
  static const std::vector<std::string> Spaces = {
      " ",    " ",    " ",  " ",    "",       "",       "  ",     "   ",    "\n",
      "\n\n", "\r\n", "\t", " \n ", "\u00a0", "\u3000", "\u2028", "\u0085", "\t\t "};
  return Spaces;
}

std::string any_character(Random& random) {
  constexpr int64_t Ends[] = {0x20, 0x80, 0x800, 0x3000, 0x10000, 0x110000};
  while (true) {
    const int64_t point = random.below(Ends[random.below(6)]);
    if ((point >= 0xd800 && point < 0xe000) || point == 0x2581) continue;
    std::string text;
    tokens::append_point(text, static_cast<uint32_t>(point));
    return text;
  }
}

std::string any_string(Random& random) {
  static const std::vector<std::string> Marks = {"\u0301", "\u0323", "\u0344", "a",
                                                 "e",      "o",      "é",      "\u1100",
                                                 "\u1161", "\u11a8", "가",     "\u212b"};
  static const std::vector<std::string> Plain = {" ", " ", "\n", "\r", "\t", "!", "a", "1", "é"};
  std::string text;
  const int64_t form = random.below(4), length = random.between(1, 24);
  for (int64_t i = 0; i < length; ++i) {
    if (form == 0) text += random.pick(spaces()) + random.pick(words());
    if (form == 1) text += any_character(random);
    if (form == 2) text += random.pick(Plain);
    if (form == 3) text += random.pick(Marks);
  }
  return text;
}

}  // namespace

std::vector<std::string> unicode_strings(int count) {
  Random random(7);
  std::vector<std::string> strings = {""};
  while (static_cast<int>(strings.size()) < count) strings.push_back(any_string(random));
  return strings;
}

std::vector<std::string> broken_strings(int count) {
  Random random(8);
  std::vector<std::string> strings = unicode_strings(count);
  for (std::string& text : strings) {
    for (int64_t i = random.between(1, 4); i > 0; --i) {
      const auto at = static_cast<size_t>(random.between(0, static_cast<int64_t>(text.size())));
      if (random.chance(0.3) && at < text.size()) {
        text.erase(at, 1);  // of a character, perhaps
      } else {
        text.insert(at, 1, static_cast<char>(random.between(0x80, 0xff)));
      }
    }
  }
  return strings;
}

std::vector<std::string> training_lines(int count) {
  Random random(9);
  std::vector<std::string> lines;
  for (int i = 0; i < count; ++i) {
    std::string line;
    for (int64_t n = random.between(3, 15); n > 0; --n)
      line += (line.empty() ? "" : " ") + random.pick(words());
    lines.push_back(line);
  }
  return lines;
}

}  // namespace st::test
