// SPDX-License-Identifier: Apache-2.0
#include "frontends/onnx_json/write_onnx_json.h"

#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

#include "frontends/onnx_json/base64.h"

namespace st {
namespace {

using Json = nlohmann::ordered_json;

/// ONNX's TensorProto.DataType.
constexpr int FloatType = 1, Int64Type = 7;

int element_type(DType dtype) { return dtype == DType::I64 ? Int64Type : FloatType; }

/// The double with the fewest digits that is this float.
double shortest(float value) {
  std::array<char, 32> text{};
  const auto written = std::to_chars(text.data(), text.data() + text.size(), value);
  double read = 0;
  std::from_chars(text.data(), written.ptr, read);
  return read;
}

/// 64-bit integers are strings in protobuf's JSON.
Json text_of_each(const std::vector<int64_t>& integers) {
  Json list = Json::array();
  for (const int64_t integer : integers) list.push_back(std::to_string(integer));
  return list;
}

Json attribute_json(const std::string& name, const Attribute& attribute) {
  Json made = {{"name", name}};
  if (const auto* integer = std::get_if<int64_t>(&attribute)) {
    made["type"] = "INT";
    made["i"] = std::to_string(*integer);
  } else if (const auto* real = std::get_if<float>(&attribute)) {
    made["type"] = "FLOAT";
    made["f"] = shortest(*real);
  } else if (const auto* text = std::get_if<std::string>(&attribute)) {
    made["type"] = "STRING";
    made["s"] = encode_base64(*text);
  } else if (const auto* integers = std::get_if<std::vector<int64_t>>(&attribute)) {
    made["type"] = "INTS";
    made["ints"] = text_of_each(*integers);
  } else if (const auto* reals = std::get_if<std::vector<float>>(&attribute)) {
    made["type"] = "FLOATS";
    made["floats"] = Json::array();
    for (const float real : *reals) made["floats"].push_back(shortest(real));
  } else {
    made["type"] = "STRINGS";
    made["strings"] = Json::array();
    for (const std::string& text : std::get<std::vector<std::string>>(attribute))
      made["strings"].push_back(encode_base64(text));
  }
  return made;
}

/// On one line; what is no UTF-8 is replaced.
std::string line_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// A list with one element per line.
std::string lines_of(const std::vector<Json>& list, const std::string& indent) {
  if (list.empty()) return "[]";
  std::string text = "[";
  for (const Json& item : list)
    text += (&item == list.data() ? "\n" : ",\n") + indent + " " + line_of(item);
  return text + "\n" + indent + "]";
}

class Writer {
 public:
  Writer(const Graph& graph, const ConstantPlaces& places) : graph_(graph), places_(places) {}

  Result<std::string> write(const std::string& producer) const {
    std::vector<Json> nodes, initializers, inputs, outputs, metadata;
    std::set<std::string> domains;
    for (const Node& node : graph_.nodes) {
      nodes.push_back(node_json(node));
      if (!node.domain.empty()) domains.insert(node.domain);
    }
    for (const Value& value : graph_.values) {
      if (!value.constant && places_.names.count(value.name) == 0) continue;
      ST_TRY(initializer, initializer_json(value));
      initializers.push_back(initializer);
    }
    for (const ValueId id : graph_.inputs) inputs.push_back(value_json(graph_.values[id]));
    for (const ValueId id : graph_.outputs) outputs.push_back(value_json(graph_.values[id]));
    for (const auto& [key, value] : graph_.metadata)
      metadata.push_back({{"key", key}, {"value", value}});
    std::vector<Json> imports = {{{"domain", ""}, {"version", std::to_string(graph_.opset)}}};
    for (const std::string& domain : domains)
      imports.push_back({{"domain", domain}, {"version", "1"}});
    return "{\n \"irVersion\": \"10\",\n \"opsetImport\": " + lines_of(imports, " ") +
           ",\n \"producerName\": " + line_of(producer) +
           ",\n \"graph\": {\n  \"name\": " + line_of(graph_.name) +
           ",\n  \"node\": " + lines_of(nodes, "  ") +
           ",\n  \"initializer\": " + lines_of(initializers, "  ") +
           ",\n  \"input\": " + lines_of(inputs, "  ") +
           ",\n  \"output\": " + lines_of(outputs, "  ") +
           "\n },\n \"metadataProps\": " + lines_of(metadata, " ") + "\n}\n";
  }

 private:
  [[nodiscard]] Json names_of(const std::vector<ValueId>& ids) const {
    Json names = Json::array();
    for (const ValueId id : ids) names.push_back(id == NoValue ? "" : graph_.values[id].name);
    return names;
  }

  [[nodiscard]] Json node_json(const Node& node) const {
    Json made = {{"name", node.name}, {"opType", node.op}};
    if (!node.domain.empty()) made["domain"] = node.domain;
    made["input"] = names_of(node.inputs);
    made["output"] = names_of(node.outputs);
    for (const auto& [name, attribute] : node.attributes)
      made["attribute"].push_back(attribute_json(name, attribute));
    return made;
  }

  [[nodiscard]] Result<Json> initializer_json(const Value& value) const {
    std::vector<int64_t> shape;
    for (const Extent& extent : value.type->shape) shape.push_back(extent.offset());
    Json made = {{"name", value.name},
                 {"dataType", element_type(value.type->dtype)},
                 {"dims", text_of_each(shape)}};
    if (places_.names.count(value.name) != 0) {
      made["dataLocation"] = "EXTERNAL";
      made["externalData"] = {{{"key", "location"}, {"value", places_.weights_file}},
                              {{"key", "dataset"}, {"value", value.name}}};
      return made;
    }
    ST_TRY(data, value.constant->load());
    if (data.dtype() == DType::F32) {
      made["floatData"] = Json::array();
      for (const float x : data.f32()) made["floatData"].push_back(shortest(x));
    } else if (data.dtype() == DType::I64) {
      made["int64Data"] = text_of_each(data.as<int64_t>());
    } else {
      return Diagnostic{"E0901",
                        "constant '" + printable(value.name) + "' is neither f32 nor i64",
                        value.where,
                        {},
                        "please report this, with the command and its input"};
    }
    return made;
  }

  static Json value_json(const Value& value) {
    if (!value.type) return {{"name", value.name}};
    Json shape = Json::array();
    for (const Extent& extent : value.type->shape) {
      if (extent.is_constant()) {
        shape.push_back({{"dimValue", extent.text()}});
      } else {
        shape.push_back({{"dimParam", extent.text()}});
      }
    }
    return {{"name", value.name},
            {"type",
             {{"tensorType",
               {{"elemType", element_type(value.type->dtype)}, {"shape", {{"dim", shape}}}}}}}};
  }

  const Graph& graph_;
  const ConstantPlaces& places_;
};

}  // namespace

Result<std::string> write_onnx_json(const Graph& graph, const std::string& producer,
                                    const ConstantPlaces& places) {
  return Writer(graph, places).write(producer);
}

}  // namespace st
