// SPDX-License-Identifier: Apache-2.0
// Designs over their budget: which kernel, which resource, and a knob that does fit.
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "tests/cli/expect_error.h"
#include "tests/common/builds.h"
#include "tests/common/tiny_model.h"

namespace st::test {
namespace fs = std::filesystem;
namespace {

/// Each knob is tried by compiling a design, which takes long where the compiler is instrumented.
#ifdef ST_TEST_SANITIZED
#define ST_MANY_DESIGNS() \
  GTEST_SKIP() << "many designs are compiled; those of a tiny model have to do"
#else
#define ST_MANY_DESIGNS() (void)0
#endif

constexpr const char* Advice = "help: it fits (predicted) with ";

/// A u280 of which every SLR has `percent` of a resource.
std::string board(const std::string& resource, int percent) {
  Json json = Json::parse(read(source("targets/u280.json")));
  json["name"] = "mini";
  for (Json& slr : json["slrs"]) {
    const auto count = slr[resource]["value"].get<int64_t>();
    slr[resource]["value"] = std::max<int64_t>(1, count * percent / 100);
  }
  const fs::path file = scratch() / ("mini_" + resource + ".json");
  write(file, json.dump());
  return file;
}

/// The knobs that a message advises to turn, each as words of a command line.
std::vector<std::vector<std::string>> advised(const std::string& message) {
  const size_t begin = message.find(Advice);
  if (begin == std::string::npos) return {};
  std::string line = message.substr(begin + std::string(Advice).size());
  line.resize(line.find('\n'));
  std::vector<std::vector<std::string>> knobs;
  for (size_t at = 0; at < line.size();) {
    const size_t end = std::min(line.find("; or with ", at), line.size());
    std::istringstream words(line.substr(at, end - at));
    knobs.emplace_back();
    for (std::string word; words >> word;) knobs.back().push_back(word);
    at = end + std::string("; or with ").size();
  }
  return knobs;
}

/// `arguments` do not fit; each knob that the message names makes them fit.
void expect_a_knob_that_fits(const std::vector<std::string>& arguments,
                             const std::string& resource) {
  const Outcome refused = streamtensor(arguments);
  expect_error(refused, Infeasible,
               {"error[E0403]", resource + ": needs ", "the budget is ", "takes most, ", Advice});
  const auto knobs = advised(refused.err);
  ASSERT_FALSE(knobs.empty()) << refused.err;
  for (const std::vector<std::string>& knob : knobs) {
    std::vector<std::string> turned = arguments;
    // A board is given already.
    if (const auto given = std::find(turned.begin(), turned.end(), knob[0]); given != turned.end())
      turned.erase(given, given + 2);
    turned.insert(turned.end(), knob.begin(), knob.end());
    const Outcome outcome = streamtensor(turned);
    EXPECT_EQ(outcome.status, 0) << ::testing::PrintToString(knob) << "\n"
                                 << refused.err << outcome.err;
  }
}

std::vector<std::string> adder_for(const std::string& target,
                                   const std::vector<std::string>& more = {}) {
  std::vector<std::string> arguments = {
      "build", source("examples/adder/model.json"), "--target",  target, "--synth", "none",
      "-o",    scratch() / "over_budget",           "--as-asked"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

TEST(OverBudget, TooFewLutsNameTheKernelAndAKnob) {
  ST_MANY_DESIGNS();
  expect_a_knob_that_fits(adder_for(board("lut", 12)), "LUT");
}

TEST(OverBudget, TooFewDspsNameTheKernelAndAKnob) {
  ST_MANY_DESIGNS();
  expect_a_knob_that_fits(adder_for(board("dsp", 2)), "DSP");
}

TEST(OverBudget, DefaultsFollowASmallBoard) {
  ST_MANY_DESIGNS();
  const std::string small = board("lut", 20);
  const auto build = [&](std::vector<std::string> more) {
    std::vector<std::string> arguments = adder_for(small, more);
    arguments.erase(std::find(arguments.begin(), arguments.end(), "--as-asked"));
    return streamtensor(arguments);
  };
  const Outcome outcome = build({});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("  smaller  --fold-layers"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find(": the defaults do not fit mini; --as-asked says by how much"),
            std::string::npos)
      << outcome.out;
  EXPECT_NE(read(scratch() / "over_budget/cmd.sh").find(" --fold-layers"), std::string::npos);
  // What was asked for stays.
  EXPECT_EQ(build({"--no-fold-layers", "--parameter-ports", "4", "--row-lanes", "16"}).status, 3);
}

TEST(OverBudget, TooMuchStorageNamesTheArrayAndAKnob) {
  TinyModel model;
  model.json["metadataProps"].erase(0);  // the context, which bounds the positions
  const fs::path path = model.write(own_folder("over_budget_model"));
  const Outcome refused =
      streamtensor({"build", path, "--target", "u280", "--synth", "none", "-o",
                    scratch() / "over_budget", "--dim", "past_sequence_length=0..4000000"});
  expect_error(refused, Infeasible,
               {"error[E0403]", "URAM of storage alone: needs ", "takes most, ", Advice,
                "--dim past_sequence_length=0.."});
}

TEST(OverBudget, ADesignFileIsToldWhatToChangeInIt) {
  ST_MANY_DESIGNS();
  const fs::path design = scratch() / "over_budget.json";
  write(design, R"({"schema": "streamtensor.design/1", "parameter_ports": 12, "row_lanes": 16,
                    "linear": {"h.0/mlp/c_fc/MatMul": {"depth_lanes": 16, "rows": 1, "streams": 8},
                               "lm_head": {"depth_lanes": 8}}})");
  const std::string target = board("lut", 60);
  const Outcome refused = streamtensor(adder_for(target, {"--design", design}));
  expect_error(refused, Infeasible, {"error[E0403]", "LUT: needs ", Advice, "in the design file"});
  // explore prints what it costs all the same.
  const Outcome judged = streamtensor(
      {"explore", source("examples/adder/model.json"), "--target", target, "--design", design});
  EXPECT_EQ(judged.status, 0) << judged.err;
  EXPECT_NE(judged.err.find("warning: the design does not fit mini"), std::string::npos)
      << judged.err;
  EXPECT_NE(judged.err.find(Advice), std::string::npos) << judged.err;
  EXPECT_NE(judged.out.find("\"fits\": false"), std::string::npos) << judged.out;
}

TEST(OverBudget, WhereNoKnobHelpsThatIsSaid) {
  // Neither the caches nor the longest launch would fit by themselves.
  TinyModel model;
  model.json["metadataProps"].erase(0);
  const fs::path path = model.write(own_folder("over_budget_twice"));
  expect_error(streamtensor({"build", path, "--target", "u280", "--synth", "none", "-o",
                             scratch() / "over_budget", "--dim", "past_sequence_length=0..2000000",
                             "--dim", "sequence_length=1..2000000"}),
               Infeasible,
               {"error[E0403]", "no change of a single knob was found with which it fits",
                "choose smaller bounds"});
}

}  // namespace
}  // namespace st::test
