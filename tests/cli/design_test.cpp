// SPDX-License-Identifier: Apache-2.0
// Choices of a design: searched, written down, and built exactly as they are.
#include <gtest/gtest.h>

#include "tests/cli/expect_error.h"
#include "tests/cli/snapshot.h"
#include "tests/common/builds.h"

namespace st::test {
namespace {
namespace fs = std::filesystem;

std::string adder() { return source("examples/adder/model.json"); }

/// Searches for a moment, and returns the file with what was found.
fs::path explored(const std::string& precision) {
  fs::path file = scratch() / (precision + ".json");
  const Outcome outcome = streamtensor({"explore", adder(), "--target", "u280", "--precision",
                                        precision, "--budget", "0.1", "-o", file});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  return file;
}

fs::path built_with(const fs::path& design, const std::string& precision, const std::string& name) {
  fs::path build = scratch() / name;
  const Outcome outcome = streamtensor({"build", adder(), "--target", "u280", "--precision",
                                        precision, "--design", design, "-o", build});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  return build;
}

class Designs : public testing::TestWithParam<std::string> {};

TEST_P(Designs, ThatWereFoundComputeWhatTheModelSays) {
  const std::string precision = GetParam();
  const fs::path design = explored(precision);
  const std::string text = read(design);
  EXPECT_NE(text.find("\"streams\""), std::string::npos) << text;
  EXPECT_NE(text.find("\"source\": \"simulated\""), std::string::npos) << text;
  const fs::path build = built_with(design, precision, "found_" + precision);
  EXPECT_EQ(read(build / "design.json"), text);
  const Outcome verified = streamtensor({"verify", build});
  EXPECT_EQ(verified.status, 0) << verified.err;
  const Outcome sum = streamtensor({"run", build, "--prompt", "345+516="});
  EXPECT_EQ(sum.out, "345+516=861\n");
}
INSTANTIATE_TEST_SUITE_P(Precisions, Designs, testing::Values("f32", "w8a8"),
                         [](const auto& param) { return param.param; });

TEST(Design, IsBuiltAgainFromTheDirectoryThatHoldsIt) {
  const fs::path design = scratch() / "small.json";
  write(design, R"({"schema": "streamtensor.design/1", "parameter_ports": 5, "row_lanes": 4,
                    "linear": {"lm_head": {"depth_lanes": 8, "steps": 13},
                               "h.0/mlp/c_fc/MatMul": {"rows": 2, "streams": 2, "steps": 8}}})");
  const auto build = [&](const fs::path& choices, const std::string& name) {
    const fs::path out = scratch() / name;
    const Outcome outcome =
        streamtensor({"build", adder(), "--target", "u280", "--precision", "w8a8", "--synth",
                      "none", "--design", choices, "-o", out});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    return out;
  };
  const fs::path first = build(design, "first");
  const fs::path second = build(first / "design.json", "second");
  EXPECT_EQ(difference(snapshot(first), snapshot(second)), "");
  EXPECT_NE(read(first / "groups/group0/src/group0.cpp")
                .find("st::matmul<int8_t, int8_t, int32_t, 16, 4, 4, 2, 8, 8>"),
            std::string::npos);
}

TEST(Design, ExploreTellsWhatAChoiceCosts) {
  const Outcome plain = streamtensor({"explore", adder(), "--target", "u280"});
  EXPECT_EQ(plain.status, 0) << plain.err;
  for (const char* piece : {"\"fits\": true", "\"DSP\"", "\"slowest_node\"", "\"prefill\""})
    EXPECT_NE(plain.out.find(piece), std::string::npos) << plain.out;
}

TEST(Design, WhatDoesNotSuitTheModelIsRefusedAtOnce) {
  const fs::path file = scratch() / "bad.json";
  write(file, R"({"schema": "streamtensor.design/1", "linear": {"lm_haed": {"rows": 2}}})");
  expect_error(streamtensor({"build", adder(), "--target", "u280", "--design", file, "-o",
                             scratch() / "none"}),
               BadInput, {"error[E0314]", "no linear layer 'lm_haed'", "did you mean 'lm_head'"});
  write(file, R"({"schema": "streamtensor.design/1", "linear": {"lm_head": {"depth_lanes": 7},
                  "h.1/mlp/c_fc/MatMul": {"streams": 7}}})");
  expect_error(streamtensor({"explore", adder(), "--target", "u280", "--design", file}), BadInput,
               {"7 does not divide the depth 64", "does not divide the width 256", "2 errors"});
  write(file, R"({"schema": "streamtensor.design/1", "parameter_ports": 2,
                  "linear": {"h.1/mlp/c_fc/MatMul": {"streams": 4}}})");
  expect_error(streamtensor({"explore", adder(), "--target", "u280", "--design", file}), Infeasible,
               {"error[E0403]", "takes 4 streams of weights", "2 ports are left"});
}

}  // namespace
}  // namespace st::test
