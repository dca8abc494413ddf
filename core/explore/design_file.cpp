// SPDX-License-Identifier: Apache-2.0
#include "core/explore/design_file.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/support/document_reader.h"
#include "core/support/json.h"

namespace st {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* Schema = "streamtensor.design/1";
constexpr int64_t MostFactor = 1 << 16;

struct TilingKey {
  const char* name;
  int64_t LinearTiling::*value;
};
constexpr TilingKey TilingKeys[] = {{"depth_lanes", &LinearTiling::depth_lanes},
                                    {"rows", &LinearTiling::rows},
                                    {"streams", &LinearTiling::streams},
                                    {"steps", &LinearTiling::steps}};

class Reader : public DocumentReader {
 public:
  explicit Reader(const std::string& file) : DocumentReader("E0314", file) {}

  DesignChoice read(const json::Value& document) {
    DesignChoice choice;
    keys(document, "", {"schema", "parameter_ports", "row_lanes", "linear", "result"});
    const json::Value* schema = document.find("schema");
    if (schema == nullptr || schema->string() == nullptr || *schema->string() != Schema)
      report("/schema", "must be \"" + std::string(Schema) + "\"");
    if (const json::Value* ports = document.find("parameter_ports"))
      choice.parameter_ports = static_cast<int>(integer(*ports, "/parameter_ports"));
    if (const json::Value* lanes = document.find("row_lanes"))
      choice.tiling.row_lanes = static_cast<int>(integer(*lanes, "/row_lanes", WidestRow));
    const json::Value* linear = document.find("linear");
    if (linear == nullptr) return choice;
    if (linear->object() == nullptr) {
      report("/linear", "must be an object");
      return choice;
    }
    for (const auto& [key, layer] : *linear->object())
      choice.tiling.linear[key] = tiling(layer, "/linear/" + pointer_part(key));
    return choice;
  }

 private:
  int64_t integer(const json::Value& value, const std::string& pointer, int64_t most = MostFactor) {
    const int64_t* number = value.integer();
    if (number != nullptr && *number >= 1 && *number <= most) return *number;
    report(pointer, "must be an integer from 1 to " + std::to_string(most));
    return 0;
  }

  LinearTiling tiling(const json::Value& value, const std::string& pointer) {
    LinearTiling made;
    std::vector<std::string> known;
    for (const TilingKey& key : TilingKeys) known.emplace_back(key.name);
    if (!keys(value, pointer, known)) return made;
    for (const TilingKey& key : TilingKeys) {
      if (const json::Value* number = value.find(key.name))
        made.*key.value = integer(*number, pointer + "/" + key.name);
    }
    return made;
  }
};

Json number(int64_t value, const char* unit, const char* source) {
  return {{"value", value}, {"unit", unit}, {"source", source}};
}

Json counts(const ResourceCounts& resources) {
  Json json = Json::object();
  for (const ResourceKind& kind : ResourceKinds) json[kind.name] = resources.*kind.count;
  return json;
}

Json result_json(const DesignCost& cost) {
  Json resources = counts(cost.resources);
  resources["source"] = "predicted";
  Json json = {
      {"groups", cost.groups},
      {"fits", cost.fits()},
      {"resources", std::move(resources)},
      {"budget", counts(cost.budget)},
      {"row", number(cost.row_cycles, "cycles", "predicted")},
      {"slowest_kernel", cost.slowest},
      {"slowest_node", printable(cost.slowest_node)},
      {"prefill", number(cost.prefill_cycles, "cycles",
                         cost.extrapolated ? "simulated, a few rows carried on" : "simulated")}};
  if (cost.workload.generated > 0) {
    json["decode"] = number(cost.decode_cycles, "cycles", "simulated");
    json["workload"] = {{"prompt", cost.workload.prompt}, {"generated", cost.workload.generated}};
  }
  return json;
}

}  // namespace

Result<DesignChoice> parse_design(const std::string& text, const std::string& file) {
  ST_TRY(document, json::parse(text, file));
  Reader reader(file);
  DesignChoice choice = reader.read(document);
  ST_CHECK(reader.result());
  return choice;
}

std::string text_of(const DesignChoice& choice, const DesignCost* cost) {
  Json json = {{"schema", Schema}};
  if (choice.parameter_ports > 0) json["parameter_ports"] = choice.parameter_ports;
  if (choice.tiling.row_lanes > 0) json["row_lanes"] = choice.tiling.row_lanes;
  Json linear = Json::object();
  for (const auto& [key, tiling] : choice.tiling.linear) {
    Json layer = Json::object();
    for (const TilingKey& key : TilingKeys)
      if (tiling.*key.value > 0) layer[key.name] = tiling.*key.value;
    linear[key] = std::move(layer);
  }
  json["linear"] = std::move(linear);
  if (cost != nullptr) json["result"] = result_json(*cost);
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace st
