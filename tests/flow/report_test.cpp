// SPDX-License-Identifier: Apache-2.0
// `streamtensor report`, from a flow of doubles and from damaged files.
#include "core/support/json.h"
#include "tests/flow/flow_fixture.h"

namespace st::test {
namespace fs = std::filesystem;
namespace {

class FlowReport : public Flow {
 protected:
  static constexpr const char* Timing =
      "link/hw/reports/link/imp/impl_1_hw_bb_locked_timing_summary_routed.rpt";
  static constexpr const char* Device = "link/hw/reports/link/imp/impl_1_full_util_routed.rpt";

  Outcome report(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments = {"report", build_.string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return streamtensor(arguments);
  }
  json::Value document() const {
    auto parsed = json::parse(read("report/report.json"), "report.json");
    EXPECT_TRUE(parsed.ok());
    return parsed.ok() ? *parsed : json::Value();
  }
  const Environment tool_ = {{"STREAMTENSOR", ST_TEST_TOOL}};
};

/// The value at "a/0/b".
const json::Value& at(const json::Value& root, const std::string& path) {
  const json::Value* value = &root;
  for (size_t begin = 0; begin <= path.size() && value != nullptr;) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const std::string part = path.substr(begin, end - begin);
    const json::Array* array = value->array();
    value = array == nullptr                   ? value->find(part)
            : std::stoul(part) < array->size() ? &(*array)[std::stoul(part)]
                                               : nullptr;
    begin = end + 1;
  }
  static const json::Value None;
  EXPECT_NE(value, nullptr) << path;
  return value == nullptr ? None : *value;
}

std::string string_at(const json::Value& root, const std::string& path) {
  const std::string* text = at(root, path).string();
  return text == nullptr ? "" : *text;
}

TEST_F(FlowReport, SetsWhatWasMadeBesideWhatWasPredicted) {
  const std::string before = read("report/report.json");
  const Outcome made = make({"-j2", "link"}, tool_);
  ASSERT_EQ(made.status, 0) << made.err;
  EXPECT_TRUE(has(made.out, "evidence: test double. No real tool made these numbers")) << made.out;
  EXPECT_TRUE(has(made.out, "a loop starts every 2 cycles: group0_matmul/VITIS_LOOP_32_2"));
  EXPECT_TRUE(has(made.out, "clock    250 MHz of 250 MHz")) << made.out;
  const json::Value root = document();
  EXPECT_EQ(*at(root, "units/1/csynth/lut").integer(), 90000);
  EXPECT_EQ(string_at(root, "units/1/csynth/source"), "test double");
  EXPECT_EQ(*at(root, "units/1/csynth/clock_ns/estimated").real(), 2.92);
  EXPECT_EQ(*at(root, "units/1/csynth/interval_cycles/worst").integer(), 12993);
  EXPECT_EQ(*at(root, "units/1/csynth/loops/1/interval").integer(), 2);
  EXPECT_EQ(string_at(root, "units/1/csynth/differs/0"), "lut") << "of 392 thousand";
  EXPECT_EQ(*at(root, "units/0/implemented/bram18").integer(), 41) << "20.5 blocks of 36 Kb";
  EXPECT_EQ(*at(root, "implementation/resources/bram18").integer(), 471);
  EXPECT_EQ(*at(root, "implementation/available/lut").integer(), 1303680);
  EXPECT_EQ(*at(root, "implementation/slrs/2/resources/lut").integer(), 95002);
  EXPECT_EQ(*at(root, "implementation/timing/setup_slack_ns").real(), 0.021);
  EXPECT_EQ(*at(root, "implementation/clock_mhz/achieved").real(), 250);
  EXPECT_EQ(at(root, "not_done").array()->size(), 3U) << "doubles do nothing";

  const std::string once = read("report/report.json");
  EXPECT_EQ(report().status, 0);
  EXPECT_EQ(read("report/report.json"), once);
  // Without what was made it is again as the build wrote it.
  fs::remove(build_ / "groups/group0/csynth.xml");
  fs::remove_all(build_ / "groups/group0/build");
  fs::remove_all(build_ / "link/hw");
  EXPECT_EQ(report().status, 0);
  const json::Value less = document();
  EXPECT_EQ(at(less, "units/0").find("csynth"), nullptr);
  EXPECT_EQ(less.find("implementation"), nullptr);
  EXPECT_EQ(before.substr(0, before.find("\"units\"")), once.substr(0, once.find("\"units\"")));
}

TEST_F(FlowReport, FailsWhereTheClockIsMissed) {
  const Outcome made = make({"link"}, {{"DOUBLE_FAULT", "timing"}, {"STREAMTENSOR", ST_TEST_TOOL}});
  EXPECT_NE(made.status, 0);
  EXPECT_TRUE(has(made.out, "error[E0702]: timing is missed by the implemented design"))
      << made.out;
  EXPECT_TRUE(has(error_line(made), "error: report of design: timing is missed")) << made.err;
  const Outcome missed = report();
  EXPECT_EQ(missed.status, 1);
  for (const char* part : {"worst slack -0.231 ns, 412 failing endpoints",
                           "the clock is 236.4 MHz, and 250 MHz were asked for"})
    EXPECT_TRUE(has(missed.err, part)) << missed.err;
  EXPECT_TRUE(has(missed.out, "are longer by 6 % at this clock (predicted)")) << missed.out;
  EXPECT_EQ(report({"--allow-timing"}).status, 0);
  EXPECT_EQ(make({"link", "ALLOW_TIMING=1"}, tool_).status, 0);
  // The log may be gone, and the xclbin tells.
  fs::remove(build_ / "logs/link-design.log");
  alter(Timing, " -0.231 ", "  0.231 ");
  const Outcome slower = report();
  EXPECT_EQ(slower.status, 1);
  EXPECT_TRUE(has(slower.err, "the clock is 236.4 MHz")) << slower.err;
}

TEST_F(FlowReport, AnEstimateAboveThePeriodIsMissed) {
  ASSERT_EQ(make({"csynth", "ALLOW_TIMING=1"}, {{"DOUBLE_FAULT", "slow"}}).status, 0);
  const Outcome missed = report();
  EXPECT_EQ(missed.status, 1);
  EXPECT_TRUE(
      has(missed.err, "error[E0702]: timing is missed by estimate: 'group0' takes 5.000 ns"))
      << missed.err;
  EXPECT_TRUE(has(missed.err, "2 errors")) << missed.err;
}

TEST_F(FlowReport, ReadsWhatTheLegacyLauncherLeft) {
  ASSERT_EQ(make({"csynth"}, {{"DOUBLE_VERSION", "2022.1"}}).status, 0);
  fs::remove(build_ / "groups/group0/csynth.xml");
  fs::remove(build_ / "groups/group1/csynth.xml");
  const Outcome made = report();
  EXPECT_EQ(made.status, 0) << made.err;
  EXPECT_EQ(string_at(document(), "units/0/csynth/release"), "2022.1");
}

TEST_F(FlowReport, WithoutReportsThereIsNothingToSay) {
  const Outcome none = report();
  EXPECT_EQ(none.status, 2);
  EXPECT_TRUE(has(none.err, "error[E0606]: there is no report of AMD's tools")) << none.err;
}

TEST_F(FlowReport, NamesEachReportThatIsMissingOrDamaged) {
  ASSERT_EQ(make({"link"}).status, 0);
  const std::string before = read("report/report.json");
  fs::remove(build_ / Timing);
  alter(Device, "CLB Registers ", "CLB Ledgers   ");
  alter("groups/group0/csynth.xml", "</profile>", "</prof");
  alter("groups/group1/csynth.xml", "<EstimatedClockPeriod>2.920", "<EstimatedClockPeriod>fast");
  const Outcome broken = report();
  EXPECT_EQ(broken.status, 2);
  for (const char* part : {"error[E0606]: the link left no timing summary",
                           "error[E0607]: there is no row 'CLB Registers', column 'Used'",
                           "error[E0607]: the XML ends or breaks at byte",
                           "EstimatedClockPeriod> is 'fast', which is no number that it can be",
                           "--> groups/group1/csynth.xml", "impl_1_full_util_routed.rpt"})
    EXPECT_TRUE(has(broken.err, part)) << part << "\n" << broken.err;
  EXPECT_EQ(read("report/report.json"), before);
}

TEST_F(FlowReport, ABuildsOwnReportMayBeDamaged) {
  ASSERT_EQ(make({"csynth"}).status, 0);
  for (const char* text :
       {"", "{", "[]", "{}", "null", R"({"schema": "streamtensor.report/1", "frequency_mhz": 250})",
        R"({"schema": "streamtensor.report/1", "frequency_mhz": 250, "units": [{"name": "../x"}]})",
        R"({"schema": "streamtensor.report/1", "frequency_mhz": 250, "units": [{"name": "x"}]})",
        R"({"schema": "streamtensor.report/1", "frequency_mhz": 0, "units": []})"}) {
    write(build_ / "report/report.json", text);
    const Outcome broken = report();
    EXPECT_EQ(broken.status, 2) << text;
    EXPECT_TRUE(has(broken.err, "error[E0602]")) << text << broken.err;
  }
}

}  // namespace
}  // namespace st::test
