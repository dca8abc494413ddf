// SPDX-License-Identifier: Apache-2.0
// report.json: reading what was predicted, and setting what was made beside it.
#include <nlohmann/json.hpp>

#include "backends/reports/reports.h"
#include "core/support/json.h"

namespace st::reports {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* Name = "report/report.json";

Diagnostic broken(const std::string& message) {
  return {"E0602", message, Name, {}, "build again"};
}

Json counts_json(const ResourceCounts& counts) {
  Json json;
  for (const ResourceKind& kind : ResourceKinds) json[kind.key] = counts.*kind.count;
  return json;
}

/// Names of the resources that differ from what was predicted by more than LargeDifference.
Json differing(const ResourceCounts& counts, const ResourceCounts& predicted) {
  Json names = Json::array();
  for (const ResourceKind& kind : ResourceKinds) {
    const double by = difference(counts.*kind.count, predicted.*kind.count);
    if (by > LargeDifference || by < -LargeDifference) names.push_back(kind.key);
  }
  return names;
}

template <typename T>
Json optional_json(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

Json csynth_json(const CsynthReport& report, const ResourceCounts& predicted) {
  Json json = counts_json(report.used);
  json["source"] = evidence("csynth", report.test_double);
  json["release"] = report.release;
  json["differs"] = differing(report.used, predicted);
  json["available"] = counts_json(report.available);
  json["clock_ns"] = {{"target", report.target_ns},
                      {"uncertainty", report.uncertainty_ns},
                      {"estimated", report.estimated_ns}};
  json["latency_cycles"] = {{"best", optional_json(report.latency_best)},
                            {"worst", optional_json(report.latency_worst)}};
  json["interval_cycles"] = {{"best", optional_json(report.interval_best)},
                             {"worst", optional_json(report.interval_worst)}};
  Json loops = Json::array();
  for (const CsynthLoop& loop : report.loops)
    loops.push_back(
        {{"module", loop.module}, {"name", loop.name}, {"interval", optional_json(loop.interval)}});
  json["loops"] = std::move(loops);
  return json;
}

Json implementation_json(const Implementation& made, const Prediction& prediction) {
  Json json = {{"source", evidence("implemented", made.test_double)},
               {"resources", counts_json(made.device.used)},
               {"available", counts_json(made.device.available)}};
  Json slrs = Json::array();
  for (const SlrUtilisation& slr : made.slrs)
    slrs.push_back({{"name", slr.name}, {"resources", counts_json(slr.used)}});
  json["slrs"] = std::move(slrs);
  json["timing"] = {{"met", made.timing.met()},
                    {"setup_slack_ns", optional_json(made.timing.setup_slack)},
                    {"setup_total_slack_ns", optional_json(made.timing.setup_total)},
                    {"setup_failing_endpoints", made.timing.setup_failing},
                    {"hold_slack_ns", optional_json(made.timing.hold_slack)},
                    {"hold_failing_endpoints", made.timing.hold_failing}};
  json["clock_mhz"] = {{"requested", prediction.frequency_mhz},
                       {"achieved", optional_json(made.achieved_mhz())},
                       {"lowered", made.lowered.has_value()}};
  Json clocks = Json::array();
  for (const Clock& clock : made.clocks)
    clocks.push_back({{"name", clock.name}, {"type", clock.type}, {"mhz", clock.mhz}});
  json["clocks"] = std::move(clocks);
  return json;
}

/// A name of a unit, which becomes part of paths.
bool is_identifier(const std::string& name) {
  constexpr const char* Letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
  return !name.empty() && name.find_first_not_of(Letters) == std::string::npos;
}

std::string string_of(const json::Value* value) {
  return value != nullptr && value->string() != nullptr ? printable(*value->string()) : "";
}

}  // namespace

double difference(int64_t value, int64_t predicted) {
  if (predicted == 0) return value == 0 ? 0 : 1;
  return static_cast<double>(value - predicted) / static_cast<double>(predicted);
}

std::string evidence(const char* kind, bool test_double) {
  return test_double ? "test double" : kind;
}

Result<Prediction> read_prediction(const std::string& report_json) {
  auto parsed = json::parse(report_json, Name);
  if (!parsed.ok()) {
    Diagnostics problems = parsed.errors();
    problems.push_back(broken("the report of the build cannot be read"));
    return problems;
  }
  const json::Value& root = *parsed;
  Prediction prediction{string_of(root.find("model")), string_of(root.find("target")), 0, {}};
  const json::Value* frequency = root.find("frequency_mhz");
  const double mhz = frequency == nullptr ? 0 : frequency->real().value_or(0);
  if (string_of(root.find("schema")) != "streamtensor.report/1" || !(mhz > 0))
    return broken("this is no streamtensor.report/1 with a frequency");
  prediction.frequency_mhz = mhz;
  const json::Value* units = root.find("units");
  const json::Array* list = units == nullptr ? nullptr : units->array();
  if (list == nullptr || list->empty()) return broken("there are no units");
  for (const json::Value& unit : *list) {
    PredictedUnit predicted{string_of(unit.find("name")), {}};
    const json::Value* resources = unit.find("predicted");
    bool fine = is_identifier(predicted.name) && resources != nullptr;
    for (const ResourceKind& kind : ResourceKinds) {
      const json::Value* count = fine ? resources->find(kind.key) : nullptr;
      fine = fine && count != nullptr && count->integer() != nullptr && *count->integer() >= 0;
      if (fine) predicted.used.*kind.count = *count->integer();
    }
    if (!fine) return broken("a unit has no name, or no predicted resources");
    prediction.units.push_back(std::move(predicted));
  }
  return prediction;
}

Result<std::string> merged_report(const std::string& report_json, const VendorReports& reports,
                                  const Prediction& prediction) {
  // read_prediction has parsed the same text, with limits.
  Json root = Json::parse(report_json, nullptr, false);
  if (root.is_discarded() || !root.is_object() || !root["units"].is_array() ||
      root["units"].size() != reports.units.size())
    return broken("the report of the build cannot be read");
  bool all_synthesised = true;
  for (size_t u = 0; u < reports.units.size(); ++u) {
    const UnitReports& unit = reports.units[u];
    const ResourceCounts& predicted = prediction.units[u].used;
    Json& json = root["units"][u];
    json.erase("csynth");
    json.erase("implemented");
    if (unit.csynth) json["csynth"] = csynth_json(*unit.csynth, predicted);
    if (unit.implemented) {
      json["implemented"] = counts_json(*unit.implemented);
      json["implemented"]["source"] =
          evidence("implemented", reports.implementation && reports.implementation->test_double);
      json["implemented"]["differs"] = differing(*unit.implemented, predicted);
    }
    all_synthesised = all_synthesised && unit.csynth && !unit.csynth->test_double;
  }
  root.erase("implementation");
  if (reports.implementation)
    root["implementation"] = implementation_json(*reports.implementation, prediction);
  Json not_done = Json::array();
  if (!all_synthesised) not_done.push_back("csynth");
  if (!reports.implementation || reports.implementation->test_double) {
    not_done.push_back("link");
    not_done.push_back("place and route");
  }
  root["not_done"] = std::move(not_done);
  return root.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace st::reports
