// SPDX-License-Identifier: Apache-2.0
// Every stage reads back exactly, and a build goes on from it as if it had never stopped.
#include "tests/core/stages.h"

#include <gtest/gtest.h>

#include <iostream>

#include "tests/common/builds.h"
#include "tests/common/status_text.h"

namespace st {
namespace {

using test::text_of;

#ifdef ST_TEST_SANITIZED
constexpr uint64_t Seeds = 1;
#else
constexpr uint64_t Seeds = 7;
#endif

TEST(Stages, ReadBackExactlyAndGoOnToTheSameProgram) {
  int builds = 0, several_groups = 0;
  for (uint64_t seed = 1; seed <= Seeds; ++seed) {
    for (const char* precision : {"f32", "w8a8"}) {
      const std::vector<std::string> stages = test::stages_of(seed, precision);
      if (stages.empty()) continue;
      ASSERT_EQ(stages.size(), passes().size());
      ++builds;
      for (size_t p = 0; p < stages.size(); ++p) {
        SCOPED_TRACE("seed " + std::to_string(seed) + " " + precision + " " +
                     stage_name(static_cast<int>(p)));
        Design design = test::design_of(seed, precision);
        const auto first = start_from(design, stages[p], "stage");
        ASSERT_TRUE(first.ok()) << text_of(first.errors());
        ASSERT_EQ(*first, static_cast<int>(p) + 1);
        ASSERT_EQ(stage_text(design, static_cast<int>(p)), stages[p]);
        std::vector<std::string> rest;
        const Status status = compile_from(
            *first, "stage", design, [&](int, const std::string& text) { rest.push_back(text); });
        ASSERT_TRUE(status.ok()) << text_of(status.errors());
        ASSERT_EQ(rest, (std::vector<std::string>(stages.begin() + static_cast<int>(p) + 1,
                                                  stages.end())));
        several_groups += p + 1 == stages.size() && design.program.groups > 1;
      }
    }
  }
  std::cout << builds << " builds, " << several_groups << " of several groups\n";
  EXPECT_GE(builds, static_cast<int>(Seeds));
  EXPECT_GE(several_groups, static_cast<int>(Seeds) / 6);
}

TEST(Stages, ConstantsLoadTheSameData) {
  for (const char* precision : {"f32", "w8a8"}) {
    Design whole = test::design_of(2, precision);
    std::string last;
    ASSERT_TRUE(compile(whole, [&](int, const std::string& text) { last = text; }).ok());
    Design read = test::design_of(2, precision);
    ASSERT_TRUE(start_from(read, last, "stage").ok());
    int compared = 0;
    for (size_t t = 0; t < whole.program.tensors.size(); ++t) {
      if (!whole.program.tensors[t].constant) continue;
      const auto a = whole.program.tensors[t].constant->load();
      const auto b = read.program.tensors[t].constant->load();
      ASSERT_TRUE(a.ok() && b.ok());
      EXPECT_EQ(*a, *b) << read.program.tensors[t].constant->describe();
      ++compared;
    }
    EXPECT_GT(compared, 5);
  }
}

/// The error of starting decoder 2 from a text; its code first.
std::string refused(const std::string& text, const std::string& precision = "f32") {
  Design design = test::design_of(2, precision);
  const auto first = start_from(design, text, "a.txt");
  if (!first.ok()) return first.errors()[0].code + ": " + first.errors()[0].message;
  const Status status = compile_from(*first, "a.txt", design, [](int, const std::string&) {});
  return status.ok() ? "" : status.errors()[0].code + ": " + status.errors()[0].message;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

TEST(Stages, OthersAreRefused) {
  const auto stages = test::stages_of(2, "f32");
  ASSERT_FALSE(stages.empty());
  const std::string& lowered = test::stage_after(stages, "lower");
  EXPECT_EQ(refused("graph \"g\" opset 1\n"), "E0312: 'a.txt' is no stage of a build");
  EXPECT_EQ(refused(""), "E0312: 'a.txt' is no stage of a build");
  EXPECT_EQ(refused(replaced(lowered, "after lower", "after low")),
            "E0312: there is no pass 'low'");
  EXPECT_EQ(refused(replaced(lowered, "ir/1", "ir/2")), "E0312: 'a.txt' is no stage of a build");
  EXPECT_EQ(refused(lowered, "w8a8"), "E0312: the stage is of another build");
  EXPECT_EQ(refused(replaced(lowered, "program \"", "program \"another ")),
            "E0312: the stage is of another build");
  EXPECT_EQ(refused(test::stages_of(4, "f32")[3]).substr(0, 5), "E0311") << "constants have names";
  // A stage under the name of an earlier or a later one cannot be gone on with.
  EXPECT_EQ(
      refused(replaced(stages.back(), "after " + std::string(passes().back().name), "after lower"))
          .substr(0, 5),
      "E0313");
  EXPECT_EQ(refused(replaced(lowered, "after lower", "after " + std::string(passes().back().name))),
            "E0313: a port has no channel");
  EXPECT_EQ(refused(replaced(test::stage_after(stages, "check"), "after check", "after lower"))
                .substr(0, 5),
            "E0311");
}

TEST(Stages, GraphsAreCheckedAsModelsAre) {
  const auto stages = test::stages_of(2, "w8a8");
  ASSERT_FALSE(stages.empty());
  EXPECT_EQ(
      refused(replaced(test::stage_after(stages, "check"), " = MatMul(", " = MatMull("), "w8a8")
          .substr(0, 5),
      "E0305");
  EXPECT_EQ(refused(replaced(test::stage_after(stages, "quantise"), "streamtensor.QuantizeRows(",
                             "streamtensor.QuantizeRows("
                             "none, "),
                    "w8a8")
                .substr(0, 5),
            "E0306");
  EXPECT_EQ(refused(replaced(test::stage_after(stages, "quantise"), "output %logits\n", ""), "w8a8")
                .substr(0, 5),
            "E0308");
}

}  // namespace
}  // namespace st
