// SPDX-License-Identifier: Apache-2.0
// Faults in emitted code are each found by the name of their rule, and nothing else is reported.
#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "tests/common/tool.h"
#include "tests/lint/faults.h"

namespace st::test {
namespace {
namespace fs = std::filesystem;

std::vector<Fault> all_faults() {
  std::vector<Fault> all;
  for (const auto& family : {text_faults(), pragma_faults(), interface_faults(), channel_faults(),
                             region_faults(), synthesis_faults()})
    all.insert(all.end(), family.begin(), family.end());
  return all;
}

class SeededFault : public ::testing::TestWithParam<Fault> {
 protected:
  static Sample seeded() {
    return edited(GetParam().folded ? folded_adder() : adder(), GetParam().edits);
  }
};

TEST_P(SeededFault, IsFoundByItsRule) {
  const Fault& fault = GetParam();
  const auto findings = lint_sample(seeded());
  std::set<std::string> expected = {fault.rule};
  std::istringstream also(fault.also);
  for (std::string rule; also >> rule;) expected.insert(rule);
  std::set<std::string> found;
  for (const lint::Finding& finding : findings) {
    found.emplace(finding.rule->name);
    if (expected.count(std::string(finding.rule->name)) == 0) ADD_FAILURE() << text_of(finding);
  }
  EXPECT_EQ(found.count(fault.rule), 1U) << shown(findings);
}

TEST_P(SeededFault, IsFoundWhereItIs) {
  for (const lint::Finding& finding : lint_sample(seeded())) {
    EXPECT_TRUE(finding.file.starts_with("src/")) << text_of(finding);
    EXPECT_TRUE(finding.line > 0 || finding.rule->name == "top-missing") << text_of(finding);
    EXPECT_FALSE(finding.message.empty());
  }
}

INSTANTIATE_TEST_SUITE_P(Emitted, SeededFault, ::testing::ValuesIn(all_faults()),
                         [](const auto& info) { return info.param.name; });

/// The point of the linter: compilers take this code.
TEST(SeededFaults, AreInvisibleToCompilers) {
#ifdef ST_TEST_SANITIZED
  GTEST_SKIP() << "SKIPPED: only a compiler is run; the other build does";
#endif
  const bool clang = run_program({"sh", "-c", "command -v clang++-16"}).status == 0;
  const fs::path folder = scratch() / "compiled";
  fs::create_directories(folder);
  int compiled = 0, met = 0;
  for (const Fault& fault : all_faults()) {
    if (!fault.compiles || ++met % 3 != 0) continue;  // a third of them: compilers take their time
    const Sample sample = edited(fault.folded ? folded_adder() : adder(), fault.edits);
    write(folder / (sample.unit + ".h"), sample.header);
    write(folder / (sample.unit + ".cpp"), sample.source);
    const Outcome outcome = run_program(
        {clang ? "clang++-16" : "g++", "-std=c++17", "-fsyntax-only", "-Wno-unknown-pragmas",
         "-I" + source("tests/hls_templates/sequential").string(),
         "-I" + source("hls_templates").string(), "-I" + source("hls_templates/csim").string(),
         (folder / (sample.unit + ".cpp")).string()});
    EXPECT_EQ(outcome.status, 0) << fault.name << "\n" << outcome.err;
    ++compiled;
  }
  EXPECT_GE(compiled, 25);
}

TEST(SeededFaults, AreReportedOnce) {
  const auto findings =
      lint_sample(edited(adder(), {{"type=fifo impl=srl", "type=fifo impl=slr"}}));
  EXPECT_EQ(findings.size(), 1U) << shown(findings);
}

TEST(SeededFaults, CoverEveryRule) {
  std::set<std::string> seeded;
  for (const Fault& fault : all_faults()) {
    EXPECT_NE(lint::find_rule(fault.rule), nullptr) << fault.rule;
    seeded.insert(fault.rule);
  }
  for (const lint::RuleRecord& rule : lint::rule_records()) {
    // A note is what emitted code does on purpose.
    const bool note = rule.level == lint::Level::Note;
    EXPECT_TRUE(note || seeded.count(std::string(rule.name)) == 1) << rule.name;
  }
  EXPECT_GE(seeded.size(), 25U);
}

}  // namespace
}  // namespace st::test
