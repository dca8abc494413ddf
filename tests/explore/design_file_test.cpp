// SPDX-License-Identifier: Apache-2.0
#include "core/explore/design_file.h"

#include <gtest/gtest.h>

#include "tests/common/random.h"

namespace st {
namespace {

DesignChoice random_choice(test::Random& random) {
  DesignChoice choice;
  choice.parameter_ports = static_cast<int>(random.between(0, 28));
  choice.tiling.row_lanes = static_cast<int>(random.between(0, 16));
  for (int64_t n = random.between(0, 4); n > 0; --n) {
    choice.tiling.linear["layer \"" + std::to_string(random.between(0, 9)) + "\"/MatMul"] = {
        random.between(0, 16), random.between(0, 4), random.between(0, 9), random.between(0, 64)};
  }
  return choice;
}

TEST(DesignFile, ReadsWhatItWrote) {
  test::Random random(1);
  for (int n = 0; n < 500; ++n) {
    const DesignChoice choice = random_choice(random);
    const std::string text = text_of(choice);
    const auto read = parse_design(text, "design.json");
    ASSERT_TRUE(read.ok()) << text;
    EXPECT_EQ(*read, choice) << text;
  }
}

TEST(DesignFile, ResultsAreForReadersOnly) {
  DesignCost cost;
  cost.prefill_cycles = 123'456;
  cost.slowest = "fc";
  const DesignChoice choice{4, {8, {{"fc", {16, 4, 2, 1}}}}};
  const std::string text = text_of(choice, &cost);
  EXPECT_NE(text.find("\"prefill\""), std::string::npos);
  EXPECT_NE(text.find("123456"), std::string::npos);
  const auto read = parse_design(text, "design.json");
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(*read, choice);
}

TEST(DesignFile, ProblemsAreToldAllAtOnceAndWhereTheyAre) {
  const auto read = parse_design(R"({
    "schema": "streamtensor.design/2",
    "parameter_prots": 4,
    "row_lanes": 17,
    "linear": {"a/b": {"rows": 0, "stream": 2}, "c": 3}
  })",
                                 "my.json");
  ASSERT_FALSE(read.ok());
  std::vector<std::string> places;
  for (const Diagnostic& problem : read.errors()) {
    EXPECT_EQ(problem.code, "E0314");
    places.push_back(problem.where);
  }
  EXPECT_EQ(places, (std::vector<std::string>{"my.json, /parameter_prots", "my.json, /schema",
                                              "my.json, /row_lanes", "my.json, /linear/a~1b/stream",
                                              "my.json, /linear/a~1b/rows", "my.json, /linear/c"}));
  EXPECT_NE(read.errors()[0].help.find("parameter_ports"), std::string::npos);
}

TEST(DesignFile, IsJson) {
  const auto read = parse_design("{", "my.json");
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.errors()[0].code, "E0102");
}

}  // namespace
}  // namespace st
