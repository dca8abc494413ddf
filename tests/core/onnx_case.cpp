// SPDX-License-Identifier: Apache-2.0
#include "tests/core/onnx_case.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <optional>
#include <string_view>

#include "core/ops/cast.h"
#include "core/ops/element.h"
#include "tests/common/tool.h"

namespace st::test {
namespace {

/// One field of a protobuf message: a number, or bytes.
struct Field {
  uint64_t number = 0;
  uint64_t value = 0;      ///< varint, or the bits of a fixed32/fixed64
  std::string_view bytes;  ///< of a length-delimited or fixed-size field
  bool packed = false;     ///< length-delimited
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
      field.packed = wire == 2;
      if (wire != 2 && field.bytes.size() == size)
        std::memcpy(&field.value, field.bytes.data(), size);
      at += size;
    }
    fields.push_back(field);
  }
  return fields;
}

template <typename T>
std::vector<T> elements_of(std::string_view raw) {
  std::vector<T> values(raw.size() / sizeof(T));
  if (!values.empty()) std::memcpy(values.data(), raw.data(), values.size() * sizeof(T));
  return values;
}

/// The numbers of a repeated field, packed or one by one.
std::vector<uint64_t> numbers_of(const Field& field) {
  if (!field.packed) return {field.value};
  std::vector<uint64_t> values;
  uint64_t value = 0;
  int shift = 0;
  for (const char c : field.bytes) {
    const auto byte = static_cast<uint8_t>(c);
    if (shift < 64) value |= static_cast<uint64_t>(byte & 127) << shift;
    shift += 7;
    if (byte >= 128) continue;
    values.push_back(value);
    value = 0;
    shift = 0;
  }
  return values;
}

