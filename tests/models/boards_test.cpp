// SPDX-License-Identifier: Apache-2.0
// Every board builds the small examples, or says in one line of each resource how much is missing.
#include <gtest/gtest.h>

#include <regex>
#include <set>

#include "core/platform/target.h"
#include "tests/common/builds.h"
#include "tests/common/tool.h"

namespace st::test {
namespace {

/// "board model precision".
using Refused = std::set<std::string>;

/// What no default makes small enough. Another entry here is a loss.
const Refused Known = {"kv260 stories260k f32", "kv260 stories260k w8a8"};

bool is_small(const Target& target) { return target.lut() < 300'000; }

Outcome build_of(const std::string& model, const Target& target, const std::string& precision) {
  return streamtensor({"build", source("examples/" + model + "/model.json"), "--weights",
                       weights_of(model), "--target", target.name, "--precision", precision,
                       "--synth", "none",
                       // Depths by LP are quick, and take more: too much for a small board.
                       "--fifo", is_small(target) ? "exact" : "lp", "-o", scratch() / "boards"});
}

/// Each line of a refusal that names a resource, its numbers checked; how many there are.
int shortages_in(const std::string& message) {
  static const std::regex line(
      R"(\|  ([A-Za-z0-9 ]+): needs (\d+) \(predicted\), the budget is (\d+): (\d+) too many)");
  int lines = 0;
  for (auto at = std::sregex_iterator(message.begin(), message.end(), line);
       at != std::sregex_iterator(); ++at, ++lines)
    EXPECT_EQ(std::stoll((*at)[2]) - std::stoll((*at)[3]), std::stoll((*at)[4])) << at->str();
  return lines;
}

void expect_builds(const std::string& model) {
  for (const Target& target : built_in_targets()) {
    for (const std::string precision : {"f32", "w8a8"}) {
      // Where much is left, it is left in any precision.
      if (model != "adder" && precision != "f32" && !is_small(target)) continue;
      const std::string what = target.name + " " + model + " " + precision;
      const Outcome outcome = build_of(model, target, precision);
      if (Known.count(what) == 0) {
        EXPECT_EQ(outcome.status, 0) << what << "\n" << outcome.err;
        continue;
      }
      EXPECT_EQ(outcome.status, 3) << what << " fits: say so in the list of those that do not";
      EXPECT_GT(shortages_in(outcome.err), 0) << outcome.err;
      EXPECT_NE(outcome.err.find("error[E0403]: the design does not fit " + target.name),
                std::string::npos)
          << outcome.err;
      EXPECT_NE(outcome.err.find("it fits (predicted) with --target zcu104"), std::string::npos)
          << outcome.err;
    }
  }
}

TEST(Boards, BuildTheAdder) { expect_builds("adder"); }

TEST(Boards, BuildStories260kAndSayWhatIsMissingElsewhere) {
  ST_NEEDS_SHARED();
#ifdef ST_TEST_SANITIZED
  GTEST_SKIP() << "SKIPPED: the other build does it; those of the adder have to do";
#endif
  expect_builds("stories260k");
}

TEST(Boards, TheSmallestOneAdds) {
  const Request small = {.model = "adder", .precision = "f32", .target = "kv260"};
  const Outcome outcome = streamtensor({"run", built(small), "--prompt", "345+516="});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "345+516=861\n");
  // Ports of the processor are no banks with an index, and a single die is not named.
  const std::string link = read(built(small) / "link/design.cfg");
  EXPECT_NE(link.find(":HP0\n"), std::string::npos) << link;
  EXPECT_EQ(link.find("slr="), std::string::npos) << link;
  EXPECT_EQ(link.find('[', link.find("[connectivity]") + 1), link.find("[vivado]")) << link;
}

TEST(Boards, LinkScriptsNameChannelsAsPlatformsDo) {
  const auto banks = [](const std::string& target) {
    const std::string link =
        read(built({.model = "adder", .target = target, .synth = "none"}) / "link/design.cfg");
    std::set<std::string> found;
    static const std::regex bank(R"(\nsp=[^:\n]+:(\S+))");
    for (auto at = std::sregex_iterator(link.begin(), link.end(), bank);
         at != std::sregex_iterator(); ++at)
      found.insert((*at)[1]);
    return found;
  };
  EXPECT_EQ(banks("u250"), (std::set<std::string>{"DDR[0]", "DDR[1]", "DDR[2]", "DDR[3]"}));
  EXPECT_EQ(banks("vck5000"), std::set<std::string>{"MC_NOC0"});
  EXPECT_EQ(banks("u50").count("HBM[0]"), 1u);
}

}  // namespace
}  // namespace st::test
