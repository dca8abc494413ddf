// SPDX-License-Identifier: Apache-2.0
/// csynth.xml: what Vitis HLS estimates of a kernel after synthesis.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "backends/reports/vendor_file.h"
#include "core/platform/target.h"

namespace st::reports {

struct CsynthLoop {
  std::string module, name;         ///< as Vitis HLS calls them, printable
  std::optional<int64_t> interval;  ///< cycles from one iteration to the next; none: no pipeline
};

struct CsynthReport {
  std::string release;  ///< of Vitis HLS: "2023.2"
  double target_ns = 0, uncertainty_ns = 0, estimated_ns = 0;
  /// Cycles of one call, and between calls; none where a trip count is not known.
  std::optional<int64_t> latency_best, latency_worst, interval_best, interval_worst;
  ResourceCounts used;
  ResourceCounts available;  ///< of the device
  std::vector<CsynthLoop> loops;
  bool test_double = false;

  /// Whether the estimate is slower than the clock that was asked for.
  [[nodiscard]] bool misses_clock() const { return estimated_ns > target_ns; }
};

/// Elements are found by name. Errors: E0607, all that is missing or no number at once.
Result<CsynthReport> parse_csynth(const VendorFile& file);

}  // namespace st::reports
