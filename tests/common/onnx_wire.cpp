// SPDX-License-Identifier: Apache-2.0
#include "tests/common/onnx_wire.h"

#include <bit>

#include "frontends/onnx_json/base64.h"

namespace st::test {
namespace {

/// i: varint; f, d: floating point; s: string; b: bytes as base64; r: bytes as they are; else the
/// name of a message.
struct Known {
  int number;
  std::string kind;
};

/// The fields of onnx.proto, by message.
const std::map<std::string, std::map<std::string, Known>>& messages() {
  static const std::map<std::string, std::map<std::string, Known>> all = {
      {"model",
       {{"irVersion", {1, "i"}},
        {"producerName", {2, "s"}},
        {"producerVersion", {3, "s"}},
        {"domain", {4, "s"}},
        {"modelVersion", {5, "i"}},
        {"docString", {6, "s"}},
        {"graph", {7, "graph"}},
        {"opsetImport", {8, "opset"}},
        {"metadataProps", {14, "entry"}},
        {"functions", {25, "entry"}}}},
      {"graph",
       {{"node", {1, "node"}},
        {"name", {2, "s"}},
        {"initializer", {5, "tensor"}},
        {"docString", {10, "s"}},
        {"input", {11, "value"}},
        {"output", {12, "value"}},
        {"valueInfo", {13, "value"}}}},
      {"node",
       {{"input", {1, "s"}},
        {"output", {2, "s"}},
        {"name", {3, "s"}},
        {"opType", {4, "s"}},
        {"attribute", {5, "attribute"}},
        {"docString", {6, "s"}},
        {"domain", {7, "s"}}}},
      {"attribute",
       {{"name", {1, "s"}},
        {"f", {2, "f"}},
        {"i", {3, "i"}},
        {"s", {4, "b"}},
        {"t", {5, "tensor"}},
        {"g", {6, "graph"}},
        {"floats", {7, "f"}},
        {"ints", {8, "i"}},
        {"strings", {9, "b"}},
        {"type", {20, "i"}}}},
      {"tensor",
       {{"dims", {1, "i"}},
        {"dataType", {2, "i"}},
        {"floatData", {4, "f"}},
        {"int32Data", {5, "i"}},
        {"int64Data", {7, "i"}},
        {"name", {8, "s"}},
        {"rawData", {9, "b"}},
        {"rawBytes", {9, "r"}},
        {"doubleData", {10, "d"}},
        {"docString", {12, "s"}},
        {"externalData", {13, "entry"}},
        {"dataLocation", {14, "i"}}}},
      {"value", {{"name", {1, "s"}}, {"type", {2, "type"}}, {"docString", {3, "s"}}}},
      {"type", {{"tensorType", {1, "tensorType"}}, {"sequenceType", {4, "type"}}}},
      {"tensorType", {{"elemType", {1, "i"}}, {"shape", {2, "shape"}}}},
      {"shape", {{"dim", {1, "dim"}}}},
      {"dim", {{"dimValue", {1, "i"}}, {"dimParam", {2, "s"}}}},
      {"opset", {{"domain", {1, "s"}}, {"version", {2, "i"}}}},
      {"entry", {{"key", {1, "s"}}, {"value", {2, "s"}}}}};
  return all;
}

constexpr int Varint = 0, Fixed64 = 1, Length = 2, Fixed32 = 5;

std::string key(int field, int type) {
  return wire_varint(static_cast<uint64_t>(field) << 3 | type);
}

std::string little_endian(uint64_t bits, int bytes) {
  std::string text;
  for (int b = 0; b < bytes; ++b) text += static_cast<char>((bits >> (8 * b)) & 255);
  return text;
}

/// Numbers that JSON spells as text or by an enumerator's name.
int64_t integer_of(const Json& value) {
  if (!value.is_string()) return value.get<int64_t>();
  static const std::map<std::string, int64_t> names = {
      {"FLOAT", 1}, {"INT", 2},     {"STRING", 3},  {"TENSOR", 4},  {"FLOATS", 6},
      {"INTS", 7},  {"STRINGS", 8}, {"DEFAULT", 0}, {"EXTERNAL", 1}};
  const auto text = value.get<std::string>();
  const auto found = names.find(text);
  return found == names.end() ? std::stoll(text) : found->second;
}

double real_of(const Json& value) {
  return value.is_string() ? std::stod(value.get<std::string>()) : value.get<double>();
}

int wire_type(const std::string& kind) {
  return kind == "i" ? Varint : kind == "f" ? Fixed32 : kind == "d" ? Fixed64 : Length;
}

std::string message_bytes(const std::string& name, const Json& message, WireLists lists);

/// A value without its key.
std::string content(const std::string& kind, const Json& value, WireLists lists) {
  if (kind == "i") return wire_varint(static_cast<uint64_t>(integer_of(value)));
  if (kind == "f")
    return little_endian(std::bit_cast<uint32_t>(static_cast<float>(real_of(value))), 4);
  if (kind == "d") return little_endian(std::bit_cast<uint64_t>(real_of(value)), 8);
  std::string bytes;
  if (kind == "s" || kind == "r") {
    bytes = value.get<std::string>();
  } else if (kind == "b") {
    bytes = decode_base64(value.get<std::string>()).value();
  } else {
    bytes = message_bytes(kind, value, lists);
  }
  return wire_varint(bytes.size()) + bytes;
}

std::string message_bytes(const std::string& name, const Json& message, WireLists lists) {
  std::string bytes;
  for (const auto& [field, value] : message.items()) {
    const Known& known = messages().at(name).at(field);
    const int type = wire_type(known.kind);
    if (!value.is_array()) {
      bytes += key(known.number, type) + content(known.kind, value, lists);
    } else if (type == Length || lists == WireLists::OneByOne) {
      for (const Json& item : value)
        bytes += key(known.number, type) + content(known.kind, item, lists);
    } else {
      std::string packed;
      for (const Json& item : value) packed += content(known.kind, item, lists);
      bytes += wire_bytes(known.number, packed);
    }
  }
  return bytes;
}

}  // namespace

std::string wire_varint(uint64_t value) {
  std::string text;
  for (; value >= 128; value >>= 7) text += static_cast<char>((value & 127) | 128);
  return text + static_cast<char>(value);
}

std::string wire_number(int field, uint64_t value) {
  return key(field, Varint) + wire_varint(value);
}

std::string wire_bytes(int field, const std::string& content) {
  return key(field, Length) + wire_varint(content.size()) + content;
}

std::string onnx_bytes(const Json& model, WireLists lists) {
  Json ordered = {{"irVersion", 10}};  // writers put it first
  ordered.update(model);
  return message_bytes("model", ordered, lists);
}

std::filesystem::path write_binary(const TinyModel& tiny, const std::filesystem::path& folder) {
  Json model = tiny.json;
  for (Json& tensor : model["graph"]["initializer"]) {
    const auto found = tiny.weights.find(tensor["name"]);
    if (found == tiny.weights.end()) continue;
    tensor.erase("dataLocation");
    tensor.erase("externalData");
    const auto& values = found->second.values;
    tensor["rawBytes"] =
        std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
  }
  write(folder / "model.onnx", onnx_bytes(model));
  return folder / "model.onnx";
}

}  // namespace st::test
