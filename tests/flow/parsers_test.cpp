// SPDX-License-Identifier: Apache-2.0
// The parsers of AMD's reports on texts in their documented forms, and on damaged ones.
#include <random>

#include "backends/reports/csynth.h"
#include "backends/reports/text_table.h"
#include "backends/reports/timing.h"
#include "backends/reports/utilisation.h"
#include "tests/common/tool.h"

namespace st::reports {
namespace {

VendorFile file(const std::string& text) { return {"file", text, false}; }

constexpr const char* Csynth =
    "<profile><ReportVersion><Version>2022.2</Version></ReportVersion>\n"
    "<UserAssignments><TargetClockPeriod>3.33</TargetClockPeriod>\n"
    "<ClockUncertainty>0.90</ClockUncertainty></UserAssignments>\n"
    "<PerformanceEstimates><SummaryOfTimingAnalysis>\n"
    "<EstimatedClockPeriod>2.433</EstimatedClockPeriod></SummaryOfTimingAnalysis>\n"
    "<SummaryOfOverallLatency><Best-caseLatency>undef</Best-caseLatency>\n"
    "<Worst-caseLatency>1027</Worst-caseLatency><Interval-min>undef</Interval-min>\n"
    "<Interval-max>1025</Interval-max></SummaryOfOverallLatency>\n"
    "<SummaryOfLoopLatency><LOOP_1><Name>LOOP_1</Name><TripCount>8</TripCount>\n"
    "<PipelineII>undef</PipelineII><INNER><Latency>4</Latency><PipelineII>3</PipelineII></INNER>\n"
    "</LOOP_1></SummaryOfLoopLatency></PerformanceEstimates>\n"
    "<AreaEstimates><Resources><BRAM_18K>10</BRAM_18K><DSP>20</DSP><FF>30</FF><LUT>40</LUT>\n"
    "</Resources></AreaEstimates></profile>\n";

TEST(CsynthReport, IsReadByNames) {
  const auto report = parse_csynth(file(Csynth));
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->release, "2022.2");
  EXPECT_EQ(report->used, (ResourceCounts{40, 30, 20, 10, 0}));
  EXPECT_EQ(report->latency_best, std::nullopt);
  EXPECT_EQ(report->latency_worst, 1027);
  EXPECT_FALSE(report->misses_clock());
  ASSERT_EQ(report->loops.size(), 2U);
  EXPECT_EQ(report->loops[0].interval, std::nullopt);
  EXPECT_EQ(report->loops[1].name, "INNER");
  EXPECT_EQ(report->loops[1].interval, 3);
}

TEST(CsynthReport, NamesAllThatIsMissing) {
  const auto none = parse_csynth(file("<profile/>"));
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.errors().size(), 6U);
  EXPECT_EQ(none.errors()[0].code, "E0607");
  EXPECT_FALSE(parse_csynth(file("")).ok());
  EXPECT_FALSE(parse_csynth(file("<a><b></a>")).ok());
  std::string negative = Csynth;
  negative.replace(negative.find("<LUT>40"), 7, "<LUT>-4");
  EXPECT_FALSE(parse_csynth(file(negative)).ok());
}

TEST(CsynthReport, DeepNestingEnds) {
  std::string text = Csynth, open, close;
  for (int i = 0; i < 200'000; ++i) {
    open += "<L><Latency/>";
    close += "</L>";
  }
  text.insert(text.find("<LOOP_1>"), open + close);
  const auto report = parse_csynth(file(text));
  ASSERT_TRUE(report.ok());
  EXPECT_LT(report->loops.size(), 100U);
}

/// Releases before 2021.1 have no column "Prohibited"; Versal has other names.
TEST(Utilisation, ColumnsAndRowsGoByName) {
  const std::string old =
      "+-----------+------+-------+-----------+-------+\n"
      "| Site Type | Used | Fixed | Available | Util% |\n"
      "+-----------+------+-------+-----------+-------+\n"
      "| CLB LUTs* | 1200 |     0 |   1303680 |  0.09 |\n"
      "| CLB Registers | 3400 | 0 | 2607360 |  0.13 |\n"
      "+-----------+------+-------+-----------+-------+\n"
      "| not in a table | 5 |\n";
  const auto device = parse_utilisation(file(old));
  ASSERT_TRUE(device.ok());
  EXPECT_EQ(device->used, (ResourceCounts{1200, 3400, 0, 0, 0}));
  EXPECT_EQ(device->available.lut, 1303680);
  const std::string versal =
      "+---+---+---+\n| Available | Site Type | Used |\n+---+---+---+\n"
      "| 899840 | CLB LUTs | 7 |\n| 1799680 | Registers | 8 |\n| 1968 | DSP Slices | 9 |\n"
      "| 967 | Block RAM Tile | 1.5 |\n| 463 | URAM | 2 |\n+---+---+---+\n";
  const auto other = parse_utilisation(file(versal));
  ASSERT_TRUE(other.ok());
  EXPECT_EQ(other->used, (ResourceCounts{7, 8, 9, 3, 2}));
  EXPECT_EQ(other->available.bram18, 2 * 967);
  EXPECT_FALSE(parse_utilisation(file("")).ok());
  EXPECT_FALSE(parse_utilisation(file(old.substr(0, old.find("| CLB Reg")))).ok());
}

