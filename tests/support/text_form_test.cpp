// SPDX-License-Identifier: Apache-2.0
// Spellings of names, numbers and sums read back to what they were made from.
#include "core/support/text_form.h"

#include <gtest/gtest.h>

namespace st {
namespace {

TEST(TextForm, AnyBytesReadBackOnOneLine) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  for (const std::string& bytes :
       {all, std::string(), std::string("\"\\\"\\"), std::string("\\x41"), std::string(5000, '\n'),
        std::string("\xe2\x80\xaereversed"), std::string("h.0/ln-1"), std::string("a//b")}) {
    const std::string text = quoted_text(bytes) + name_text(bytes) + " " + word_text(bytes);
    EXPECT_EQ(text.find('\n'), std::string::npos);
    TextCursor cursor(text, "E0311", "t");
    EXPECT_EQ(cursor.quoted("it"), bytes);
    EXPECT_EQ(cursor.name("it"), bytes);
    EXPECT_EQ(cursor.word("it"), bytes);
    EXPECT_FALSE(cursor.failed());
    EXPECT_TRUE(cursor.at_end());
  }
  EXPECT_EQ(name_text("h.0/ln-1"), "h.0/ln-1");
  EXPECT_EQ(name_text("a//b"), "\"a//b\"") << "no comment begins in a name";
  EXPECT_EQ(word_text("h.0"), "\"h.0\"");
  EXPECT_EQ(word_text("0h"), "\"0h\"");
}

TEST(TextForm, SumsReadBack) {
  const Extent s = Extent::symbol("s"), odd = Extent::symbol("a+b");
  for (const Extent& extent :
       {Extent(0), Extent(-3), s, -1 * s, 2 * s + Extent(-1), s + odd + Extent(1), -7 * odd}) {
    const std::string text = extent_text(extent);
    TextCursor cursor(text, "E0311", "t");
    EXPECT_EQ(parse_extent(cursor), extent) << text;
    EXPECT_TRUE(cursor.at_end()) << text;
  }
  EXPECT_EQ(extent_text(2 * odd + Extent(1)), "2*\"a+b\"+1");
}

TEST(TextForm, SumsWithoutEndAreRefused) {
  std::string text = "1";
  for (int i = 0; i < 2000; ++i) text += "+1";
  TextCursor cursor(text, "E0311", "t");
  (void)parse_extent(cursor);
  ASSERT_TRUE(cursor.failed());
  EXPECT_EQ(cursor.error().message, "a sum has at most 1000 terms");
}

}  // namespace
}  // namespace st
