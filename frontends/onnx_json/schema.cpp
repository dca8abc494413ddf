// SPDX-License-Identifier: Apache-2.0
// onnx.proto of ONNX 1.19 (IR version 12); numbers of fields never change.
#include "frontends/onnx_json/schema.h"

#include <algorithm>

namespace st::onnx_json {
namespace {

using enum FieldKind;
constexpr bool One = false, Many = true;

const MessageSchema& entry_schema() {
  static const MessageSchema schema = {"StringStringEntryProto",
                                       {
                                           {1, "key", String, One, nullptr},
                                           {2, "value", String, One, nullptr},
                                       }};
  return schema;
}

const MessageSchema& opset_schema() {
  static const MessageSchema schema = {"OperatorSetIdProto",
                                       {
                                           {1, "domain", String, One, nullptr},
                                           {2, "version", Int, One, nullptr},
                                       }};
  return schema;
}

const MessageSchema& tensor_schema() {
  static const MessageSchema schema = {"TensorProto",
                                       {
                                           {1, "dims", Int, Many, nullptr},
                                           {2, "dataType", Int, One, nullptr},
                                           {3, "segment", Opaque, One, nullptr},
                                           {4, "floatData", Float, Many, nullptr},
                                           {5, "int32Data", Int, Many, nullptr},
                                           {6, "stringData", Bytes, Many, nullptr},
                                           {7, "int64Data", Int, Many, nullptr},
                                           {8, "name", String, One, nullptr},
                                           {9, "rawData", Bytes, One, nullptr},
                                           {10, "doubleData", Double, Many, nullptr},
                                           {11, "uint64Data", Int, Many, nullptr},
                                           {12, "docString", Skipped, One, nullptr},
                                           {13, "externalData", Message, Many, &entry_schema()},
                                           {14, "dataLocation", Int, One, nullptr},
                                           {16, "metadataProps", Skipped, Many, nullptr},
                                       }};
  return schema;
}

const MessageSchema& shape_schema() {
  static const MessageSchema dimension = {"TensorShapeProto.Dimension",
                                          {
                                              {1, "dimValue", Int, One, nullptr},
                                              {2, "dimParam", String, One, nullptr},
                                              {3, "denotation", Skipped, One, nullptr},
                                          }};
  static const MessageSchema schema = {"TensorShapeProto",
                                       {
                                           {1, "dim", Message, Many, &dimension},
                                       }};
  return schema;
}

const MessageSchema& type_schema() {
  static const MessageSchema tensor = {"TypeProto.Tensor",
                                       {
                                           {1, "elemType", Int, One, nullptr},
                                           {2, "shape", Message, One, &shape_schema()},
                                       }};
  static const MessageSchema schema = {"TypeProto",
                                       {
                                           {1, "tensorType", Message, One, &tensor},
                                           {4, "sequenceType", Opaque, One, nullptr},
                                           {5, "mapType", Opaque, One, nullptr},
                                           {6, "denotation", Skipped, One, nullptr},
                                           {7, "opaqueType", Opaque, One, nullptr},
                                           {8, "sparseTensorType", Opaque, One, nullptr},
                                           {9, "optionalType", Opaque, One, nullptr},
                                       }};
  return schema;
}

const MessageSchema& value_schema() {
  static const MessageSchema schema = {"ValueInfoProto",
                                       {
                                           {1, "name", String, One, nullptr},
                                           {2, "type", Message, One, &type_schema()},
                                           {3, "docString", Skipped, One, nullptr},
                                           {4, "metadataProps", Skipped, Many, nullptr},
                                       }};
  return schema;
}

const MessageSchema& attribute_schema() {
  static const MessageSchema schema = {"AttributeProto",
                                       {
                                           {1, "name", String, One, nullptr},
                                           {2, "f", Float, One, nullptr},
                                           {3, "i", Int, One, nullptr},
                                           {4, "s", Bytes, One, nullptr},
                                           {5, "t", Message, One, &tensor_schema()},
                                           {6, "g", Opaque, One, nullptr},
                                           {7, "floats", Float, Many, nullptr},
                                           {8, "ints", Int, Many, nullptr},
                                           {9, "strings", Bytes, Many, nullptr},
                                           {10, "tensors", Opaque, Many, nullptr},
                                           {11, "graphs", Opaque, Many, nullptr},
                                           {13, "docString", Skipped, One, nullptr},
                                           {14, "tp", Opaque, One, nullptr},
                                           {15, "typeProtos", Opaque, Many, nullptr},
                                           {20, "type", Int, One, nullptr},
                                           {21, "refAttrName", String, One, nullptr},
                                           {22, "sparseTensor", Opaque, One, nullptr},
                                           {23, "sparseTensors", Opaque, Many, nullptr},
                                       }};
  return schema;
}

const MessageSchema& node_schema() {
  static const MessageSchema schema = {"NodeProto",
                                       {
                                           {1, "input", String, Many, nullptr},
                                           {2, "output", String, Many, nullptr},
                                           {3, "name", String, One, nullptr},
                                           {4, "opType", String, One, nullptr},
                                           {5, "attribute", Message, Many, &attribute_schema()},
                                           {6, "docString", Skipped, One, nullptr},
                                           {7, "domain", String, One, nullptr},
                                           {8, "overload", String, One, nullptr},
                                           {9, "metadataProps", Skipped, Many, nullptr},
                                           {10, "deviceConfigurations", Skipped, Many, nullptr},
                                       }};
  return schema;
}

const MessageSchema& graph_schema() {
  static const MessageSchema schema = {"GraphProto",
                                       {
                                           {1, "node", Message, Many, &node_schema()},
                                           {2, "name", String, One, nullptr},
                                           {5, "initializer", Message, Many, &tensor_schema()},
                                           {10, "docString", Skipped, One, nullptr},
                                           {11, "input", Message, Many, &value_schema()},
                                           {12, "output", Message, Many, &value_schema()},
                                           {13, "valueInfo", Message, Many, &value_schema()},
                                           {14, "quantizationAnnotation", Opaque, Many, nullptr},
                                           {15, "sparseInitializer", Opaque, Many, nullptr},
                                           {16, "metadataProps", Skipped, Many, nullptr},
                                       }};
  return schema;
}

}  // namespace

const FieldSchema* MessageSchema::find(uint64_t number) const {
  const auto found = std::lower_bound(
      fields.begin(), fields.end(), number,
      [](const FieldSchema& field, uint64_t wanted) { return field.number < wanted; });
  return found != fields.end() && found->number == number ? &*found : nullptr;
}

const MessageSchema& model_schema() {
  static const MessageSchema schema = {"ModelProto",
                                       {
                                           {1, "irVersion", Int, One, nullptr},
                                           {2, "producerName", String, One, nullptr},
                                           {3, "producerVersion", String, One, nullptr},
                                           {4, "domain", String, One, nullptr},
                                           {5, "modelVersion", Int, One, nullptr},
                                           {6, "docString", Skipped, One, nullptr},
                                           {7, "graph", Message, One, &graph_schema()},
                                           {8, "opsetImport", Message, Many, &opset_schema()},
                                           {14, "metadataProps", Message, Many, &entry_schema()},
                                           {20, "trainingInfo", Opaque, Many, nullptr},
                                           {25, "functions", Opaque, Many, nullptr},
                                           {26, "configuration", Skipped, Many, nullptr},
                                       }};
  return schema;
}

}  // namespace st::onnx_json
