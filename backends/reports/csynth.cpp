// SPDX-License-Identifier: Apache-2.0
#include "backends/reports/csynth.h"

#include <pugixml.hpp>

namespace st::reports {
namespace {

/// Loops of real kernels are nested a few deep.
constexpr int DeepestLoop = 64;

/// Reads values by their path, and notes what is not there.
class Reader {
 public:
  Reader(const VendorFile& file, pugi::xml_node root) : file_(file), root_(root) {}

  /// The text at "A/B/C"; nullptr where there is none.
  [[nodiscard]] const char* text(const char* path) const {
    const pugi::xml_node node = root_.first_element_by_path(path);
    return node ? node.text().get() : nullptr;
  }
  double needed_decimal(const char* path) {
    const char* found = text(path);
    const auto value = found == nullptr ? std::nullopt : decimal(found);
    if (!value || *value < 0) missing(path, found);
    return value.value_or(0);
  }
  std::optional<int64_t> cycles(const char* path) const {
    const char* found = text(path);
    return found == nullptr ? std::nullopt : whole(found);
  }
  /// The resources below `path`. `needed`: whether their lack is a problem.
  ResourceCounts resources(const std::string& path, bool needed) {
    ResourceCounts counts;
    counts.lut = resource(path, {"LUT"}, needed);
    counts.ff = resource(path, {"FF"}, needed);
    counts.dsp = resource(path, {"DSP", "DSP48E"}, needed);
    counts.bram18 = resource(path, {"BRAM_18K"}, needed);
    // Devices without it have no such element.
    counts.uram = resource(path, {"URAM"}, false);
    return counts;
  }

  Diagnostics problems;

 private:
  int64_t resource(const std::string& path, const std::vector<std::string>& names, bool needed) {
    const char* found = nullptr;
    for (const std::string& name : names)
      if (found == nullptr) found = text((path + "/" + name).c_str());
    const int64_t count = found == nullptr ? -1 : whole(found).value_or(-1);
    if (count >= 0) return count;
    if (needed || found != nullptr) missing((path + "/" + names.front()).c_str(), found);
    return 0;
  }
  void missing(const char* path, const char* found) {
    problems.push_back(damaged(
        file_.name, found == nullptr ? "there is no <" + std::string(path) + ">"
                                     : "<" + std::string(path) + "> is '" + printable(found) +
                                           "', which is no number that it can be"));
  }

  const VendorFile& file_;
  pugi::xml_node root_;
};

void add_loops(const std::string& module, pugi::xml_node parent, int depth, CsynthReport& report) {
  if (depth > DeepestLoop) return;
  for (const pugi::xml_node loop : parent.children()) {
    // A loop's element is named as the loop, and holds its facts and the loops inside of it.
    const pugi::xml_node interval = loop.child("PipelineII");
    if (!loop.child("TripCount") && !loop.child("Latency") && !interval) continue;
    const char* name = loop.child("Name").text().get();
    report.loops.push_back({module, printable(*name == 0 ? loop.name() : name),
                            interval ? whole(interval.text().get()) : std::nullopt});
    add_loops(module, loop, depth + 1, report);
  }
}

}  // namespace

Result<CsynthReport> parse_csynth(const VendorFile& file) {
  pugi::xml_document document;
  const pugi::xml_parse_result parsed = document.load_buffer(
      file.text.data(), file.text.size(), pugi::parse_default, pugi::encoding_utf8);
  if (!parsed) {
    return damaged(file.name, std::string("the XML ends or breaks at byte ") +
                                  std::to_string(parsed.offset) + ": " + parsed.description());
  }
  Reader reader(file, document.child("profile"));
  CsynthReport report;
  report.test_double = file.test_double;
  if (const char* release = reader.text("ReportVersion/Version"))
    report.release = printable(release);
  report.target_ns = reader.needed_decimal("UserAssignments/TargetClockPeriod");
  if (const char* margin = reader.text("UserAssignments/ClockUncertainty"))
    report.uncertainty_ns = decimal(margin).value_or(0);
  report.estimated_ns =
      reader.needed_decimal("PerformanceEstimates/SummaryOfTimingAnalysis/EstimatedClockPeriod");
  const std::string latency = "PerformanceEstimates/SummaryOfOverallLatency/";
  report.latency_best = reader.cycles((latency + "Best-caseLatency").c_str());
  report.latency_worst = reader.cycles((latency + "Worst-caseLatency").c_str());
  report.interval_best = reader.cycles((latency + "Interval-min").c_str());
  report.interval_worst = reader.cycles((latency + "Interval-max").c_str());
  report.used = reader.resources("AreaEstimates/Resources", true);
  report.available = reader.resources("AreaEstimates/AvailableResources", false);
  if (!reader.problems.empty()) return reader.problems;
  const pugi::xml_node profile = document.child("profile");
  add_loops("", profile.first_element_by_path("PerformanceEstimates/SummaryOfLoopLatency"), 0,
            report);
  for (const pugi::xml_node module : profile.child("ModuleInformation").children("Module")) {
    add_loops(printable(module.child("Name").text().get()),
              module.first_element_by_path("PerformanceEstimates/SummaryOfLoopLatency"), 0, report);
  }
  return report;
}

}  // namespace st::reports
