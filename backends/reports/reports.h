// SPDX-License-Identifier: Apache-2.0
/// The reports that AMD's tools left in a build directory, and the numbers that were predicted.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "backends/reports/csynth.h"
#include "backends/reports/timing.h"
#include "backends/reports/utilisation.h"

namespace st::reports {

/// What report.json predicts of a kernel of the bitstream.
struct PredictedUnit {
  std::string name;
  ResourceCounts used;
};

struct Prediction {
  std::string model, target;
  double frequency_mhz = 0;
  std::vector<PredictedUnit> units;
};

/// From the text of report/report.json. Errors: E0602.
Result<Prediction> read_prediction(const std::string& report_json);

struct UnitReports {
  std::string name;
  std::optional<CsynthReport> csynth;
  std::optional<ResourceCounts> implemented;
};

/// Of a link for hardware.
struct Implementation {
  Utilisation device;
  TimingSummary timing;
  std::vector<SlrUtilisation> slrs;  ///< empty where there is no such report
  std::vector<Clock> clocks;         ///< likewise
  std::optional<LoweredClock> lowered;
  bool test_double = false;

  /// What kernels run with, by the xclbin, or by the log; MHz.
  [[nodiscard]] std::optional<double> achieved_mhz() const;
};

struct VendorReports {
  std::vector<UnitReports> units;  ///< in the order of the prediction
  std::optional<Implementation> implementation;
};

/// Reads what is there: groups/<unit>/csynth.xml, and below link/hw the reports of a link. Errors:
/// E0606 if nothing is there, or a link left no timing or utilisation; E0607. All at once.
Result<VendorReports> read_reports(const std::filesystem::path& build,
                                   const Prediction& prediction);

/// Clocks that are missed, by estimate or implemented: E0702 for each. Empty where all are met.
Diagnostics missed_clocks(const VendorReports& reports, const Prediction& prediction);

/// The text of report.json with what was synthesised and implemented beside what was predicted.
/// Earlier such numbers are replaced. Errors: E0602.
Result<std::string> merged_report(const std::string& report_json, const VendorReports& reports,
                                  const Prediction& prediction);

/// A difference that is worth a mark, of the predicted value.
inline constexpr double LargeDifference = 0.2;
/// (value - predicted) / predicted; 0 where both are 0, and 1 where only the prediction is.
double difference(int64_t value, int64_t predicted);

/// "csynth" or "implemented", or "test double" for what is none.
std::string evidence(const char* kind, bool test_double);

}  // namespace st::reports
