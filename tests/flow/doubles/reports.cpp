// SPDX-License-Identifier: Apache-2.0
#include "tests/flow/doubles/reports.h"

#include <cstdio>

namespace st::doubles {
namespace {

std::string decimal(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", value);
  return text;
}

std::string element(const std::string& name, const std::string& text) {
  return "<" + name + ">" + text + "</" + name + ">\n";
}

std::string loop(const std::string& name, const std::string& interval, const std::string& inner) {
  return element(name, element("Name", name) + element("Slack", "2.92") +
                           element("TripCount", "<range><min>1</min><max>512</max></range>") +
                           element("Latency", "30 ~ 541") + element("PipelineII", interval) +
                           element("PipelineDepth", "30") + element("PipelineType", "yes") + inner);
}

}  // namespace

void write_csynth(const fs::path& folder, const std::string& top, const std::string& part,
                  double period_ns, double estimated_ns) {
  const std::string timing =
      element("SummaryOfTimingAnalysis",
              element("unit", "ns") + element("EstimatedClockPeriod", decimal(estimated_ns)));
  const std::string latency =
      element("SummaryOfOverallLatency",
              element("unit", "clock cycles") + element("Best-caseLatency", "812") +
                  element("Average-caseLatency", "undef") + element("Worst-caseLatency", "12992") +
                  element("Interval-min", "813") + element("Interval-max", "12993"));
  const std::string module = element(
      "Module",
      element("Name", top + "_matmul") +
          element("PerformanceEstimates",
                  timing + latency +
                      element("SummaryOfLoopLatency",
                              loop("VITIS_LOOP_31_1", "1", loop("VITIS_LOOP_32_2", "2", "")))));
  write(
      folder / "csynth.xml", "Vitis HLS",
      "<profile>\n" + element("ReportVersion", element("Version", release())) +
          element("UserAssignments", element("unit", "ns") + element("Part", part) +
                                         element("TopModelName", top) +
                                         element("TargetClockPeriod", decimal(period_ns)) +
                                         element("ClockUncertainty", decimal(0.15 * period_ns)) +
                                         element("FlowTarget", "vitis")) +
          element("PerformanceEstimates", element("PipelineType", "dataflow") + timing + latency) +
          element("AreaEstimates",
                  element("Resources", element("BRAM_18K", "40") + element("DSP", "300") +
                                           element("FF", "70000") + element("LUT", "90000") +
                                           element("URAM", "0")) +
                      element("AvailableResources",
                              element("BRAM_18K", "4032") + element("DSP", "9024") +
                                  element("FF", "2607360") + element("LUT", "1303680") +
                                  element("URAM", "960"))) +
          element("ModuleInformation", module) + "</profile>\n",
      "<!--");
  write(folder / (top + "_csynth.rpt"), "Vitis HLS", "== Vitis HLS Report for '" + top + "'\n");
}

namespace {

constexpr const char* FullUtilisation =
    R"(Copyright 1986-2022 Xilinx, Inc. All Rights Reserved.
| Tool Version : Vivado
| Design State : Routed

1. CLB Logic
------------

+----------------------------+--------+--------+------------+-----------+-------+
|          Site Type         |  Used  |  Fixed | Prohibited | Available | Util% |
+----------------------------+--------+--------+------------+-----------+-------+
| CLB LUTs                   | 287629 |      0 |          0 |   1303680 | 22.06 |
|   LUT as Logic             | 250000 |      0 |          0 |   1303680 | 19.18 |
| CLB Registers              | 276086 |      8 |          0 |   2607360 | 10.59 |
+----------------------------+--------+--------+------------+-----------+-------+
* Warning! LUT value is adjusted to account for LUT combining.


3. BLOCKRAM
-----------

+-------------------+-------+-------+------------+-----------+-------+
|     Site Type     |  Used | Fixed | Prohibited | Available | Util% |
+-------------------+-------+-------+------------+-----------+-------+
| Block RAM Tile    | 235.5 |     0 |          0 |      2016 | 11.68 |
|   RAMB36/FIFO*    |   200 |     0 |          0 |      2016 |  9.92 |
|   RAMB18          |    71 |     0 |          0 |      4032 |  1.76 |
| URAM              |     0 |     0 |          0 |       960 |  0.00 |
+-------------------+-------+-------+------------+-----------+-------+


4. ARITHMETIC
-------------

+----------------+------+-------+------------+-----------+-------+
|    Site Type   | Used | Fixed | Prohibited | Available | Util% |
+----------------+------+-------+------------+-----------+-------+
| DSPs           |  604 |     0 |          0 |      9024 |  6.69 |
|   DSP48E2 only |  604 |       |            |           |       |
+----------------+------+-------+------------+-----------+-------+
)";

constexpr const char* TimingSummary =
    R"(| Design       : pfm_top_wrapper
------------------------------------------------------------------------------------------------
| Design Timing Summary
| ---------------------
------------------------------------------------------------------------------------------------

