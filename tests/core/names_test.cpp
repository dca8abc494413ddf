// SPDX-License-Identifier: Apache-2.0
#include "core/support/names.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace st {
namespace {

bool is_identifier(const std::string& name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9') || name[0] == '_') return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

TEST(Names, HostileNamesBecomeIdentifiers) {
  const std::vector<std::string> hostile = {"",
                                            "a b",
                                            "../../etc/passwd",
                                            "$(touch /tmp/x)",
                                            "\"); system(\"x",
                                            "line\n#if",
                                            "__main__",
                                            "_leading",
                                            "9lives",
                                            "\xff\xfe",
                                            "ünï",
                                            "a__b",
                                            std::string(500, 'x'),
                                            std::string("nul\0byte", 8),
                                            "/* */",
                                            "#define"};
  for (const std::string& name : hostile) {
    const std::string safe = sanitised(name);
    EXPECT_TRUE(is_identifier(safe)) << name << " -> " << safe;
    EXPECT_EQ(safe.find("__"), std::string::npos) << safe;
    EXPECT_LE(safe.size(), 70U);
  }
  EXPECT_EQ(sanitised("h.0.ln_1/weight"), "h_0_ln_1_weight");
  EXPECT_EQ(sanitised("***"), "unnamed");
}

TEST(Names, KeywordsAndNamesOfEmittedCodeAreAvoided) {
  for (const char* word : {"int", "class", "co_await", "xor_eq", "char8_t", "past", "tokens", "vec",
                           "main", "std", "errno", "unix"}) {
    EXPECT_NE(sanitised(word), word);
    EXPECT_TRUE(is_identifier(sanitised(word)));
  }
  EXPECT_NE(sanitised("EOF"), "EOF");    // a macro
  EXPECT_NE(sanitised("NULL"), "NULL");  // another one
}

TEST(Names, DifferAlsoWithoutRegardToCase) {
  Names names;
  EXPECT_EQ(names.unique("Weight"), "Weight");
  EXPECT_EQ(names.unique("weight"), "weight_2");
  EXPECT_EQ(names.unique("weight"), "weight_3");
  EXPECT_EQ(names.unique("wei/ght"), "wei_ght");
  EXPECT_EQ(names.unique("wei ght"), "wei_ght_2");
}

TEST(Names, ANumberedNameThatIsTakenIsSkipped) {
  Names names;
  EXPECT_EQ(names.unique("x_2"), "x_2");
  EXPECT_EQ(names.unique("x"), "x");
  EXPECT_EQ(names.unique("x"), "x_3");
}

TEST(Names, WhatIsHandedOutMayBeEmittedAndIsTaken) {
  Names names;
  for (const char* wanted : {"x", "x", "int", "h.0/ln_1", "42", "NULL", "a__b"}) {
    const std::string name = names.unique(wanted);
    EXPECT_TRUE(is_emittable(name)) << name;
    EXPECT_FALSE(names.take(name)) << name;
  }
  EXPECT_TRUE(is_emittable(names.unique(std::string(100, 'a'))));
  EXPECT_TRUE(is_emittable(names.unique(std::string(100, 'a'))));
  for (const char* bad : {"", "int", "1x", "a__b", "a_", "NULL", "a-b", "f(); //"})
    EXPECT_FALSE(is_emittable(bad)) << bad;
  EXPECT_FALSE(is_emittable(std::string(81, 'a')));
}

TEST(Names, LongNamesThatDifferAtTheirEndStayApart) {
  Names names;
  const std::string first = names.unique(std::string(100, 'a') + "1");
  EXPECT_NE(first, names.unique(std::string(100, 'a') + "2"));
}

}  // namespace
}  // namespace st
