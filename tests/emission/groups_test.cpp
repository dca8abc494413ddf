// SPDX-License-Identifier: Apache-2.0
// A design in several groups, which pass activations on through device memory, is the same model.
#include "tests/common/builds.h"
#include "tests/common/tool.h"

namespace st::test {
namespace {
namespace fs = std::filesystem;

int groups_of(const fs::path& build) {
  int count = 0;
  while (fs::exists(build / "groups" / ("group" + std::to_string(count)))) ++count;
  return count;
}

/// What a build prints, and the bytes of its logits.
std::pair<std::string, std::string> ran(const fs::path& build,
                                        const std::vector<std::string>& arguments) {
  const fs::path file = scratch() / "groups.logits";
  std::vector<std::string> command = {"run", build, "--logits", file};
  command.insert(command.end(), arguments.begin(), arguments.end());
  const Outcome outcome = streamtensor(command);
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  return {outcome.out, read(file)};
}

/// Splits a model by a lower number of ports; the texts and the logits must stay as they are.
void expect_same(const Request& whole, int ports, int least_groups,
                 const std::vector<std::string>& arguments) {
  SCOPED_TRACE(whole.model + " " + whole.precision);
  const fs::path& one = built(whole);
  const fs::path& many =
      built({whole.model, whole.precision, target_with_ports(ports), whole.synth});
  EXPECT_EQ(groups_of(one), 1);
  EXPECT_GE(groups_of(many), least_groups);
  const Outcome verified = streamtensor({"verify", many});
  EXPECT_EQ(verified.status, 0) << verified.err;
  const auto [text, logits] = ran(one, arguments);
  const auto [split_text, split_logits] = ran(many, arguments);
  EXPECT_EQ(text, split_text);
  EXPECT_FALSE(logits.empty());
  EXPECT_TRUE(logits == split_logits) << "logits differ";
}

TEST(Groups, OfTheAdderComputeWhatOneGroupDoes) {
  expect_same({"adder"}, 10, 2, {"--prompt", "987+654="});
}

TEST(Groups, PassQuantisedRowsOn) {
  expect_same({"adder", "w8a8"}, 8, 2, {"--prompt", "987+654="});
}

TEST(Groups, NeverNeedMorePortsThanTheTargetHas) {
#ifdef ST_TEST_SANITIZED
  const std::vector<int> limits = {7};
#else
  const std::vector<int> limits = {7, 8, 9, 11, 13};
#endif
  for (int ports : limits) {
    SCOPED_TRACE(std::to_string(ports) + " ports");
    built({"adder", "f32", target_with_ports(ports), "none"});
    if (shared("README.md").empty()) continue;
    built({"stories260k", "f32", target_with_ports(ports), "none"});
    built({"stories260k", "w8a8", target_with_ports(ports + 1), "none"});
  }
}

}  // namespace
}  // namespace st::test
