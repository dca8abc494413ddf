// SPDX-License-Identifier: Apache-2.0
/// Writes model.onnx: protobuf's wire format from the JSON form of a model.
#pragma once

#include <cstdint>
#include <string>

#include "tests/common/tiny_model.h"

namespace st::test {

// Fields of a message as bytes, for files that no library would write.
std::string wire_varint(uint64_t value);
std::string wire_number(int field, uint64_t value);
std::string wire_bytes(int field, const std::string& content);

/// How numbers of repeated fields are written. Protobuf's readers take both.
enum class WireLists { Packed, OneByOne };

/// The ModelProto `model`, whose keys are in camelCase, and whose bytes are base64. Raw data may be
/// binary instead: they are told by a key `rawBytes` in the place of rawData.
std::string onnx_bytes(const Json& model, WireLists lists = WireLists::Packed);

/// The tiny model as model.onnx in `folder`, with its weights inside; its path.
std::filesystem::path write_binary(const TinyModel& tiny, const std::filesystem::path& folder);

}  // namespace st::test