/// A TensorProto; nullopt for a type that tensors in memory do not have.
std::optional<Tensor> tensor_of(std::string_view message) {
  std::vector<int64_t> shape;
  std::string_view raw;
  std::string floats, doubles;     // as bytes
  std::vector<uint64_t> integers;  // of all integer fields; 16-bit floats are bit patterns
  uint64_t code = 0;
  for (const Field& field : fields_of(message)) {
    constexpr uint64_t Dims = 1, DataType = 2, Floats = 4, Int32s = 5, Int64s = 7, Raw = 9,
                       Doubles = 10, Uint64s = 11;
    if (field.number == Dims) {
      for (const uint64_t extent : numbers_of(field)) shape.push_back(static_cast<int64_t>(extent));
    }
    if (field.number == DataType) code = field.value;
    if (field.number == Raw) raw = field.bytes;
    if (field.number == Floats) floats += field.bytes;
    if (field.number == Doubles) doubles += field.bytes;
    if (field.number == Int32s || field.number == Int64s || field.number == Uint64s) {
      const auto more = numbers_of(field);
      integers.insert(integers.end(), more.begin(), more.end());
    }
  }
  const auto type = dtype_of_onnx(static_cast<int64_t>(code));
  if (!type) return std::nullopt;
  Tensor tensor = Tensor::zeros(*type, shape);
  const auto count = static_cast<size_t>(tensor.size());
  visit_elements(tensor, [&](auto& values) {
    using T = ElementOf<decltype(values)>;
    if (std::is_same_v<T, float> && !floats.empty()) raw = floats;
    if (std::is_same_v<T, double> && !doubles.empty()) raw = doubles;
    if (integers.empty()) {
      values = elements_of<T>(raw);
      return;
    }
    values.resize(integers.size());
    for (size_t i = 0; i < integers.size(); ++i) {
      if constexpr (IsHalf<T>) {
        values[i].bits = static_cast<uint16_t>(integers[i]);
      } else {
        values[i] = converted<T>(integers[i]);
      }
    }
  });
  EXPECT_EQ(static_cast<size_t>(tensor.size()), count) << "the data do not fill the shape";
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
          const auto dtype = dtype_of_onnx(static_cast<int64_t>(part.value));
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

/// Adds an attribute, or returns the tensor that it is.
std::optional<std::string_view> add_attribute(std::string_view message, Node& node) {
  std::string name, text;
  std::string_view tensor;
  uint64_t type = 0, integer = 0;
  float real = 0;
  std::vector<int64_t> integers;
  std::string reals;  // as bytes
  for (const Field& field : fields_of(message)) {
    if (field.number == 1) name = field.bytes;
    if (field.number == 2) std::memcpy(&real, &field.value, sizeof real);
    if (field.number == 3) integer = field.value;
    if (field.number == 4) text = field.bytes;
    if (field.number == 5) tensor = field.bytes;
    if (field.number == 7) reals += field.bytes;
    if (field.number == 8) {
      for (const uint64_t value : numbers_of(field))
        integers.push_back(static_cast<int64_t>(value));
    }
    if (field.number == 20) type = field.value;
  }
  constexpr uint64_t Float = 1, Int = 2, String = 3, OneTensor = 4, Floats = 6, Ints = 7;
  if (type == Float) node.attributes[name] = real;
  if (type == Int) node.attributes[name] = static_cast<int64_t>(integer);
  if (type == String) node.attributes[name] = text;
  if (type == Floats) node.attributes[name] = elements_of<float>(reals);
  if (type == Ints) node.attributes[name] = integers;
  return type == OneTensor ? std::optional(tensor) : std::nullopt;
}

/// The value of a Constant, which is a tensor, a number or a list; nullopt for texts and the like.
std::optional<Tensor> constant_value(const Node& node, std::optional<std::string_view> tensor) {
  if (tensor) return tensor_of(*tensor);
  if (node.has("value_int")) return Tensor{{}, std::vector{node.integer("value_int", 0)}};
  if (node.has("value_float")) return Tensor{{}, std::vector{node.real("value_float", 0)}};
  const auto ints = node.attributes.find("value_ints"),
             floats = node.attributes.find("value_floats");
  if (ints != node.attributes.end()) {
    const auto values = node.integers("value_ints");
    return Tensor{{static_cast<int64_t>(values.size())}, values};
  }
  if (floats == node.attributes.end()) return std::nullopt;
  const auto values = std::get<std::vector<float>>(floats->second);
  return Tensor{{static_cast<int64_t>(values.size())}, values};
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
    set_constant(value(name), *tensor);
  }
  void set_constant(ValueId id, const Tensor& tensor) {
    Value& constant = case_.graph.values[id];
    constant.type =
        TensorType{tensor.dtype(), std::vector<Extent>(tensor.shape.begin(), tensor.shape.end())};
    constant.constant = constant_of(tensor);
  }
  /// Nodes whose attribute is a tensor, as the front end reads them: a Constant is a value, and
  /// what a ConstantOfShape is filled with a number.
  void with_tensor(Node node, std::optional<std::string_view> message) {
    const auto tensor = node.op == "Constant" ? constant_value(node, message) : tensor_of(*message);
    if (tensor && node.op == "Constant" && node.outputs.size() == 1) {
      set_constant(node.outputs[0], *tensor);
      return;
    }
    const double number = tensor && tensor->size() == 1 ? doubles_of(*tensor)[0] : 0;
    const bool exact = static_cast<double>(static_cast<float>(number)) == number;
    if (tensor && node.op == "ConstantOfShape" && (!is_real(tensor->dtype()) || exact)) {
      node.attributes["value_type"] = std::string(name_of(tensor->dtype()));
      if (is_real(tensor->dtype())) {
        node.attributes["value"] = static_cast<float>(number);
      } else {
        node.attributes["value"] = converted_to(DType::I64, *tensor).as<int64_t>()[0];
      }
    } else {
      case_.beyond = "the tensor in an attribute of " + node.op;
    }
    case_.graph.nodes.push_back(node);
  }
  void node(std::string_view message) {
    Node node;
    std::optional<std::string_view> tensor;
    node.name = "node " + std::to_string(case_.graph.nodes.size());
    for (const Field& field : fields_of(message)) {
      if (field.number == 1) node.inputs.push_back(value(std::string(field.bytes)));
      if (field.number == 2) node.outputs.push_back(value(std::string(field.bytes)));
      if (field.number == 4) node.op = field.bytes;
      if (field.number == 5) {
        if (const auto found = add_attribute(field.bytes, node)) tensor = found;
      }
      if (field.number == 7) node.domain = field.bytes;
    }
    if (tensor || (node.op == "Constant" && node.domain.empty())) {
      with_tensor(std::move(node), tensor);
    } else {
      case_.graph.nodes.push_back(node);
    }
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
