// SPDX-License-Identifier: Apache-2.0
#include "tests/core/onnx_case.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <optional>
#include <string_view>

#include "tests/common/tool.h"

namespace st::test {
namespace {

/// One field of a protobuf message: a number, or bytes.
struct Field {
  uint64_t number = 0;
  uint64_t value = 0;      ///< varint, or the bits of a fixed32/fixed64
  std::string_view bytes;  ///< of a length-delimited field
};

/// The fields of a message in order.
std::vector<Field> fields_of(std::string_view message) {
  std::vector<Field> fields;
  size_t at = 0;
  auto varint = [&] {
    uint64_t value = 0;
    for (int shift = 0; at < message.size(); shift += 7) {
      const auto byte = static_cast<uint8_t>(message[at++]);
      value |= static_cast<uint64_t>(byte & 127) << shift;
      if (byte < 128) break;
    }
    return value;
  };
  while (at < message.size()) {
    const uint64_t key = varint();
    Field field;
    field.number = key >> 3;
    const uint64_t wire = key & 7;
    if (wire == 0) {
      field.value = varint();
    } else {
      const size_t size = wire == 1 ? 8 : wire == 5 ? 4 : varint();
      EXPECT_LE(size, message.size() - at) << "a damaged protobuf file";
      field.bytes = message.substr(at, size);
      if (wire != 2 && field.bytes.size() == size)
        std::memcpy(&field.value, field.bytes.data(), size);
      at += size;
    }
    fields.push_back(field);
  }
  return fields;
}

/// TensorProto.DataType to the types that the compiler knows.
std::optional<DType> dtype_of(uint64_t code) {
  static const std::map<uint64_t, DType> known = {
      {1, DType::F32}, {2, DType::U8},   {3, DType::I8},   {6, DType::I32},
      {7, DType::I64}, {9, DType::Bool}, {10, DType::F16}, {11, DType::F64}};
  auto found = known.find(code);
  return found == known.end() ? std::nullopt : std::optional(found->second);
}

template <typename T>
std::vector<T> elements_of(std::string_view raw) {
  std::vector<T> values(raw.size() / sizeof(T));
  if (!values.empty()) std::memcpy(values.data(), raw.data(), values.size() * sizeof(T));
  return values;
}

/// A TensorProto with its data in raw_data, as all of these files have it; nullopt for a type that
/// tensors in memory do not have.
std::optional<Tensor> tensor_of(std::string_view message) {
  Tensor tensor;
  std::string_view raw;
  uint64_t type = 0;
  for (const Field& field : fields_of(message)) {
    if (field.number == 1 && field.bytes.empty())
      tensor.shape.push_back(static_cast<int64_t>(field.value));
    if (field.number == 1 && !field.bytes.empty()) {
      for (size_t at = 0; at < field.bytes.size(); ++at)
        tensor.shape.push_back(static_cast<uint8_t>(field.bytes[at]));  // all below 128
    }
    if (field.number == 2) type = field.value;
    if (field.number == 9) raw = field.bytes;
  }
  switch (type) {
    case 1:
      tensor.data = elements_of<float>(raw);
      break;
    case 3:
      tensor.data = elements_of<int8_t>(raw);
      break;
    case 6:
      tensor.data = elements_of<int32_t>(raw);
      break;
    case 7:
      tensor.data = elements_of<int64_t>(raw);
      break;
    default:
      return std::nullopt;
  }
  EXPECT_EQ(tensor.size(), element_count(tensor.shape)) << "data outside raw_data";
  return tensor;
}

/// A ValueInfoProto: name and type.
std::pair<std::string, std::optional<TensorType>> value_info_of(std::string_view message) {
  std::string name;
  std::optional<TensorType> type;
  for (const Field& field : fields_of(message)) {
    if (field.number == 1) name = field.bytes;
    if (field.number != 2) continue;
    for (const Field& kind : fields_of(field.bytes)) {
      if (kind.number != 1) continue;  // anything but a tensor
      TensorType found;
      bool known = false;
      for (const Field& part : fields_of(kind.bytes)) {
        if (part.number == 1) {
          const auto dtype = dtype_of(part.value);
          known = dtype.has_value();
          found.dtype = dtype.value_or(DType::F32);
        }
        if (part.number != 2) continue;
        for (const Field& dimension : fields_of(part.bytes)) {
          int64_t extent = 0;
          for (const Field& value : fields_of(dimension.bytes))
            extent = static_cast<int64_t>(value.value);
          found.shape.emplace_back(extent);
        }
      }
      if (known) type = found;
    }
  }
  return {name, type};
}

void add_attribute(std::string_view message, Node& node) {
  std::string name, text;
  uint64_t type = 0, integer = 0;
  float real = 0;
  std::vector<int64_t> integers;
  for (const Field& field : fields_of(message)) {
    if (field.number == 1) name = field.bytes;
    if (field.number == 2) std::memcpy(&real, &field.value, sizeof real);
    if (field.number == 3) integer = field.value;
    if (field.number == 4) text = field.bytes;
    if (field.number == 8) integers.push_back(static_cast<int64_t>(field.value));
    if (field.number == 20) type = field.value;
  }
  constexpr uint64_t Float = 1, Int = 2, String = 3, Ints = 7;
  if (type == Float) node.attributes[name] = real;
  if (type == Int) node.attributes[name] = static_cast<int64_t>(integer);
  if (type == String) node.attributes[name] = text;
  if (type == Ints) node.attributes[name] = integers;
}

/// Adds the values of a GraphProto on first mention.
class GraphReader {
 public:
  explicit GraphReader(OnnxCase& read) : case_(read) {}

