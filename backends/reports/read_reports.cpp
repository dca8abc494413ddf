// SPDX-License-Identifier: Apache-2.0
// Finds and reads the reports of a build directory.
#include <algorithm>

#include "backends/reports/reports.h"

namespace st::reports {
namespace fs = std::filesystem;
namespace {

/// Reads a file with `parse`; problems are noted.
template <typename Parse>
auto parsed(const fs::path& build, const fs::path& relative, Parse parse, Diagnostics& problems)
    -> std::optional<std::remove_reference_t<decltype(*parse(VendorFile()))>> {
  auto file = read_vendor_file(build, relative);
  if (!file.ok()) {
    problems.insert(problems.end(), file.errors().begin(), file.errors().end());
    return std::nullopt;
  }
  auto result = parse(*file);
  if (!result.ok()) {
    problems.insert(problems.end(), result.errors().begin(), result.errors().end());
    return std::nullopt;
  }
  return std::move(*result);
}

/// Files of a link, sorted, relative to the build directory.
std::vector<fs::path> files_of_link(const fs::path& build) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::recursive_directory_iterator at(build / "link/hw/reports", error), end;
       !error && at != end; at.increment(error)) {
    if (at->is_regular_file(error)) files.push_back(at->path().lexically_relative(build));
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// The first file whose name ends in one of `endings`, tried in their order; empty if there is
/// none.
fs::path ending_in(const std::vector<fs::path>& files, const std::vector<std::string>& endings) {
  for (const std::string& ending : endings) {
    for (const fs::path& file : files)
      if (file.filename().string().ends_with(ending)) return file;
  }
  return {};
}

void read_csynth(const fs::path& build, UnitReports& unit, Diagnostics& problems) {
  // Where the flow keeps it, and where the two launchers leave it.
  for (const char* place :
       {"csynth.xml", "build/hls/syn/report/csynth.xml", "build/solution/syn/report/csynth.xml"}) {
    const fs::path file = fs::path("groups") / unit.name / place;
    std::error_code error;
    if (!fs::exists(build / file, error)) continue;
    unit.csynth = parsed(build, file, parse_csynth, problems);
    return;
  }
}

/// A report that a link always leaves.
fs::path needed(const std::vector<fs::path>& files, const std::vector<std::string>& endings,
                const std::string& what, Diagnostics& problems) {
  fs::path file = ending_in(files, endings);
  if (file.empty())
    problems.push_back({"E0606",
                        "the link left no " + what,
                        "link/hw/reports",
                        {"no file there has a name that ends in '" + endings.back() + "'"},
                        "link again: make -f Makefile.hls link"});
  return file;
}

void read_kernels(const fs::path& build, const fs::path& file, std::vector<UnitReports>& units,
                  Diagnostics& problems) {
  const auto kernels = parsed(build, file, parse_kernel_utilisation, problems);
  if (!kernels) return;
  for (UnitReports& unit : units) {
    // The compute unit; its kernel is listed as "group0 (1)".
    for (const std::string& name : {unit.name + "_1", unit.name + " (1)", unit.name}) {
      const auto kernel = std::find_if(kernels->begin(), kernels->end(),
                                       [&](const auto& k) { return k.name == name; });
      if (kernel == kernels->end()) continue;
      unit.implemented = kernel->used;
      break;
    }
  }
}

void read_link(const fs::path& build, VendorReports& reports, Diagnostics& problems) {
  std::error_code error;
  if (!fs::exists(build / "link/hw/linked", error)) return;
  const std::vector<fs::path> files = files_of_link(build);
  Implementation implementation;
  const fs::path timing =
      needed(files, {"timing_summary_postroute_physopted.rpt", "timing_summary_routed.rpt"},
             "timing summary", problems);
  if (!timing.empty()) {
    const auto summary = parsed(build, timing, parse_timing, problems);
    if (summary) implementation.timing = *summary;
    const auto file = read_vendor_file(build, timing);
    implementation.test_double = file.ok() && file->test_double;
  }
  const fs::path device =
      needed(files, {"full_util_routed.rpt"}, "report on utilisation", problems);
  if (!device.empty()) {
    const auto use = parsed(build, device, parse_utilisation, problems);
    if (use) implementation.device = *use;
  }
  if (const fs::path slrs = ending_in(files, {"slr_util_routed.rpt"}); !slrs.empty()) {
    const auto use = parsed(build, slrs, parse_slr_utilisation, problems);
    if (use) implementation.slrs = *use;
  }
  if (const fs::path kernels = ending_in(files, {"kernel_util_routed.rpt"}); !kernels.empty())
    read_kernels(build, kernels, reports.units, problems);
  // On Versal devices the linked design is packaged.
  for (const fs::path info : {"link/hw/design.xclbin.info", "link/hw/packaged.xclbin.info"}) {
    if (!implementation.clocks.empty() || !fs::exists(build / info, error)) continue;
    const auto clocks = parsed(build, info, parse_clocks, problems);
    if (clocks) implementation.clocks = *clocks;
  }
  if (const fs::path log = "logs/link-design.log"; fs::exists(build / log, error)) {
    const auto text = read_vendor_file(build, log);
    if (text.ok()) implementation.lowered = lowered_clock(*text);
  }
  reports.implementation = std::move(implementation);
}

}  // namespace

std::optional<double> Implementation::achieved_mhz() const {
  if (lowered) return lowered->to_mhz;
  const auto clock = kernel_clock(clocks);
  return clock ? std::optional(clock->mhz) : std::nullopt;
}

Result<VendorReports> read_reports(const fs::path& build, const Prediction& prediction) {
  VendorReports reports;
  Diagnostics problems;
  for (const PredictedUnit& predicted : prediction.units) {
    UnitReports unit{predicted.name, {}, {}};
    read_csynth(build, unit, problems);
    reports.units.push_back(std::move(unit));
  }
  read_link(build, reports, problems);
  const bool none = !reports.implementation &&
                    std::none_of(reports.units.begin(), reports.units.end(),
                                 [](const UnitReports& unit) { return unit.csynth.has_value(); });
  if (none && problems.empty())
    problems.push_back({"E0606",
                        "there is no report of AMD's tools in this build directory",
                        printable(build.string()),
                        {"neither groups/<group>/csynth.xml nor link/hw/linked is there"},
                        "make -f Makefile.hls csynth, in the build directory"});
  if (!problems.empty()) return problems;
  return reports;
}

}  // namespace st::reports
