// SPDX-License-Identifier: Apache-2.0
#include "frontends/onnx_json/attributes.h"

#include <algorithm>
#include <array>

#include "frontends/onnx_json/base64.h"

namespace st::onnx_json {
namespace {

/// Names of onnx.AttributeProto.AttributeType by number, and the field that holds such a value.
const std::vector<std::string_view> TypeNames = {
    "UNDEFINED",      "FLOAT",      "INT",        "STRING",  "TENSOR", "GRAPH",
    "FLOATS",         "INTS",       "STRINGS",    "TENSORS", "GRAPHS", "SPARSE_TENSOR",
    "SPARSE_TENSORS", "TYPE_PROTO", "TYPE_PROTOS"};
constexpr std::array<const char*, 15> ValueFields = {"",
                                                     "f",
                                                     "i",
                                                     "s",
                                                     "t",
                                                     "g",
                                                     "floats",
                                                     "ints",
                                                     "strings",
                                                     "tensors",
                                                     "graphs",
                                                     "sparseTensor",
                                                     "sparseTensors",
                                                     "tp",
                                                     "typeProtos"};
struct AttributeType {
  enum Code : size_t { Undefined, Float, Int, String, OneTensor, OneGraph, Floats, Ints, Strings };
};

bool is_text(const std::string& bytes) { return printable(bytes, 4 * bytes.size() + 4) == bytes; }

/// A string attribute: UTF-8, in JSON its base64. Text that was not encoded is often valid base64
/// by chance, and decodes to bytes that are no text: that is told apart here.
std::optional<std::string> read_text(const Field& field) {
  auto bytes = field.bytes();
  if (!bytes || is_text(*bytes)) return bytes;
  if (field.raw() != nullptr) {
    field.problems().add("E0105", "'" + printable(*bytes, 60) + "' is no text", field.pointer());
    return std::nullopt;
  }
  const std::string written = field.string().value_or("");
  field.problems().add("E0105", "'" + printable(written, 60) + "' is not the base64 of a text",
                       field.pointer(), {"protobuf's JSON mapping writes bytes as base64"},
                       "for the text '" + printable(written, 60) + "' write '" +
                           printable(encode_base64(written), 100) + "'");
  return std::nullopt;
}

/// Which type the attribute has, by its `type` or by the one field with a value.
std::optional<size_t> find_type(const Field& field) {
  const Field type = field.member("type");
  const auto declared = type.enumerator(TypeNames);
  if (declared && *declared < 0) {
    type.expected("an attribute type, such as \"INT\" or 2");
    return std::nullopt;
  }
  std::vector<size_t> present;
  std::vector<size_t> filled;
  for (size_t i = 1; i < ValueFields.size(); ++i) {
    const Field value = field.member(ValueFields[i]);
    if (value.present()) present.push_back(i);
    if (value.filled()) filled.push_back(i);
  }
  if (declared && *declared > 0) {
    const auto wanted = static_cast<size_t>(*declared);
    const bool absent = std::count(present.begin(), present.end(), wanted) == 0;
    // Proto3 writers leave out a value that is the default; another one in its place is a mistake.
    if (absent && !filled.empty()) {
      field.problems().add("E0103",
                           "the attribute has type " + std::string(TypeNames[wanted]) +
                               ", but its value is in '" + ValueFields[filled.front()] +
                               "', not in '" + ValueFields[wanted] + "'",
                           field.pointer());
      return std::nullopt;
    }
    return wanted;
  }
  if (filled.size() == 1) return filled.front();
  if (filled.empty() && present.size() == 1) return present.front();
  field.problems().add("E0103",
                       filled.empty() ? "the attribute has neither a type nor a value"
                                      : "the attribute has several values and no type",
                       field.pointer());
  return std::nullopt;
}

std::optional<std::vector<std::string>> read_texts(const Field& field) {
  std::vector<std::string> texts;
  for (const Field& item : field.items()) {
    auto text = read_text(item);
    if (!text) return std::nullopt;
    texts.push_back(std::move(*text));
  }
  return texts;
}

/// The value of a present field, or the default of an absent one; nullopt after a complaint.
template <typename T>
std::optional<Attribute> or_default(const Field& field, std::optional<T> value) {
  if (!value && field.present()) return std::nullopt;
  return Attribute(value ? std::move(*value) : T{});
}

void read_attribute(const Field& field, const std::string& op, WeightFiles& files,
                    NodeAttributes& attributes) {
  if (!field.check_object({"name", "refAttrName", "docString", "type", "f", "i", "s", "t", "g",
                           "sparseTensor", "tp", "floats", "ints", "strings", "tensors", "graphs",
                           "sparseTensors", "typeProtos"})) {
    return;
  }
  const auto name = field.member("name").string();
  if (!name || name->empty()) {
    field.expected("an attribute with a name");
    return;
  }
  if (attributes.plain.count(*name) + attributes.tensors.count(*name) > 0) {
    field.problems().add("E0103", "attribute '" + printable(*name) + "' is given twice",
                         field.pointer());
    return;
  }
  if (field.member("refAttrName").filled()) {
    field.problems().add("E0105",
                         "attribute '" + printable(*name) + "' refers to one of a function",
                         field.pointer(), {}, "export the model without functions");
    return;
  }
  const auto type = find_type(field);
  if (!type) return;
  const Field value = field.member(ValueFields[*type]);
  std::optional<Attribute> plain;
  using enum AttributeType::Code;
  switch (*type) {
    case Float:
      plain = or_default(value, value.real());
      break;
    case Int:
      plain = or_default(value, value.integer());
      break;
    case String:
      plain = or_default(value, value.present() ? read_text(value) : std::nullopt);
      break;
    case Floats:
      plain = or_default(value, value.reals());
      break;
    case Ints:
      plain = or_default(value, value.integers());
      break;
    case Strings:
      plain = or_default(value, read_texts(value));
      break;
    case OneTensor:
      if (op == "Constant" || op == "ConstantOfShape") {
        if (auto tensor = read_tensor(value, files)) attributes.tensors[*name] = std::move(*tensor);
        return;
      }
      [[fallthrough]];
    default:
      field.problems().add(
          "E0105",
          "attribute '" + printable(*name) + "' of " + printable(op) + " has type " +
              std::string(TypeNames[*type]) + ", which is not supported",
          field.pointer(), {}, "export the model without subgraphs and tensors in attributes");
      return;
  }
  if (plain) attributes.plain[*name] = std::move(*plain);
}

/// ConstantOfShape's `value` is a tensor of one element, which is kept as a number, and its type by
/// name.
void unwrap_fill_value(const Field& field, NodeAttributes& attributes) {
  const auto found = attributes.tensors.find("value");
  if (found == attributes.tensors.end()) return;
  const auto tensor = found->second.source->load();
  if (!tensor.ok()) {
    field.problems().add(tensor.errors());
  } else if (tensor->size() != 1) {
    field.problems().add(
        "E0105",
        "'value' of ConstantOfShape has " + std::to_string(tensor->size()) + " elements, not 1",
        field.pointer());
  } else if (tensor->dtype() == DType::F32) {
    attributes.plain["value"] = tensor->f32()[0];
  } else {
    attributes.plain["value"] = tensor->integer(0);
  }
  attributes.plain["value_type"] = std::string(name_of(found->second.dtype));
  attributes.tensors.clear();
}

template <typename T>
TensorProto small_tensor(DType dtype, std::vector<int64_t> shape, std::vector<T> values) {
  TensorProto proto;
  proto.dtype = dtype;
  proto.shape = shape;
  Tensor tensor;
  tensor.shape = std::move(shape);
  tensor.data = std::move(values);
  proto.source = constant_of(std::move(tensor));
  return proto;
}

}  // namespace

NodeAttributes read_attributes(const Field& field, const std::string& op, WeightFiles& files) {
  NodeAttributes attributes;
  for (const Field& item : field.items()) read_attribute(item, op, files, attributes);
  if (op == "ConstantOfShape") unwrap_fill_value(field, attributes);
  return attributes;
}

std::optional<TensorProto> constant_value(const NodeAttributes& attributes, const Field& node) {
  const auto tensor = attributes.tensors.find("value");
  if (tensor != attributes.tensors.end()) return tensor->second;
  if (attributes.plain.size() == 1) {
    const auto& [name, value] = *attributes.plain.begin();
    if (const auto* i = std::get_if<int64_t>(&value); i != nullptr && name == "value_int") {
      return small_tensor(DType::I64, {}, std::vector<int64_t>{*i});
    }
    if (const auto* f = std::get_if<float>(&value); f != nullptr && name == "value_float") {
      return small_tensor(DType::F32, {}, std::vector<float>{*f});
    }
    if (const auto* v = std::get_if<std::vector<int64_t>>(&value); v && name == "value_ints") {
      return small_tensor(DType::I64, {static_cast<int64_t>(v->size())}, *v);
    }
    if (const auto* v = std::get_if<std::vector<float>>(&value); v && name == "value_floats") {
      return small_tensor(DType::F32, {static_cast<int64_t>(v->size())}, *v);
    }
  }
  node.problems().add("E0105", "the Constant has no value of a supported form", node.pointer(), {},
                      "give one of value, value_int, value_ints, value_float and value_floats");
  return std::nullopt;
}

}  // namespace st::onnx_json
