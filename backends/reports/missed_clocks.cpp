// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "backends/reports/reports.h"

namespace st::reports {
namespace {

std::string nanoseconds(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f ns", value);
  return text;
}

std::string megahertz(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g MHz", value);
  return text;
}

constexpr const char* Advice =
    "build for a lower clock or with fewer lanes, or go on with --allow-timing (make "
    "ALLOW_TIMING=1)";

}  // namespace

Diagnostics missed_clocks(const VendorReports& reports, const Prediction& prediction) {
  Diagnostics problems;
  for (const UnitReports& unit : reports.units) {
    if (!unit.csynth || !unit.csynth->misses_clock()) continue;
    problems.push_back({"E0702",
                        "timing is missed by estimate: '" + unit.name + "' takes " +
                            nanoseconds(unit.csynth->estimated_ns) + " a cycle, and " +
                            nanoseconds(unit.csynth->target_ns) + " were asked for",
                        "groups/" + unit.name + "/csynth.xml",
                        {},
                        Advice});
  }
  if (!reports.implementation) return problems;
  const Implementation& made = *reports.implementation;
  std::vector<std::string> facts;
  if (made.timing.setup_slack.value_or(0) < 0)
    facts.push_back("worst slack " + nanoseconds(*made.timing.setup_slack) + ", " +
                    std::to_string(made.timing.setup_failing) + " failing endpoints");
  if (made.timing.hold_slack.value_or(0) < 0)
    facts.push_back("worst hold slack " + nanoseconds(*made.timing.hold_slack) + ", " +
                    std::to_string(made.timing.hold_failing) + " failing endpoints");
  // What an xclbin says may be rounded to whole MHz.
  constexpr double Rounding = 1.0;
  const auto achieved = made.achieved_mhz();
  if (made.lowered || (achieved && *achieved <= prediction.frequency_mhz - Rounding))
    facts.push_back("the clock is " + megahertz(*achieved) + ", and " +
                    megahertz(made.lowered ? made.lowered->from_mhz : prediction.frequency_mhz) +
                    " were asked for");
  if (facts.empty()) return problems;
  problems.push_back(
      {"E0702", "timing is missed by the implemented design", "link/hw", facts, Advice});
  return problems;
}

}  // namespace st::reports
