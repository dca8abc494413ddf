// SPDX-License-Identifier: Apache-2.0
#include "frontends/onnx_json/binary.h"

#include <algorithm>
#include <bit>
#include <optional>
#include <utility>
#include <vector>

#include "core/support/mapped_file.h"
#include "core/support/protobuf_wire.h"
#include "frontends/onnx_json/schema.h"

namespace st::onnx_json {
namespace {

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Whether the bytes are UTF-8 (RFC 3629), which protobuf's strings have to be.
bool is_utf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<uint8_t>(text[i]);
    const size_t length = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (length == 1) {
      ++i;
      continue;
    }
    if (lead < 0xc2 || lead > 0xf4 || text.size() - i < length) return false;
    uint32_t code = lead & (0xffU >> (length + 1));
    for (size_t k = 1; k < length; ++k) {
      const auto byte = static_cast<uint8_t>(text[i + k]);
      if ((byte & 0xc0) != 0x80) return false;
      code = code << 6 | (byte & 0x3fU);
    }
    const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
    if (overlong || (code >= 0xd800 && code < 0xe000) || code > 0x10ffff) return false;
    i += length;
  }
  return true;
}

class TreeReader {
 public:
  TreeReader(std::span<const std::byte> file, std::string name)
      : file_(file), name_(std::move(name)) {}

  Result<json::Value> read() {
    auto tree = message(model_schema(), file_);
    if (problem_) return *problem_;
    return tree;
  }

 private:
  void fail(const std::string& what, size_t offset) {
    if (problem_) return;
    std::string place;
    for (const std::string& step : path_) place += "/" + step;
    problem_ =
        Diagnostic{"E0102",
                   "this is no ONNX model: " + what,
                   name_ + (place.empty() ? "" : " " + place) + ", byte " + std::to_string(offset),
                   {},
                   ""};
  }

  /// Counts a value of the tree; false where there are too many.
  bool count(size_t offset) {
    if (++values_ <= limits_.values) return true;
    fail("", offset);
    problem_->code = "E0104";
    problem_->message = "the model has more than " + std::to_string(limits_.values) + " values";
    problem_->help = "store weights as raw data, or as external data";
    return false;
  }

  json::Value message(const MessageSchema& schema, std::span<const std::byte> bytes) {
    json::Object object;
    WireReader reader(bytes, file_.data());
    while (!problem_) {
      const auto field = reader.next();
      if (!field) break;
      read_field(schema, *field, reader.offset(), object);
    }
    if (!reader.problem().empty()) fail(reader.problem(), reader.offset());
    return json::Value(json::Value::Data(std::move(object)));
  }

  void read_field(const MessageSchema& schema, const WireField& field, size_t offset,
                  json::Object& object) {
    const FieldSchema* known = schema.find(field.number);
    if (known == nullptr) {
      return fail("field " + std::to_string(field.number) + " of " + std::string(schema.name) +
                      " is not known",
                  offset);
    }
    if (known->kind == FieldKind::Skipped) return;
    if (!count(offset)) return;
    const auto member = std::find_if(object.begin(), object.end(), [&](const auto& candidate) {
      return candidate.first == known->name;
    });
    const bool there = member != object.end();
    const auto place = static_cast<size_t>(member - object.begin());
    path_.emplace_back(known->name);
    if (known->repeated) {
      if (!there) object.emplace_back(known->name, json::Value(json::Array()));
      append(*known, field, offset, *object[place].second.array());
    } else {
      if (there) fail("the field is there twice", offset);
      if (auto value = single(*known, field, offset))
        object.emplace_back(known->name, std::move(*value));
    }
    path_.pop_back();
  }

  /// One element of a repeated field, or several numbers that are packed.
  void append(const FieldSchema& schema, const WireField& field, size_t offset, json::Array& list) {
    const bool number = schema.kind == FieldKind::Int || schema.kind == FieldKind::Float ||
                        schema.kind == FieldKind::Double;
    if (!number || field.type != WireType::Bytes) {
      path_.push_back(std::to_string(list.size()));
      if (auto value = single(schema, field, offset)) list.push_back(std::move(*value));
      path_.pop_back();
      return;
    }
    WireReader packed(field.bytes, file_.data());
    while (!packed.at_end()) {
      const auto bits =
          schema.kind == FieldKind::Int
              ? packed.varint()
              : packed.fixed(schema.kind == FieldKind::Float ? sizeof(float) : sizeof(double));
      if (!bits || !count(packed.offset())) break;
      list.push_back(number_of(schema.kind, *bits));
    }
    if (!packed.problem().empty()) fail(packed.problem(), packed.offset());
  }

  static json::Value number_of(FieldKind kind, uint64_t bits) {
    if (kind == FieldKind::Int) return json::Value(static_cast<int64_t>(bits));
    if (kind == FieldKind::Double) return json::Value(std::bit_cast<double>(bits));
    return json::Value(static_cast<double>(std::bit_cast<float>(static_cast<uint32_t>(bits))));
  }

  std::optional<json::Value> single(const FieldSchema& schema, const WireField& field,
                                    size_t offset) {
    constexpr std::string_view Written[] = {"a varint", "64 bits", "a length and bytes",
                                            "",         "",        "32 bits"};
    WireType wanted = WireType::Bytes;
    if (schema.kind == FieldKind::Int) wanted = WireType::Varint;
    if (schema.kind == FieldKind::Float) wanted = WireType::Fixed32;
    if (schema.kind == FieldKind::Double) wanted = WireType::Fixed64;
    if (field.type != wanted) {
      fail("the field is written as " + std::string(Written[static_cast<size_t>(field.type)]) +
               ", not as " + std::string(Written[static_cast<size_t>(wanted)]),
           offset);
      return std::nullopt;
    }
    switch (schema.kind) {
      case FieldKind::Message:
        return message(*schema.message, field.bytes);
      case FieldKind::String:
        if (!is_utf8(text_of(field.bytes))) fail("the string is no UTF-8", offset);
        return json::Value(std::string(text_of(field.bytes)));
      case FieldKind::Bytes:
      case FieldKind::Opaque:
        return json::Value(field.bytes);
      default:
        return number_of(schema.kind, field.value);
    }
  }

  std::span<const std::byte> file_;
  std::string name_;
  json::Limits limits_;
  size_t values_ = 0;
  std::vector<std::string> path_;
  std::optional<Diagnostic> problem_;
};

}  // namespace

Result<json::Value> read_binary(std::span<const std::byte> file, const std::string& name) {
  return TreeReader(file, name).read();
}

bool is_binary(const std::filesystem::path& path) {
  const auto file = MappedFile::open(path);
  if (!file.ok()) return false;
  const std::string_view text = text_of((*file)->bytes());
  // ONNX asks for the IR version, field 1, and writers put it first. No JSON begins with that byte.
  constexpr char IrVersion = 1 << 3 | static_cast<char>(WireType::Varint);
  if (text.starts_with(IrVersion)) return true;
  // No ModelProto begins with a bracket: that would be a group.
  const size_t begin = text.find_first_not_of(" \t\r\n");
  const bool json = begin != std::string_view::npos && (text[begin] == '{' || text[begin] == '[');
  return !json && path.extension() == ".onnx";
}

}  // namespace st::onnx_json
