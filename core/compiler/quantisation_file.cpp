// SPDX-License-Identifier: Apache-2.0
#include "core/compiler/quantisation_file.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/support/document_reader.h"
#include "core/support/json.h"
#include "core/support/near_names.h"

namespace st {
namespace {

using Json = nlohmann::ordered_json;

class Reader : public DocumentReader {
 public:
  explicit Reader(const std::string& file) : DocumentReader("E0316", file) {}

  Quantisation read(const json::Value& document) {
    Quantisation made;
    if (!keys(document, "", {"activation_scales", "default", "layers"})) return made;
    if (const json::Value* value = document.find("activation_scales"))
      made.scales = scales(*value, "/activation_scales");
    if (const json::Value* value = document.find("default"))
      made.otherwise = precision(*value, "/default", made.otherwise);
    check_group(made, made.otherwise, "/default");
    const json::Value* layers = document.find("layers");
    if (layers == nullptr) return made;
    if (layers->object() == nullptr) {
      report("/layers", "must be an object");
      return made;
    }
    for (const auto& [name, value] : *layers->object()) {
      const std::string pointer = "/layers/" + pointer_part(name);
      made.layers[name] = precision(value, pointer, made.otherwise);
      check_group(made, made.layers[name], pointer);
    }
    return made;
  }

 private:
  ActivationScales scales(const json::Value& value, const std::string& pointer) {
    const auto& known = activation_scales();
    const bool right =
        value.string() && std::find(known.begin(), known.end(), *value.string()) != known.end();
    if (right) return activation_scales_of(*value.string());
    report(pointer, "must be \"token\" or \"group\"");
    return ActivationScales::Token;
  }

  void check_group(const Quantisation& made, const LayerPrecision& precision,
                   const std::string& pointer) {
    if (made.scales == ActivationScales::Group && !suits_groups(precision))
      report(pointer + "/group", "must be 32, 64 or 128 where activation_scales is \"group\"");
  }

  LayerPrecision precision(const json::Value& value, const std::string& pointer,
                           LayerPrecision made) {
    if (!keys(value, pointer, {"precision", "group"})) return made;
    if (const json::Value* name = value.find("precision")) {
      const auto& known = precisions();
      const bool right =
          name->string() && std::find(known.begin(), known.end(), *name->string()) != known.end();
      if (right) made.name = *name->string();
      if (!right)
        report(pointer + "/precision", "must be \"f32\", \"w8a8\" or \"w4a8\"",
               name->string() ? did_you_mean(*name->string(), known) : "");
    }
    if (const json::Value* group = value.find("group")) {
      const auto& known = weight_groups();
      const bool right = group->integer() &&
                         std::find(known.begin(), known.end(), *group->integer()) != known.end();
      if (right) made.group = *group->integer();
      if (!right)
        report(pointer + "/group", "must be 0, 32, 64 or 128",
               "0: one scale for each output channel");
    }
    return made;
  }
};

Json json_of(const LayerPrecision& precision) {
  return {{"precision", precision.name}, {"group", precision.group}};
}

}  // namespace

Result<Quantisation> parse_quantisation(const std::string& text, const std::string& file) {
  ST_TRY(document, json::parse(text, file));
  Reader reader(file);
  Quantisation made = reader.read(document);
  ST_CHECK(reader.result());
  return made;
}

std::string text_of(const Quantisation& quantisation) {
  Json layers = Json::object();
  for (const auto& [name, precision] : quantisation.layers) layers[name] = json_of(precision);
  Json document;
  if (quantisation.scales != ActivationScales::Token)
    document["activation_scales"] = name_of(quantisation.scales);
  document["default"] = json_of(quantisation.otherwise);
  document["layers"] = std::move(layers);
  // Names come from untrusted files; what is no UTF-8 is replaced.
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace st
