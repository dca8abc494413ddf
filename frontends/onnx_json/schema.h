// SPDX-License-Identifier: Apache-2.0
/// The messages of onnx.proto, as far as models use them: which field has which number, name and
/// type.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace st::onnx_json {

struct MessageSchema;

/// What a field holds.
enum class FieldKind {
  Int,      ///< int64, int32 and enumerators: a varint
  Float,    ///< 4 bytes
  Double,   ///< 8 bytes
  String,   ///< UTF-8
  Bytes,    ///< bytes of any kind
  Message,  ///< a message that is read
  Opaque,   ///< a message that is not looked into: what asks for it is refused by its name
  Skipped   ///< what no reader needs
};

struct FieldSchema {
  uint32_t number;
  std::string_view name;  ///< as in protobuf's JSON mapping: opsetImport
  FieldKind kind;
  bool repeated;
  const MessageSchema* message;  ///< of FieldKind::Message
};

struct MessageSchema {
  std::string_view name;
  std::vector<FieldSchema> fields;  ///< sorted by number

  /// The field of that number, or nullptr.
  [[nodiscard]] const FieldSchema* find(uint64_t number) const;
};

/// ModelProto. No message contains itself: graphs in attributes are Opaque.
const MessageSchema& model_schema();

}  // namespace st::onnx_json
