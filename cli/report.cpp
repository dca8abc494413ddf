// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <memory>

#include "backends/reports/reports.h"
#include "cli/build_directory.h"
#include "cli/commands.h"
#include "core/support/read_file.h"
#include "core/support/write_file.h"

namespace st::cli {
namespace {

using namespace st::reports;
using Row = std::vector<std::string>;

constexpr size_t LargestReport = size_t{1} << 30;

struct ReportOptions {
  std::string build;
  bool allow_timing = false;
};

std::string decimal_text(double value, const char* unit) {
  char text[48];
  std::snprintf(text, sizeof text, "%.6g %s", value, unit);
  return text;
}

/// "13,000  +5 %", marked where the difference is large.
std::string compared(int64_t value, int64_t predicted) {
  std::string text = grouped(value);
  if (predicted == 0) return value == 0 ? text : text + "  !";
  const double by = difference(value, predicted);
  const int64_t percent = std::llround(100 * by);
  return text + "  " + (percent > 0 ? "+" : "") + grouped(percent) + " %" +
         (std::abs(by) > LargeDifference ? " !" : "");
}

std::string range(const std::optional<int64_t>& best, const std::optional<int64_t>& worst) {
  if (!best && !worst) return "unknown";
  const std::string low = best ? grouped(*best) : "?", high = worst ? grouped(*worst) : "?";
  return low == high ? low : low + " to " + high;
}

/// How many loops start less than an iteration a cycle, which is what they were written for.
std::string loops_text(const CsynthReport& report) {
  const auto pipelined = std::count_if(report.loops.begin(), report.loops.end(),
                                       [](const auto& loop) { return loop.interval.has_value(); });
  const auto slow = std::count_if(report.loops.begin(), report.loops.end(),
                                  [](const auto& loop) { return loop.interval.value_or(1) > 1; });
  return "1 in " + std::to_string(pipelined - slow) + " of " + std::to_string(pipelined) +
         (slow > 0 ? " !" : "");
}

/// The slowest of these loops.
void print_slow_loops(const UnitReports& unit) {
  constexpr size_t Most = 5;
  std::vector<CsynthLoop> slow;
  for (const CsynthLoop& loop : unit.csynth->loops)
    if (loop.interval.value_or(1) > 1) slow.push_back(loop);
  std::stable_sort(slow.begin(), slow.end(), [](const CsynthLoop& a, const CsynthLoop& b) {
    return *a.interval > *b.interval;
  });
  for (size_t i = 0; i < std::min(slow.size(), Most); ++i)
    std::cout << "  " << unit.name << ": a loop starts every " << grouped(*slow[i].interval)
              << " cycles: " << slow[i].module << "/" << slow[i].name << "\n";
  if (slow.size() > Most) std::cout << "  and " << slow.size() - Most << " more in report.json\n";
}

void add_unit(const UnitReports& unit, const PredictedUnit& predicted, double mhz,
              std::vector<Row>& rows) {
  std::string name = unit.name;
  for (const ResourceKind& kind : ResourceKinds) {
    const int64_t expected = predicted.used.*kind.count;
    rows.push_back({name, kind.name, grouped(expected),
                    unit.csynth ? compared(unit.csynth->used.*kind.count, expected) : "-",
                    unit.implemented ? compared((*unit.implemented).*kind.count, expected) : "-"});
    name = "";
  }
  if (!unit.csynth) return;
  rows.push_back(
      {"", "clock period", decimal_text(1e3 / mhz, "ns"),
       decimal_text(unit.csynth->estimated_ns, "ns") + (unit.csynth->misses_clock() ? " !" : ""),
       "-"});
  rows.push_back({"", "loop intervals", "1", loops_text(*unit.csynth), "-"});
  rows.push_back({"", "latency, cycles", "-",
                  range(unit.csynth->latency_best, unit.csynth->latency_worst), "-"});
}

void print_implementation(const Implementation& made, const Prediction& prediction) {
  std::vector<Row> rows = {{"", "device", "of"}};
  for (const SlrUtilisation& slr : made.slrs) rows[0].push_back(slr.name);
  for (const ResourceKind& kind : ResourceKinds) {
    Row row = {std::string("  ") + kind.name, grouped(made.device.used.*kind.count),
               grouped(made.device.available.*kind.count)};
    for (const SlrUtilisation& slr : made.slrs) row.push_back(grouped(slr.used.*kind.count));
    rows.push_back(std::move(row));
  }
  std::cout << "\nwith the shell (" << evidence("implemented", made.test_double) << ")\n"
            << table(rows);
  const auto slack = [](const std::optional<double>& value) {
    return value ? decimal_text(*value, "ns") : std::string("no paths");
  };
  std::cout << "  timing   slack " << slack(made.timing.setup_slack) << ", hold "
            << slack(made.timing.hold_slack) << ", "
            << grouped(made.timing.setup_failing + made.timing.hold_failing)
            << " failing endpoints\n";
  const auto achieved = made.achieved_mhz();
  if (!achieved) {
    std::cout << "  clock    no design.xclbin.info says what it is\n";
    return;
  }
  std::cout << "  clock    " << decimal_text(*achieved, "MHz") << " of "
            << decimal_text(prediction.frequency_mhz, "MHz") << "\n";
  if (*achieved < prediction.frequency_mhz)
    std::cout << "           times of `simulate` are longer by "
              << std::lround(100 * (prediction.frequency_mhz / *achieved - 1)) << " %"
              << " at this clock (predicted)\n";
}

void print_reports(const VendorReports& reports, const Prediction& prediction) {
  bool synthesised = true, doubles = false;
  for (const UnitReports& unit : reports.units) {
    synthesised = synthesised && unit.csynth;
    doubles = doubles || (unit.csynth && unit.csynth->test_double);
  }
  std::cout << prediction.model << "  target " << prediction.target << " @ "
            << decimal_text(prediction.frequency_mhz, "MHz") << "\n";
  const bool made_up = reports.implementation && reports.implementation->test_double;
  std::vector<Row> rows = {
      {"", "", "predicted", evidence("csynth", doubles), evidence("implemented", made_up)}};
  for (size_t u = 0; u < reports.units.size(); ++u)
    add_unit(reports.units[u], prediction.units[u], prediction.frequency_mhz, rows);
  std::cout << table(rows);
  for (const UnitReports& unit : reports.units)
    if (unit.csynth) print_slow_loops(unit);
  if (reports.implementation) print_implementation(*reports.implementation, prediction);
  std::cout << "  ! differs by more than " << std::lround(100 * LargeDifference)
            << " %, or is slower than asked for\n";
  // Reports of 2023.2 have one BRAM18 for a FIFO of 524,288 x 32 bits.
  if (synthesised && !reports.implementation)
    std::cout << "  csynth counts a deep FIFO as one BRAM18; implementation tells\n";
  if (!synthesised) std::cout << "  not done csynth of some groups\n";
  if (!reports.implementation) std::cout << "  not done link, place and route\n";
  if (doubles || made_up) std::cout << "  evidence: test double. No real tool made these numbers\n";
}

Status report(const ReportOptions& options) {
  ST_TRY(build, BuildDirectory::open(options.build));
  const auto file = build.path() / "report/report.json";
  ST_TRY(text, read_file(file, LargestReport));
  ST_TRY(prediction, read_prediction(text));
  ST_TRY(reports, read_reports(build.path(), prediction));
  ST_TRY(merged, merged_report(text, reports, prediction));
  ST_CHECK(write_file(file, merged));
  print_reports(reports, prediction);
  const Diagnostics missed = missed_clocks(reports, prediction);
  if (missed.empty() || options.allow_timing) return {};
  return missed;
}

}  // namespace

Action add_report(CLI::App& app) {
  auto options = std::make_shared<ReportOptions>();
  app.add_option("build", options->build, "build directory")->required();
  app.add_flag("--allow-timing", options->allow_timing,
               "a clock that is missed is no error, only told");
  return [options] {
    const Status status = report(*options);
    return status.ok() ? 0 : fail(status.errors());
  };
}

}  // namespace st::cli