TEST(Utilisation, OfKernelsHasSharesBehindCounts) {
  const std::string text =
      "+---+---+---+---+---+---+---+\n| Name | LUT | LUTAsMem | REG | BRAM | URAM | DSP |\n"
      "+---+---+---+---+---+---+---+\n"
      "| Kernels | - | - | - | - | - | - |\n"
      "|    group0_1 | 84000 [  7.02%] | 6000 [ 1%] | 70000 [ 2%] | 20.5 [ 1%] | 0 [ 0%] | 3 [ 0%] "
      "|\n"
      "+---+---+---+---+---+---+---+\n";
  const auto kernels = parse_kernel_utilisation(file(text));
  ASSERT_TRUE(kernels.ok());
  ASSERT_EQ(kernels->size(), 1U);
  EXPECT_EQ((*kernels)[0].name, "group0_1");
  EXPECT_EQ((*kernels)[0].used, (ResourceCounts{84000, 70000, 3, 41, 0}));
  EXPECT_FALSE(parse_kernel_utilisation(file("")).ok());
}

constexpr const char* Summary =
    "| Design Timing Summary\n| ---------------------\n-----\n\n"
    "    WNS(ns)      TNS(ns)  TNS Failing Endpoints  WHS(ns)  THS(ns)  THS Failing Endpoints  \n"
    "    -------      -------  ---------------------  -------  -------  ---------------------  \n"
    "     -0.412     -100.250                    731   -0.001   -0.002                      2  \n\n"
    "| Clock Summary\n     9.0   9.0   9   9.0   9.0   9\n";

TEST(TimingSummary, IsTheDesignsLine) {
  const auto timing = parse_timing(file(Summary));
  ASSERT_TRUE(timing.ok());
  EXPECT_EQ(timing->setup_slack, -0.412);
  EXPECT_EQ(timing->setup_total, -100.25);
  EXPECT_EQ(timing->setup_failing, 731);
  EXPECT_EQ(timing->hold_slack, -0.001);
  EXPECT_EQ(timing->hold_failing, 2);
  EXPECT_FALSE(timing->met());
}

TEST(TimingSummary, WithoutPathsThereIsNoSlack) {
  std::string text = Summary;
  text.replace(text.find(" -0.412"), 7, "     NA");
  text.replace(text.find("   -0.001"), 9, "   0.0001");
  const auto timing = parse_timing(file(text));
  ASSERT_TRUE(timing.ok());
  EXPECT_EQ(timing->setup_slack, std::nullopt);
  EXPECT_TRUE(timing->met());
  text.replace(text.find("  NA"), 4, "odd!");
  EXPECT_FALSE(parse_timing(file(text)).ok());
  text = Summary;
  EXPECT_FALSE(parse_timing(file(text.substr(0, text.find("     -0.412")))).ok());
}

TEST(Clocks, TheScaledClockIsTheKernels) {
  const std::string info =
      "   Name:      hbm_aclk\n   Type:      SYSTEM\n   Frequency: 450 MHz\n\n"
      "   Name:      DATA_CLK\n   Index:     0\n   Type:      DATA\n   Frequency: 236 MHz\n";
  const auto clocks = parse_clocks(file(info));
  ASSERT_TRUE(clocks.ok());
  EXPECT_EQ(clocks->size(), 2U);
  EXPECT_EQ(kernel_clock(*clocks)->mhz, 236);
  const auto scaled = parse_clocks(
      file(info + "Name: ulp_ucs_aclk_kernel_00\nType: SCALABLE\nDefault Freq: 300 MHz\n"
                  "Requested Freq: 250 MHz\nAchieved Freq: 236.4 MHz\n"));
  ASSERT_TRUE(scaled.ok());
  EXPECT_EQ(kernel_clock(*scaled)->mhz, 236.4);
  EXPECT_FALSE(parse_clocks(file("Name: nothing\n")).ok());
}

TEST(Clocks, ALogTellsThatOneWasLowered) {
  const auto lowered = lowered_clock(
      file("INFO: fine\nWARNING: [VPL 60-732] Link warning: One or more timing paths failed timing "
           "targeting 320 MHz for kernel clock 'clk_kernel_in'. The frequency is being "
           "automatically changed to 307.5 MHz to enable proper functionality\n"));
  ASSERT_TRUE(lowered.has_value());
  EXPECT_EQ(lowered->from_mhz, 320);
  EXPECT_EQ(lowered->to_mhz, 307.5);
  EXPECT_FALSE(lowered_clock(file("WARNING: [VPL 60-732] Link warning: No monitor points\n")));
}

TEST(VendorReports, AreTrustedWithNothing) {
  std::mt19937 random(7);
  const std::string texts[] = {Csynth, Summary,
                               "+---+\n| Site Type | Used | Available | SLR0 |\n+---+\n"
                               "| CLB LUTs | 1 | 2 | 3 |\n+---+\n",
                               "   Name: A\n Type: DATA\n Frequency: 9 MHz\n"};
  for (int round = 0; round < 4000; ++round) {
    std::string text = texts[round % 4];
    for (int change = 0; change < 3; ++change) {
      const size_t at = random() % text.size();
      switch (random() % 4) {
        case 0:
          text.resize(at + 1);
          break;
        case 1:
          text[at] = static_cast<char>(random());
          break;
        case 2:
          text.erase(at, 1 + random() % 9);
          break;
        default:
          text.insert(at, text.substr(random() % text.size(), 30));
          break;
      }
      if (text.empty()) text = "|";
    }
    const VendorFile damaged = file(text);
    for (const bool ok :
         {parse_csynth(damaged).ok(), parse_timing(damaged).ok(), parse_utilisation(damaged).ok(),
          parse_slr_utilisation(damaged).ok(), parse_kernel_utilisation(damaged).ok(),
          parse_clocks(damaged).ok(), lowered_clock(damaged).has_value()})
      (void)ok;
  }
}

}  // namespace
}  // namespace st::reports
