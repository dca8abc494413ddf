// SPDX-License-Identifier: Apache-2.0
#include "backends/reports/timing.h"

#include "backends/reports/text_table.h"

namespace st::reports {
namespace {

/// The number before " MHz" behind the last `words` in `line`.
std::optional<double> megahertz_behind(std::string_view line, std::string_view words) {
  const size_t at = line.find(words);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view rest = trimmed(line.substr(at + words.size()));
  return decimal(rest.substr(0, rest.find_first_not_of("0123456789.")));
}

}  // namespace

Result<TimingSummary> parse_timing(const VendorFile& file) {
  const TextTable table = summary_table(file.text, "Design Timing Summary");
  if (table.rows.empty())
    return damaged(file.name, "there is no 'Design Timing Summary' with a row of numbers");
  TimingSummary summary;
  Diagnostics problems;
  const auto slack = [&](const char* column) -> std::optional<double> {
    const std::string* cell = table.first(column);
    const auto value = cell == nullptr ? std::nullopt : decimal(*cell);
    if (cell == nullptr || (!value && *cell != "NA")) {
      problems.push_back(damaged(
          file.name, "the column '" + std::string(column) + "' " +
                         (cell == nullptr ? "is not there" : "is '" + printable(*cell) + "'")));
    }
    return value;
  };
  const auto endpoints = [&](const char* column) -> int64_t {
    const std::string* cell = table.first(column);
    return cell == nullptr ? 0 : whole(*cell).value_or(0);
  };
  summary.setup_slack = slack("WNS(ns)");
  summary.setup_total = slack("TNS(ns)");
  summary.hold_slack = slack("WHS(ns)");
  summary.setup_failing = endpoints("TNS Failing Endpoints");
  summary.hold_failing = endpoints("THS Failing Endpoints");
  if (!problems.empty()) return problems;
  return summary;
}

Result<std::vector<Clock>> parse_clocks(const VendorFile& file) {
  std::vector<Clock> clocks;
  for (const std::string_view line : lines_of(file.text)) {
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view name = trimmed(line.substr(0, colon));
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (name == "Name") {
      clocks.push_back({printable(value), "", 0});
    } else if (clocks.empty()) {
      continue;
    } else if (name == "Type") {
      clocks.back().type = printable(value);
    } else if (name == "Frequency" || name == "Achieved Freq") {
      clocks.back().mhz = decimal(value.substr(0, value.find(' '))).value_or(0);
    }
  }
  // Other things than clocks have names, too.
  std::erase_if(clocks, [](const Clock& clock) { return clock.mhz <= 0; });
  if (clocks.empty()) return damaged(file.name, "there is no clock with a frequency");
  return clocks;
}

std::optional<Clock> kernel_clock(const std::vector<Clock>& clocks) {
  for (const Clock& clock : clocks)
    if (clock.type == "SCALABLE" && clock.name.ends_with("kernel_00")) return clock;
  for (const Clock& clock : clocks)
    if (clock.type == "DATA") return clock;
  return std::nullopt;
}

std::optional<LoweredClock> lowered_clock(const VendorFile& log) {
  for (const std::string_view line : lines_of(log.text)) {
    const auto from = megahertz_behind(line, "timing paths failed timing targeting");
    const auto to = megahertz_behind(line, "automatically changed to");
    if (from && to) return LoweredClock{*from, *to};
  }
  return std::nullopt;
}

}  // namespace st::reports