    WNS(ns)      TNS(ns)  TNS Failing Endpoints  TNS Total Endpoints      WHS(ns)      THS(ns)  THS Failing Endpoints  THS Total Endpoints     WPWS(ns)     TPWS(ns)  TPWS Failing Endpoints  TPWS Total Endpoints  
    -------      -------  ---------------------  -------------------      -------      -------  ---------------------  -------------------     --------     --------  ----------------------  --------------------  
{values}

All user specified timing constraints are met.


------------------------------------------------------------------------------------------------
| Clock Summary
| -------------
------------------------------------------------------------------------------------------------
)";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

/// A row of equal numbers for each SLR, then their shares.
std::string slr_row(const std::string& name, int slrs, int value, double share) {
  std::string row = "| " + name + " |";
  for (int slr = 0; slr < slrs; ++slr) row += " " + std::to_string(value + slr) + " |";
  for (int slr = 0; slr < slrs; ++slr) row += " " + decimal(share) + " |";
  return row + "\n";
}

std::string slr_utilisation(int slrs) {
  std::string header = "| Site Type |";
  for (int slr = 0; slr < slrs; ++slr) header += " SLR" + std::to_string(slr) + " |";
  for (int slr = 0; slr < slrs; ++slr) header += " SLR" + std::to_string(slr) + " % |";
  const std::string rule = "+" + std::string(header.size() - 2, '-') + "+\n";
  return "14. SLR CLB Logic and Dedicated Block Utilization\n" +
         std::string("-------------------------------------------------\n\n") + rule + header +
         "\n" + rule + slr_row("CLB LUTs", slrs, 95000, 22.0) +
         slr_row("CLB Registers", slrs, 92000, 10.5) + slr_row("Block RAM Tile", slrs, 78, 11.6) +
         slr_row("URAM", slrs, 0, 0) + slr_row("DSPs", slrs, 201, 6.6) + rule;
}

std::string kernel_utilisation(const std::vector<std::string>& units) {
  const std::string rule = "+------+-----+----------+-----+------+------+-----+\n";
  std::string text = "1. System Utilization\n---------------------\n\n" + rule +
                     "| Name | LUT | LUTAsMem | REG | BRAM | URAM | DSP |\n" + rule +
                     "| Platform | 107629 [ 8.26%] | 20000 [ 3.33%] | 136086 [ 5.22%] | 195 [ "
                     "9.67%] | 0 [ 0.00%] | 4 [ 0.04%] |\n"
                     "| User Budget | 1196051 [100.00%] | 581000 [100.00%] | 2471274 [100.00%] | "
                     "1821 [100.00%] | 960 [100.00%] | 9020 [100.00%] |\n";
  for (const std::string& unit : units) {
    const std::string numbers =
        " | 84000 [ 7.02%] | 6000 [ 1.03%] | 70000 [ 2.83%] | 20.5 [ 1.12%] | 0 [ 0.00%] | 300 [ "
        "3.32%] |\n";
    text += "| " + unit + " (1)" + numbers + "|    " + unit + "_1" + numbers;
  }
  return text + rule;
}

}  // namespace

void write_implementation(const fs::path& folder, const std::vector<std::string>& units, int slrs,
                          bool timing_met) {
  const fs::path imp = folder / "link/imp";
  write(imp / "impl_1_full_util_routed.rpt", "v++", FullUtilisation);
  write(imp / "impl_1_slr_util_routed.rpt", "v++", slr_utilisation(slrs));
  write(imp / "impl_1_kernel_util_routed.rpt", "v++", kernel_utilisation(units));
  const char* met =
      "      0.021        0.000                      0               696000        0.010        "
      "0.000                      0               696000        0.000        0.000                 "
      "      0                107700  ";
  const char* missed =
      "     -0.231      -57.300                    412               696000        0.010        "
      "0.000                      0               696000        0.000        0.000                 "
      "      0                107700  ";
  write(imp / "impl_1_hw_bb_locked_timing_summary_routed.rpt", "v++",
        replaced(TimingSummary, "{values}", timing_met ? met : missed));
}

}  // namespace st::doubles
