// SPDX-License-Identifier: Apache-2.0
// The tree of model.onnx as the text of model.json.
#include <nlohmann/json.hpp>

#include "frontends/onnx_json/base64.h"
#include "frontends/onnx_json/binary.h"

namespace st::onnx_json {
namespace {

using Json = nlohmann::ordered_json;

/// Raw data up to this many bytes, such as scalars and shapes, are written into the text.
constexpr size_t MostInlineBytes = 1024;

class TextWriter {
 public:
  TextWriter(std::span<const std::byte> file, std::string name)
      : file_(file), name_(std::move(name)) {}

  [[nodiscard]] Json json_of(const json::Value& value) const {
    if (const int64_t* integer = value.integer()) return *integer;
    if (const std::string* text = value.string()) return *text;
    if (const json::Bytes* bytes = value.bytes())
      return encode_base64({reinterpret_cast<const char*>(bytes->data()), bytes->size()});
    if (const json::Array* array = value.array()) {
      Json list = Json::array();
      for (const json::Value& item : *array) list.push_back(json_of(item));
      return list;
    }
    if (const json::Object* object = value.object()) return object_json(*object);
    return real_json(value.real().value_or(0));
  }

  /// As json_of, with the elements of lists in this object and in its graph on lines of their own.
  [[nodiscard]] std::string lines_of(const json::Object& object, const std::string& indent) const {
    std::string text = "{";
    for (const auto& [key, value] : object) {
      text += (text.back() == '{' ? "\n" : ",\n") + indent + " " + Json(key).dump() + ": ";
      const json::Array* array = value.array();
      if (key == "graph" && value.object() != nullptr) {
        text += lines_of(*value.object(), indent + " ");
      } else if (array == nullptr || array->empty()) {
        text += json_of(value).dump();
      } else {
        text += "[";
        for (const json::Value& item : *array)
          text += (&item == array->data() ? "\n" : ",\n") + indent + "  " + json_of(item).dump();
        text += "\n" + indent + " ]";
      }
    }
    return text + "\n" + indent + "}";
  }

 private:
  /// Protobuf's spelling of what JSON has no numbers for.
  static Json real_json(double real) {
    if (std::isnan(real)) return "NaN";
    if (std::isinf(real)) return real > 0 ? "Infinity" : "-Infinity";
    return real;
  }

  [[nodiscard]] Json object_json(const json::Object& object) const {
    Json made = Json::object();
    for (const auto& [key, value] : object) {
      const json::Bytes* bytes = value.bytes();
      if (key != "rawData" || bytes == nullptr || bytes->size() <= MostInlineBytes) {
        made[key] = json_of(value);
        continue;
      }
      made["dataLocation"] = "EXTERNAL";
      made["externalData"] = {
          {{"key", "location"}, {"value", name_}},
          {{"key", "offset"}, {"value", std::to_string(bytes->data() - file_.data())}},
          {{"key", "length"}, {"value", std::to_string(bytes->size())}}};
    }
    return made;
  }

  std::span<const std::byte> file_;
  std::string name_;
};

}  // namespace

std::string text_of_binary(const json::Value& tree, std::span<const std::byte> file,
                           const std::string& name) {
  if (tree.object() == nullptr) return "{}\n";
  return TextWriter(file, name).lines_of(*tree.object(), "") + "\n";
}

}  // namespace st::onnx_json
