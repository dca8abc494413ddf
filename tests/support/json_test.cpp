// SPDX-License-Identifier: Apache-2.0
#include "core/support/json.h"

#include <gtest/gtest.h>

namespace st::json {
namespace {

Diagnostic error_of(const std::string& text, const Limits& limits = {}) {
  const auto result = parse(text, "m.json", limits);
  EXPECT_FALSE(result.ok());
  return result.ok() ? Diagnostic{} : result.errors().front();
}

TEST(Json, ReadsAllKindsInOrder) {
  const auto value = parse(R"({"b": [1, -2, 2.5, true, null, "x"], "a": {}})", "m.json");
  ASSERT_TRUE(value.ok());
  const Object& members = *value->object();
  EXPECT_EQ(members[0].first, "b");
  EXPECT_EQ(members[1].first, "a");
  const Array& list = *value->find("b")->array();
  EXPECT_EQ(*list[0].integer(), 1);
  EXPECT_EQ(*list[1].integer(), -2);
  EXPECT_EQ(*list[2].real(), 2.5);
  EXPECT_TRUE(*list[3].boolean());
  EXPECT_TRUE(list[4].is_null());
  EXPECT_EQ(*list[5].string(), "x");
  EXPECT_EQ(value->find("c"), nullptr);
  EXPECT_EQ(list[5].find("c"), nullptr);
}

TEST(Json, NumbersBeyondInt64AreReal) {
  const auto value = parse("[9223372036854775807, 9223372036854775808, 18446744073709551616]", "m");
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(*(*value->array())[0].integer(), INT64_MAX);
  EXPECT_EQ((*value->array())[1].integer(), nullptr);
  EXPECT_EQ(*(*value->array())[1].real(), 9223372036854775808.0);
  EXPECT_EQ((*value->array())[2].integer(), nullptr);
}

TEST(Json, SyntaxErrorShowsLineColumnAndCaret) {
  const Diagnostic problem = error_of("{\n  \"a\": 1,\n  \"b\" 2\n}\n");
  EXPECT_EQ(problem.code, "E0102");
  EXPECT_EQ(problem.where, "m.json:3:7");
  ASSERT_EQ(problem.details.size(), 2U);
  EXPECT_EQ(problem.details[0], "  \"b\" 2");
  EXPECT_EQ(problem.details[1], "      ^");
  EXPECT_NE(problem.message.find("expected ':'"), std::string::npos) << problem.message;
}

TEST(Json, EarlyEndIsShownAtTheEnd) {
  EXPECT_EQ(error_of("{\n\"a\": [1,\n").where, "m.json:2:9");
  EXPECT_EQ(error_of("").where, "m.json:1:1");
}

TEST(Json, LongLinesAreCutAroundTheError) {
  const std::string word = "\"" + std::string(1000, 'a') + "\"";
  const Diagnostic problem = error_of("[" + word + "x" + word + "]");
  EXPECT_EQ(problem.code, "E0102");
  EXPECT_LT(problem.details[0].size(), 120U);
  EXPECT_EQ(problem.details[0][problem.details[1].size() - 1], 'x') << problem.details[0];
}

TEST(Json, RefusesDeepNesting) {
  EXPECT_TRUE(parse(std::string(64, '[') + std::string(64, ']'), "m").ok());
  const Diagnostic problem = error_of(std::string(65, '[') + std::string(65, ']'));
  EXPECT_EQ(problem.code, "E0104");
  EXPECT_NE(problem.message.find("64 levels"), std::string::npos);
  EXPECT_EQ(error_of(std::string(1'000'000, '[')).code, "E0104");
}

TEST(Json, RefusesTooManyValues) { EXPECT_EQ(error_of("[1,2,3]", {64, 3}).code, "E0104"); }

TEST(Json, RefusesAKeyThatAppearsTwice) {
  const Diagnostic problem = error_of(R"({"a": 1, "b": 2, "a": 3})");
  EXPECT_EQ(problem.code, "E0102");
  EXPECT_NE(problem.message.find("'a' appears twice"), std::string::npos);
}

TEST(Json, RefusesNumbersBeyondDoubleAndBadUtf8) {
  EXPECT_EQ(error_of("[1e999]").code, "E0102");
  EXPECT_EQ(error_of("[\"\xff\"]").code, "E0102");
  EXPECT_EQ(error_of("[1] 2").code, "E0102");
}

}  // namespace
}  // namespace st::json