  void read(std::string_view message) {
    for (const Field& field : fields_of(message)) {
      if (field.number == 5) initializer(field.bytes);
      if (field.number == 11) info(field.bytes, case_.graph.inputs);
      if (field.number == 12) info(field.bytes, case_.graph.outputs);
    }
    for (const Field& field : fields_of(message)) {
      if (field.number == 1) node(field.bytes);
    }
    std::erase_if(case_.graph.inputs,
                  [&](ValueId id) { return case_.graph.values[id].constant != nullptr; });
  }

 private:
  ValueId value(const std::string& name) {
    if (name.empty()) return NoValue;
    auto [entry, fresh] = ids_.try_emplace(name, NoValue);
    if (fresh) entry->second = case_.graph.add_value(name);
    return entry->second;
  }
  void info(std::string_view message, std::vector<ValueId>& list) {
    const auto [name, type] = value_info_of(message);
    if (!type) case_.beyond = "the element type of '" + name + "'";
    const ValueId id = value(name);
    case_.graph.values[id].type = type;
    list.push_back(id);
  }
  void initializer(std::string_view message) {
    std::string name;
    for (const Field& field : fields_of(message)) {
      if (field.number == 8) name = field.bytes;
    }
    const auto tensor = tensor_of(message);
    if (!tensor) {
      case_.beyond = "the element type of '" + name + "'";
      return;
    }
    Value& constant = case_.graph.values[value(name)];
    constant.type = TensorType{tensor->dtype(),
                               std::vector<Extent>(tensor->shape.begin(), tensor->shape.end())};
    constant.constant = constant_of(*tensor);
  }
  void node(std::string_view message) {
    Node node;
    node.name = "node " + std::to_string(case_.graph.nodes.size());
    for (const Field& field : fields_of(message)) {
      if (field.number == 1) node.inputs.push_back(value(std::string(field.bytes)));
      if (field.number == 2) node.outputs.push_back(value(std::string(field.bytes)));
      if (field.number == 4) node.op = field.bytes;
      if (field.number == 5) add_attribute(field.bytes, node);
      if (field.number == 7) node.domain = field.bytes;
    }
    case_.graph.nodes.push_back(node);
  }
  OnnxCase& case_;
  std::map<std::string, ValueId> ids_;
};

}  // namespace

OnnxCase read_onnx_case(const std::filesystem::path& folder) {
  OnnxCase read;
  read.name = folder.filename();
  const std::string model = test::read(folder / "model.onnx");
  for (const Field& field : fields_of(model)) {
    if (field.number == 7) GraphReader(read).read(field.bytes);
    if (field.number != 8) continue;
    std::string domain;
    int64_t version = 0;
    for (const Field& part : fields_of(field.bytes)) {
      if (part.number == 1) domain = part.bytes;
      if (part.number == 2) version = static_cast<int64_t>(part.value);
    }
    if (domain.empty()) read.graph.opset = version;
  }
  auto load = [&](const std::string& kind, size_t count, std::vector<Tensor>& list) {
    for (size_t i = 0; i < count && read.beyond.empty(); ++i) {
      const auto file = folder / "test_data_set_0" / (kind + std::to_string(i) + ".pb");
      const std::string bytes = test::read(file);
      auto tensor = tensor_of(bytes);
      if (tensor) {
        list.push_back(std::move(*tensor));
      } else {
        read.beyond = "the element type of " + kind + std::to_string(i);
      }
    }
  };
  load("input_", read.graph.inputs.size(), read.inputs);
  load("output_", read.graph.outputs.size(), read.expected);
  return read;
}

}  // namespace st::test
