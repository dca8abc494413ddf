// SPDX-License-Identifier: Apache-2.0
/// Whether an implemented design meets its clock, and which clock it got.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "backends/reports/vendor_file.h"

namespace st::reports {

/// The design's line of a timing summary. Slacks in ns; none where the design has no such paths.
struct TimingSummary {
  std::optional<double> setup_slack, setup_total, hold_slack;
  int64_t setup_failing = 0, hold_failing = 0;  ///< endpoints

  [[nodiscard]] bool met() const {
    return setup_slack.value_or(0) >= 0 && hold_slack.value_or(0) >= 0;
  }
};

/// *timing_summary*.rpt. Errors: E0607.
Result<TimingSummary> parse_timing(const VendorFile& file);

/// A clock of an xclbin, in MHz.
struct Clock {
  std::string name;  ///< "DATA_CLK"
  std::string type;  ///< "DATA", "KERNEL", "SYSTEM", "SCALABLE"
  double mhz = 0;
};

/// The clocks of an .xclbin.info. Errors: E0607 if there is none.
Result<std::vector<Clock>> parse_clocks(const VendorFile& file);

/// The clock that kernels run with: the one that v++ scales, else that of type DATA.
std::optional<Clock> kernel_clock(const std::vector<Clock>& clocks);

/// A clock that v++ lowered because timing was missed, from its log (message 60-732).
struct LoweredClock {
  double from_mhz = 0, to_mhz = 0;
};
std::optional<LoweredClock> lowered_clock(const VendorFile& log);

}  // namespace st::reports
